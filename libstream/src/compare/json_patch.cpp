#include "json_patch.hpp"

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>
#include <vector>

#include "report_json.hpp"

namespace stream {
namespace {

using Names = std::vector<std::string>;

Names parse_pointer(std::string_view pointer) {
  Names out;
  while (!pointer.empty()) {
    pointer.remove_prefix(1);
    const std::size_t end = std::min(pointer.find('/'), pointer.size());
    std::string name;
    for (std::size_t i = 0; i < end; ++i) {
      if (pointer[i] == '~' && i + 1 < end) {
        name += pointer[++i] == '1' ? '/' : '~';
      } else {
        name += pointer[i];
      }
    }
    out.push_back(std::move(name));
    pointer.remove_prefix(end);
  }
  return out;
}

std::size_t index_of(const std::string& name) {
  std::size_t out = 0;
  std::from_chars(name.data(), name.data() + name.size(), out);
  return out;
}

const Json* child(const Json& value, const std::string& name) {
  if (value.is_object()) return value.find(name);
  if (!value.is_array() || index_of(name) >= value.as_array().size()) return nullptr;
  return &value.as_array()[index_of(name)];
}

std::size_t count_of(const Json& object, const std::string& name) {
  if (!object.is_object()) return 0;
  return static_cast<std::size_t>(std::count_if(object.as_object().begin(), object.as_object().end(),
                                                [&](const JsonMember& member) { return member.name == name; }));
}

struct Operation {
  enum class Kind { replace, remove, add };
  Kind kind = Kind::replace;
  Names expected{};           ///< where, in the expected value as it was
  std::vector<bool> array{};  ///< by level: whether it is an index
  std::size_t actual = 0;     ///< add: the index in the actual array, if it is one
  const Json* value = nullptr;
};

// From the end of each array backwards, so that no operation moves the place of a later one. What is added at an index comes
// after what is done to the element that is there, which it pushes on; of two that are added there the later one first.
bool goes_before(const Operation& a, const Operation& b) {
  const std::size_t both = std::min(a.expected.size(), b.expected.size());
  for (std::size_t level = 0; level < both; ++level) {
    if (a.expected[level] == b.expected[level]) continue;
    if (!a.array[level]) return a.expected[level] < b.expected[level];
    return index_of(a.expected[level]) > index_of(b.expected[level]);
  }
  const bool adds_a = a.kind == Operation::Kind::add && a.expected.size() == both;
  const bool adds_b = b.kind == Operation::Kind::add && b.expected.size() == both;
  if (adds_a != adds_b) return adds_b;
  if (a.expected.size() != b.expected.size()) return a.expected.size() < b.expected.size();
  return adds_a && a.actual > b.actual;
}

Operation operation_of(const Difference& difference, const Json& expected, const Json& actual) {
  const bool extra = difference.change == ValueChange::extra;
  const bool missing = difference.change == ValueChange::missing;
  Operation out;
  out.kind = extra ? Operation::Kind::add : missing ? Operation::Kind::remove : Operation::Kind::replace;
  out.expected = parse_pointer(extra ? difference.actual_pointer : difference.pointer);
  Names names_a = parse_pointer(extra ? difference.pointer : difference.actual_pointer);
  const Json* e = &expected;
  const Json* a = &actual;
  for (std::size_t level = 0; level < out.expected.size(); ++level) {
    if (e == nullptr || a == nullptr || level >= names_a.size()) break;
    if (count_of(*e, out.expected[level]) > 1 || count_of(*a, names_a[level]) > 1) {
      out.kind = Operation::Kind::replace;
      out.expected.resize(level);
      names_a.resize(level);
      break;
    }
    out.array.push_back(e->is_array());
    e = child(*e, out.expected[level]);
    a = child(*a, names_a[level]);
  }
  out.array.resize(out.expected.size());
  if (out.kind == Operation::Kind::remove) return out;
  out.value = a;
  if (!names_a.empty()) out.actual = index_of(names_a.back());
  return out;
}

bool is_below(const Operation& inner, const Operation& outer) {
  return outer.kind == Operation::Kind::replace && inner.expected.size() >= outer.expected.size() &&
         !(inner.kind == Operation::Kind::add && inner.expected.size() == outer.expected.size()) &&
         std::equal(outer.expected.begin(), outer.expected.end(), inner.expected.begin());
}

}  // namespace

Json json_patch(std::span<const Difference> differences, const Json& expected, const Json& actual) {
  std::vector<Operation> operations;
  for (const Difference& difference : differences) {
    if (difference.subject == Subject::data) operations.push_back(operation_of(difference, expected, actual));
  }
  std::stable_sort(operations.begin(), operations.end(), goes_before);
  Json patch = Json::array();
  const Operation* outer = nullptr;
  for (const Operation& operation : operations) {
    if (outer != nullptr && is_below(operation, *outer)) continue;
    if (operation.kind == Operation::Kind::replace) outer = &operation;
    std::string path;
    for (const std::string& name : operation.expected) append_pointer(path, name);
    Json json = Json::object();
    constexpr std::string_view kNames[] = {"replace", "remove", "add"};
    json.set("op", Json(kNames[static_cast<std::size_t>(operation.kind)]));
    json.set("path", Json(path));
    if (operation.kind != Operation::Kind::remove) json.set("value", operation.value != nullptr ? *operation.value : Json());
    patch.as_array().push_back(std::move(json));
  }
  return patch;
}

}  // namespace stream

#include <catch2/catch.hpp>
#include <random>

#include "exchanges.hpp"
#include "stream/compare/report.hpp"

using namespace exchanges;
using stream::Json;
using stream::StreamKind;

namespace {

std::vector<std::string> names_of(std::string_view pointer) {
  std::vector<std::string> out;
  while (!pointer.empty()) {
    REQUIRE(pointer.front() == '/');
    pointer.remove_prefix(1);
    std::string name;
    for (; !pointer.empty() && pointer.front() != '/'; pointer.remove_prefix(1)) {
      if (pointer.front() != '~') {
        name += pointer.front();
        continue;
      }
      pointer.remove_prefix(1);
      REQUIRE((pointer.front() == '0' || pointer.front() == '1'));
      name += pointer.front() == '0' ? '~' : '/';
    }
    out.push_back(name);
  }
  return out;
}

// RFC 6902, as far as patches of ours go; it checks what the RFC asks of each operation.
void apply(Json& document, const Json& patch) {
  for (const Json& operation : patch.as_array()) {
    const std::string op(operation["op"].string_or(""));
    const auto names = names_of(operation["path"].string_or("?"));
    if (names.empty()) {
      REQUIRE(op == "replace");
      document = operation["value"];
      continue;
    }
    Json* parent = &document;
    for (std::size_t i = 0; i + 1 < names.size(); ++i) {
      parent = parent->is_array() ? &parent->as_array().at(std::stoul(names[i])) : parent->find(names[i]);
      REQUIRE(parent != nullptr);
    }
    const std::string& last = names.back();
    if (parent->is_array()) {
      Json::Array& array = parent->as_array();
      const std::size_t index = std::stoul(last);
      REQUIRE(index < array.size() + (op == "add" ? 1 : 0));
      const auto at = array.begin() + static_cast<std::ptrdiff_t>(index);
      if (op == "add") array.insert(at, operation["value"]);
      if (op == "remove") array.erase(at);
      if (op == "replace") *at = operation["value"];
    } else {
      REQUIRE(parent->is_object());
      REQUIRE((op == "add") == (parent->find(last) == nullptr));
      if (op == "remove") {
        CHECK(parent->erase(last) == 1);
      } else {
        parent->set(last, operation["value"]);
      }
    }
  }
}

class Values {
 public:
  explicit Values(bool duplicates) : duplicates_(duplicates) {}

  Json any(int depth) {
    switch (pick(depth > 0 ? 7 : 4)) {
      case 0:
        return Json(static_cast<int>(pick(20)));
      case 1:
        return Json(std::string(1, static_cast<char>('a' + pick(6))));
      case 2:
        return Json(pick(2) == 0);
      case 3:
        return {};
      case 4:
        return object(depth);
      default:
        return array(depth);
    }
  }

  // The same with some edits.
  Json edited(const Json& value, int depth) {
    if (pick(12) == 0) return any(depth);
    if (value.is_array()) {
      Json out = Json::array();
      for (const Json& element : value.as_array()) {
        const auto what = pick(8);
        if (what == 0) continue;
        if (what == 1) out.as_array().push_back(any(depth - 1));
        out.as_array().push_back(what < 4 ? edited(element, depth - 1) : element);
      }
      if (pick(6) == 0) out.as_array().push_back(any(depth - 1));
      return out;
    }
    if (!value.is_object()) return value;
    Json out = Json::object();
    for (const auto& member : value.as_object()) {
      const auto what = pick(8);
      if (what == 0) continue;
      out.as_object().push_back({member.name, what < 4 ? edited(member.value, depth - 1) : member.value});
      if (what == 7 && duplicates_) out.as_object().push_back({member.name, any(0)});
    }
    if (pick(5) == 0) add(out, any(depth - 1));
    return out;
  }

 private:
  std::size_t pick(std::size_t count) { return std::uniform_int_distribution<std::size_t>(0, count - 1)(random_); }

  void add(Json& object, Json value) {
    static const std::vector<std::string> kNames{"a", "b", "a/b", "~", "~1", "", "0", "1", "ü", "-"};
    const std::string& name = kNames[pick(kNames.size())];
    if (duplicates_) {
      object.as_object().push_back({name, std::move(value)});
    } else {
      object.set(name, std::move(value));
    }
  }
  Json object(int depth) {
    Json out = Json::object();
    for (std::size_t n = pick(5); n > 0; --n) add(out, any(depth - 1));
    return out;
  }
  Json array(int depth) {
    Json out = Json::array();
    for (std::size_t n = pick(7); n > 0; --n) out.as_array().push_back(any(depth - 1));
    return out;
  }

  std::mt19937 random_{20261128};
  bool duplicates_;
};

// The patch that the report gives for one record; nothing where the two are equal, or not the same record.
std::optional<Json> patch_of(const Json& expected, const Json& actual, const stream::CompareOptions& options = {}) {
  std::string out;
  const auto sink = stream::string_sink(out);
  const auto report = make_report(stream::ReportForm::json_patch, *sink);
  report->next({});
  REQUIRE(stream::compare_exchanges(bare(StreamKind::ndjson, to_json(expected) + "\n"),
                                    bare(StreamKind::ndjson, to_json(actual) + "\n"), options, report.get()));
  const auto line = stream::parse_json(std::string_view(out).substr(0, out.find('\n')));
  if (!line || line->find("patch") == nullptr) return std::nullopt;
  return (*line)["patch"];
}

void check_patches(bool duplicates, int rounds) {
  Values values(duplicates);
  const stream::ValueRules rules;
  stream::JsonComparer comparer(rules);
  int patched = 0;
  for (int round = 0; round < rounds; ++round) {
    const Json expected = values.any(4);
    const Json actual = round % 8 == 0 ? values.any(4) : values.edited(expected, 4);
    const auto patch = patch_of(expected, actual);
    if (!patch) continue;
    ++patched;
    Json made = expected;
    INFO(to_json(expected) << "\n" << to_json(actual) << "\n" << to_json(*patch));
    apply(made, *patch);
    CHECK(comparer.equal(made, actual));
    CHECK(comparer.equal(actual, made));
  }
  CHECK(patched > rounds / 4);
}

}  // namespace

TEST_CASE("a patch makes the actual value of the expected one") { check_patches(false, 2000); }

TEST_CASE("a patch replaces the object in which a member stands twice") { check_patches(true, 1500); }

TEST_CASE("a patch is no larger than what differs") {
  const auto parsed = [](std::string_view text) { return *stream::parse_json(text); };
  CHECK(
      to_json(*patch_of(parsed(R"({"a":[1,2,3,4],"b":{"c":1}})"), parsed(R"({"a":[2,9,3,4,5],"b":{"d":1}})"))) ==
      R"([{"op":"add","path":"/a/4","value":5},{"op":"add","path":"/a/2","value":9},{"op":"remove","path":"/a/0"},{"op":"remove","path":"/b/c"},{"op":"add","path":"/b/d","value":1}])");
  CHECK(to_json(*patch_of(parsed(R"({"a/b":1,"~":2,"x":0})"), parsed(R"({"a/b":2,"~":3,"x":0})"))) ==
        R"([{"op":"replace","path":"/a~1b","value":2},{"op":"replace","path":"/~0","value":3}])");
  CHECK(to_json(*patch_of(parsed("1"), parsed("[]"))) == R"([{"op":"replace","path":"","value":[]}])");
  CHECK(to_json(*patch_of(parsed(R"({"a":1,"a":2,"b":[1]})"), parsed(R"({"a":1,"b":[1]})"))) ==
        R"([{"op":"replace","path":"","value":{"a":1,"b":[1]}}])");
}

TEST_CASE("a patch leaves what is ignored as it is") {
  const auto parsed = [](std::string_view text) { return *stream::parse_json(text); };
  stream::CompareOptions options;
  REQUIRE(options.values.noise.ignore("/**/id"));
  REQUIRE(options.values.noise.ignore("/a/0"));
  Json made = parsed(R"({"id":1,"a":[0,{"id":2,"v":1},5],"z":1})");
  const auto patch = patch_of(made, parsed(R"({"id":9,"a":[8,{"id":8,"v":2},4,5]})"), options);
  REQUIRE(patch);
  apply(made, *patch);
  CHECK(to_json(made) == R"({"id":1,"a":[0,{"id":2,"v":2},4,5]})");
}

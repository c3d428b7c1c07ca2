// The rules about values: marks lie within the entry, messages are text, and what came before changes
// nothing. A string's characters are those that the JSON parser has.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "check/entry_rules.hpp"
#include "check/shape.hpp"
#include "check/walker.hpp"
#include "stream/text/json.hpp"
#include "stream/text/utf8.hpp"

namespace {

using namespace har::check;

void require(bool condition) {
  if (!condition) std::abort();
}

void same_string(const Field& field) {
  if (!field.is_string()) return;
  const auto parsed = stream::parse_json(field.raw);
  require(parsed && parsed->is_string());
  // Half a surrogate pair is the parser's three bytes, and the rules' U+FFFD.
  const std::string_view text = parsed->string_or("");
  if (stream::is_utf8(text)) require(text_of(field) == text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);  // NOLINT: bytes are bytes
  if (!stream::is_utf8(text)) return 0;
  static Walker walker(512);
  static Facts facts;
  Marks shape;
  if (!walker.walk(text, har_shape().shape, har_shape().entry, &facts, nullptr, shape)) return 0;
  const auto check = [] {
    Marks marks;
    check_values(facts, marks);
    check_relations(facts, marks);
    return marks;
  };
  const Marks marks = check();
  for (const Mark& mark : marks) {
    require(mark.offset < text.size());
    require(mark.pointer.starts_with('/'));
    require(!mark.message.empty() && stream::is_utf8(mark.message));
  }
  require(check() == marks);
  for (const Field& field : facts.slots) same_string(field);
  for (const auto& list : facts.lists) {
    for (const Record& record : list) {
      same_string(record.name);
      same_string(record.value);
    }
  }
  return 0;
}

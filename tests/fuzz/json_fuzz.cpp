// JSON: what is accepted is written to something that reads as the same value; no input crashes, and is_utf8, the scanner
// and the finder agree with the parser on what is valid.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "stream/text/json.hpp"
#include "stream/text/json_find.hpp"
#include "stream/text/json_scan.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto value = stream::parse_json(text);
  (void)stream::find_raw_value(text, {"a", "b"});
  if (!value) {
    if (value.error().place.offset.value_or(0) > size) std::abort();
    return 0;
  }
  for (const int indent : {0, 2}) {
    const auto again = stream::parse_json(to_json(*value, {indent}));
    if (!again || *again != *value) std::abort();
  }
  std::string minified;
  if (!stream::append_minified(minified, text)) std::abort();
  const auto same = stream::parse_json(minified);
  if (!same || *same != *value) std::abort();
  if (value->is_object() && value->find("a") == nullptr && stream::find_raw_value(text, {"a"})) std::abort();
  if (value->is_array()) {
    stream::ElementScanner scanner;
    std::vector<std::size_t> ends;
    const std::size_t open = text.find('[') + 1;
    scanner.scan(text.substr(open), 0, ends);
    std::size_t containers = 0;
    for (const stream::Json& item : value->as_array()) containers += item.is_array() || item.is_object() ? 1U : 0U;
    if (!scanner.closed() || ends.size() != containers) std::abort();
  }
  return 0;
}

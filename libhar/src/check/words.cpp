#include "check/words.hpp"

#include <fmt/format.h>

#include "stream/text/json.hpp"

namespace har::check {

std::string quoted(std::string_view text, std::size_t most) {
  const bool cut = text.size() > most;
  if (cut) {
    std::size_t keep = most - 3;
    while (keep != 0 && (static_cast<unsigned char>(text[keep]) & 0xC0U) == 0x80) --keep;  // whole characters
    text = text.substr(0, keep);
  }
  std::string out;
  stream::write_json_string(out, text);
  if (cut) out.insert(out.size() - 1, "…");
  return out;
}

std::string counted(std::size_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

}  // namespace har::check

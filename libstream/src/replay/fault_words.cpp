#include "fault_words.hpp"

#include <fmt/format.h>

#include "stream/text/units.hpp"

namespace stream::replay {

std::string_view wrong_ws_frame(std::string_view what) {
  using namespace std::string_view_literals;
  if (what == "rsv") return "\xf1\x01x"sv;                                    // RSV1 to RSV3, and nothing was agreed on
  if (what == "masked") return "\x81\x81\x01\x02\x03\x04y"sv;                 // a server masks nothing
  if (what == "fragment") return "\x80\x01x"sv;                               // the rest of a message that never began
  if (what == "control") return "\x09\x01x"sv;                                // a ping in fragments
  if (what == "utf8") return "\x81\x02\xc3\x28"sv;                            // text that is none
  if (what == "length") return "\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff"sv;  // more than 2^63 bytes
  return "\x83\x01x"sv;                                                       // an opcode that nobody has defined
}

std::string fault_place_text(const FaultPlace& place) {
  constexpr std::string_view kSides[] = {"at", "within", "after"};
  const std::string_view side = kSides[static_cast<std::size_t>(place.side)];
  switch (place.unit) {
    case FaultPlace::Unit::none:
      return "";
    case FaultPlace::Unit::head:
      return fmt::format(" {} the head", side);
    case FaultPlace::Unit::event:
      return fmt::format(" {} event {}", side, place.number);
    case FaultPlace::Unit::byte:
      return fmt::format(" {} byte {}", side, place.number);
    case FaultPlace::Unit::time:
      return fmt::format(" at {}", format_duration(place.time));
  }
  return "";
}

std::string fault_bytes_text(std::uint64_t count) { return count == 1 ? "1 byte" : fmt::format("{} bytes", count); }

}  // namespace stream::replay

#include "harstat/report.hpp"

#include <fmt/format.h>

namespace tools::harstat {

std::string millis(std::uint64_t nanoseconds) {
  return stream::format_decimal_millis(stream::Nanos(static_cast<std::int64_t>(nanoseconds)));
}

std::string rate(std::uint64_t count, har::stat::Sum nanoseconds) {
  if (nanoseconds == 0) return "0";
  // In thousandths, rounded half up.
  const har::stat::Sum thousandths = (har::stat::Sum{count} * 1'000'000'000'000U + nanoseconds / 2) / nanoseconds;
  std::string text = har::stat::to_string(thousandths / 1000);
  if (const auto part = static_cast<unsigned>(thousandths % 1000); part != 0) {
    text += fmt::format(".{:03}", part);
    text.erase(text.find_last_not_of('0') + 1);
  }
  return text;
}

}  // namespace tools::harstat

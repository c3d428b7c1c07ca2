#include "formats/saz/saz.hpp"

#include <algorithm>

#include "formats/formats.hpp"
#include "formats/zip/names.hpp"

namespace har::format {
namespace {

int sniff(std::string_view prefix) {
  const auto names = zip::names_in(prefix);
  if (std::any_of(names.begin(), names.end(), zip::is_session_name)) return 95;
  // A long index may stand before the sessions.
  return !names.empty() && names.front() == "_index.htm" ? 60 : 0;
}

}  // namespace

const Format kSaz{
    "saz", "Fiddler's session archive", ".saz", sniff, saz::open_reader, saz::open_writer, nullptr, nullptr, nullptr, true};

}  // namespace har::format

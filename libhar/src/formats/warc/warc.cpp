// WARC, the archive of crawlers and of wget (ISO 28500:2017; 1.0 is ISO 28500:2009). docs/formats/warc.md says what becomes of
// what.
#include "formats/warc/warc.hpp"

#include "formats/formats.hpp"

namespace har::format {
namespace {

int sniff(std::string_view prefix) { return prefix.starts_with("WARC/1.") || prefix.starts_with("WARC/0.") ? 98 : 0; }

}  // namespace

const Format kWarc{"warc",
                   "WARC 1.1, the archive of crawlers; compressed, each record is a gzip member",
                   ".warc",
                   sniff,
                   warc::open_reader,
                   warc::open_writer};

}  // namespace har::format

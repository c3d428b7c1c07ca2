#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "formats/octet_reader.hpp"
#include "stream/io/limits.hpp"

namespace har::format {

/// What an XML document is made of, as far as formats need it.
struct XmlToken {
  enum class Kind : std::uint8_t { start, end, text, document_end };
  Kind kind = Kind::document_end;
  std::string name{};  ///< start, end
  std::string text{};  ///< text: of characters and CDATA up to the next tag
  std::vector<std::pair<std::string, std::string>> attributes{};
  std::uint64_t offset = 0;  ///< where it begins

  /// Empty without it.
  std::string_view attribute(std::string_view wanted) const;
};

/// Reads XML piece by piece, in memory bounded by the largest piece. Of XML it knows elements, attributes, CDATA, comments,
/// processing instructions, the five entities and references to characters. A document type is passed over; one that declares
/// entities is refused, and nothing is ever fetched or expanded. The text is UTF-8, and line ends stay as they are, unlike
/// XML 1.0 §2.11 says: programs put messages into it whose octets count.
class XmlReader {
 public:
  /// `source` outlives the reader.
  XmlReader(stream::ByteSource& source, const stream::Limits& limits) : in_(source), limits_(limits) {}

  /// Errors: `syntax`, `truncated`, `limit`, those of the source: there is nothing more after one.
  stream::Result<XmlToken> next();
  stream::Place place(std::uint64_t offset) const { return in_.place(offset); }

 private:
  stream::Result<bool> markup();
  stream::Result<std::size_t> find(std::string_view text, std::size_t from, std::size_t limit);
  stream::Status characters();
  stream::Status skip_doctype();
  stream::Result<XmlToken> tag();
  stream::Result<XmlToken> start_tag(std::string_view text, std::uint64_t offset);
  stream::Status append_decoded(std::string& out, std::string_view text) const;
  tl::unexpected<stream::Error> refuse(std::string message) const;

  OctetReader in_;
  stream::Limits limits_;
  std::vector<std::string> open_;  ///< the elements that have not ended
  std::string text_;
  std::uint64_t text_offset_ = 0;
  bool has_text_ = false;
  bool empty_ = false;  ///< the last start tag was its element's end too
  bool root_ = false;   ///< there was one
  bool begun_ = false;
};

}  // namespace har::format

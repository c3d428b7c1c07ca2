#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "stream/replay/answer.hpp"
#include "stream/replay/http_date.hpp"

/// A recorded answer as one request gets it: what its method and its headers have to say about it. Pure.
namespace stream::replay {

/// What a request asks. The headers outlive a call, and are not kept.
struct Ask {
  std::string_view method{};
  const std::vector<HeaderField>* headers = nullptr;
};

/// Content codings (RFC 9110 §8.4). A body is recorded as it was sent, or decoded.
enum class Encode {
  recorded,  ///< as recorded
  identity,  ///< decoded
  accept,    ///< as the client likes it: what was recorded decoded is put into the coding that it was sent in
};

/// A body that is in a content coding (gzip, deflate, br, zstd), decoded where `how` or the client wants that: with `identity`;
/// and else where its Accept-Encoding leaves that coding out (RFC 9110 §12.5.3; without that field any coding is welcome). Each
/// piece is decoded by itself, so that what it holds comes when the piece came. Unchanged: what is in no coding or in several
/// ones, what cannot be decoded, a part of a body (206), what is repeated, and where the client refuses plain bytes as well.
std::shared_ptr<const Answer> decode_for(const Ask& ask, std::shared_ptr<const Answer> answer, Encode how);
/// Whether decode_for() would try to.
bool decodes(const Ask& ask, const Answer& answer, Encode how);

/// A body that was recorded decoded, in the coding that the recording names (Answer::recorded_coding) where the client lists it.
/// Each piece ends with what makes it decodable, so that pieces keep their times. A strong ETag becomes a weak one, for the bytes
/// are not those it was made for. Unchanged: parts (206), what is repeated or has keep-alive comments.
std::shared_ptr<const Answer> encode_for(const Ask& ask, std::shared_ptr<const Answer> answer);
/// Whether encode_for() would try to.
bool encodes(const Ask& ask, const Answer& answer);

/// Preconditions (RFC 9110 §13), then ranges (§14).
///
/// Preconditions are held against the recorded ETag and Last-Modified of answers that are 2xx, for GET and HEAD: 304 with the
/// fields that §15.4.5 asks for, or 412. What a request that changes something would have met is not known: its answer already
/// speaks of what came of it. A 304 whose body was recorded (browsers write it from their cache) is a 200 for a client that
/// has nothing to revalidate.
///
/// Ranges are those of bytes, of complete answers with 200 to GET that are no stream. One range is a 206 with Content-Range,
/// several are multipart/byteranges, none that can be is 416. A body is sent whole for more than 16 ranges and for ranges that
/// overlap (§14.2), where If-Range does not hold (§13.1.5), and where the recorded Accept-Ranges is "none". The first byte of a
/// range is due when the first of the body was, and pauses within a range stay; between two ranges there is none.
///
/// `now` stands for a Date that was not recorded.
std::shared_ptr<const Answer> negotiate(const Ask& ask, std::shared_ptr<const Answer> answer, HttpTime now);

}  // namespace stream::replay

// Mahimahi's recordings (github.com/ravinet/mahimahi, src/protobufs/http_record.proto): a folder of files save.XXXXXX, each a
// message of Protocol Buffers that holds one exchange:
//   RequestResponse: 1 ip, 2 port, 3 scheme (1 http, 2 https), 4 request, 5 response
//   HTTPMessage:     1 first line, 2 headers, 3 body            HTTPHeader: 1 key, 2 value
// A file is an input. There are no times.
#include <fmt/format.h>

#include <array>
#include <utility>

#include "formats/formats.hpp"
#include "formats/http_message.hpp"
#include "stream/text/utf8.hpp"

namespace har::format {
namespace {

using stream::ErrorCode;
using stream::fail;
using stream::Level;
using stream::Result;
using stream::Status;

constexpr std::uint64_t kHttps = 2;

/// A field of a message (protobuf.dev, "Encoding"): a number and its value, octets or a number.
struct Element {
  std::uint64_t number = 0;
  std::uint64_t value = 0;
  std::string_view octets{};
  bool is_octets = false;
};

/// Fields one after another, all within their message.
class Elements {
 public:
  explicit Elements(std::string_view text) : text_(text) {}

  /// None at the end, and where the rest is no field: see failed().
  std::optional<Element> next() {
    constexpr std::size_t kFixed32 = 4;
    constexpr std::size_t kFixed64 = 8;
    if (failed_ || at_ == text_.size()) return std::nullopt;
    Element out;
    const std::uint64_t tag = varint();
    out.number = tag >> 3;
    failed_ = failed_ || out.number == 0;
    switch (tag & 7) {
      case 0:
        out.value = varint();
        break;
      case 1:
        pass(kFixed64);
        break;
      case 2: {
        const std::uint64_t size = varint();
        if (failed_ || size > text_.size() - at_) {
          failed_ = true;
          break;
        }
        out.octets = text_.substr(at_, static_cast<std::size_t>(size));
        out.is_octets = true;
        at_ += out.octets.size();
        break;
      }
      case 5:
        pass(kFixed32);
        break;
      default:
        failed_ = true;  // groups, which nobody writes any more
        break;
    }
    if (failed_) return std::nullopt;
    return out;
  }
  bool failed() const { return failed_; }
  /// Where the view of what it reads is: for places.
  std::size_t at() const { return at_; }

 private:
  std::uint64_t varint() {
    std::uint64_t out = 0;
    for (unsigned shift = 0; shift < 64 && at_ < text_.size(); shift += 7) {
      const auto octet = static_cast<unsigned char>(text_[at_++]);
      out |= static_cast<std::uint64_t>(octet & 0x7F) << shift;
      if (octet < 0x80) return out;
    }
    failed_ = true;
    return 0;
  }
  void pass(std::size_t size) {
    if (size > text_.size() - at_) {
      failed_ = true;
    } else {
      at_ += size;
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool failed_ = false;
};

/// The message as it was on the wire; none where it is no HTTPMessage.
std::optional<std::string> octets_of(std::string_view message) {
  std::string head;
  std::string fields;
  std::string_view body;
  Elements elements(message);
  while (const auto element = elements.next()) {
    if (!element->is_octets) continue;
    if (element->number == 1) {
      head = element->octets;
    } else if (element->number == 2) {
      std::string_view key;
      std::string_view value;
      Elements parts(element->octets);
      while (const auto part = parts.next()) {
        if (part->is_octets && part->number <= 2) (part->number == 1 ? key : value) = part->octets;
      }
      if (parts.failed()) return std::nullopt;
      fields.append(key).append(": ").append(value).append("\r\n");
    } else if (element->number == 3) {
      body = element->octets;
    }
  }
  if (elements.failed()) return std::nullopt;
  return (head + "\r\n" + fields + "\r\n").append(body);
}

class Reader final : public ItemReader {
 public:
  Reader(stream::ByteSource& source, const ReadOptions& options) : source_(source), options_(options) {}

  Result<std::optional<Item>> next() override {
    if (std::exchange(ended_, true)) return std::optional<Item>();
    STREAM_ASSIGN(const std::string text, stream::read_all(source_, options_.limits.max_entry));
    std::string_view ip;
    std::optional<std::uint64_t> port;
    std::uint64_t scheme = 1;
    std::optional<std::string> request;
    std::optional<std::string> response;
    Elements elements(text);
    while (const auto element = elements.next()) {
      if (element->number == 1 && element->is_octets) ip = element->octets;
      if (element->number == 2 && !element->is_octets) port = element->value;
      if (element->number == 3 && !element->is_octets) scheme = element->value;
      if (element->number != 4 && element->number != 5) continue;
      auto octets = element->is_octets ? octets_of(element->octets) : std::nullopt;
      if (!octets) return refuse(elements.at());
      (element->number == 4 ? request : response) = std::move(octets);
    }
    if (elements.failed() || !request) return refuse(elements.failed() ? elements.at() : 0);
    return item_of(*request, response, ip, port, scheme == kHttps);
  }
  const LogInfo& info() const override { return info_; }

 private:
  tl::unexpected<stream::Error> refuse(std::size_t at) const {
    stream::Place place;
    place.source = source_.name();
    place.offset = at;
    return fail({ErrorCode::syntax, "expected a recording of mahimahi: a RequestResponse in Protocol Buffers", std::move(place),
                 "each file of its folder is an input"});
  }

  Result<std::optional<Item>> item_of(const std::string& request_octets, const std::optional<std::string>& response_octets,
                                      std::string_view ip, std::optional<std::uint64_t> port, bool https) {
    Http1Options options;
    options.source = source_.name();
    options.scheme = https ? "https" : "http";
    options.limits = options_.limits;
    // Its offsets would be those of a text that is nowhere: the place is the file.
    const auto report = [&](const stream::Finding& finding) {
      stream::Finding here = finding;
      here.place.offset.reset();
      if (options_.report) options_.report(here);
    };
    options.report = report;
    const auto whole_place = [&](stream::Error error) {
      error.place.offset.reset();
      return fail(std::move(error));
    };
    auto request = parse_request(request_octets, options);
    if (!request) return whole_place(std::move(request).error());
    // Without Host the address is what is known.
    if (request->url.starts_with('/')) {
      const bool usual = !port || *port == (https ? 443 : 80);
      request->url = fmt::format("{}://{}{}{}", options.scheme, ip, usual ? "" : fmt::format(":{}", *port), request->url);
    }
    std::optional<ResponseMessage> response;
    if (response_octets) {
      options.head_only = request->method == "HEAD";
      auto parsed = parse_response(*response_octets, options);
      if (!parsed) return whole_place(std::move(parsed).error());
      response = std::move(*parsed);
    }
    if (options_.report) {
      options_.report({Level::note,
                       "mahimahi-no-time",
                       "a recording of mahimahi has no times: 1970-01-01T00:00:00Z stands for them",
                       {source_.name()}});
    }
    Item item;
    item.place.source = source_.name();
    item.exchange = make_exchange(std::move(*request), std::move(response), {});
    item.exchange->id = "1";
    if (!ip.empty()) item.exchange->request->entry.set("serverIPAddress", stream::replace_invalid_utf8(ip));
    return std::optional(std::move(item));
  }

  stream::ByteSource& source_;
  ReadOptions options_;
  LogInfo info_;
  bool ended_ = false;
};

int sniff(std::string_view prefix) {
  Elements elements(prefix);
  for (const std::uint64_t number : {1U, 2U, 3U}) {
    const auto element = elements.next();
    if (!element || element->number != number) return 0;
    const bool fits = number == 1 ? element->is_octets && element->octets.size() >= 2 && element->octets.size() <= 45 &&
                                        element->octets.find_first_not_of("0123456789abcdefABCDEF.:") == std::string_view::npos
                      : number == 2 ? !element->is_octets && element->value <= 65'535
                                    : !element->is_octets && (element->value == 1 || element->value == 2);
    if (!fits) return 0;
  }
  return prefix.substr(elements.at()).starts_with('\x22') ? 95 : 0;  // field 4, octets
}

std::unique_ptr<ItemReader> read(stream::ByteSource& source, const ReadOptions& options) {
  return std::make_unique<Reader>(source, options);
}

}  // namespace

const Format kMahimahi{"mahimahi", "a file of a mahimahi recording: one exchange", "", sniff, read, nullptr};

}  // namespace har::format

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stream/replay/http_date.hpp"

namespace stream::replay {

/// Where a request goes, as cookies see it.
struct CookiePlace {
  std::string_view host{};  ///< lower case, without brackets or a port
  std::string_view path{};  ///< with or without a query; empty: "/"
  bool secure = false;      ///< https or wss
  /// Another name of the same server, which a cookie's Domain may give as well; empty: there is none.
  std::string_view alias{};
};

using CookiePair = std::pair<std::string, std::string>;  ///< name and value

/// A Cookie header's pairs, in their order.
std::vector<CookiePair> parse_cookies(std::string_view header);
std::string to_cookie_header(const std::vector<CookiePair>& cookies);

/// What a client has been told to keep (RFC 6265), and what it was told to forget. Pure: it is told what time it is.
///
/// Which domains are public suffixes is not known: a Domain without a dot is taken only from the host of that name. Bounded: of a
/// host so many cookies, and so many in all; the oldest go.
class CookieJar {
 public:
  /// A Set-Cookie field of an answer that came from `place`. False: it is ignored, as RFC 6265 §5.3 has it.
  bool set(std::string_view field, const CookiePlace& place, HttpTime now);

  /// What goes to `place`: longer paths first, then older cookies (§5.4).
  std::vector<CookiePair> cookies(const CookiePlace& place, HttpTime now) const;

  /// What a client sends that has sent `recorded` before: these, in their order, but with the values that the server has set
  /// since, without those that it has taken back; then what it has set besides.
  std::vector<CookiePair> over_recorded(const std::vector<CookiePair>& recorded, const CookiePlace& place, HttpTime now) const;

  std::size_t size() const { return cookies_.size(); }

 private:
  struct Cookie {
    std::string name{};
    std::string value{};
    std::string domain{};
    std::string path{};
    bool host_only = true;
    bool secure = false;
    bool gone = false;  ///< it was taken back: nothing is sent, and a recorded one neither
    HttpTime expires = HttpTime::max();
    std::uint64_t order = 0;
  };
  std::vector<const Cookie*> matching(const CookiePlace& place) const;
  void make_room(const std::string& domain);

  std::vector<Cookie> cookies_{};
  std::uint64_t next_order_ = 0;
};

/// A cookie's date by the forgiving rules of RFC 6265 §5.1.1. No value: it is none.
std::optional<HttpTime> parse_cookie_date(std::string_view text);

}  // namespace stream::replay

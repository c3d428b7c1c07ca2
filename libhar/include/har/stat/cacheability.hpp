#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace har::stat {

/// What a private cache (a browser's) may do with a response, by RFC 9111.
enum class CacheClass : std::uint8_t {
  fresh,         ///< it says how long it stays fresh, and that is not 0
  heuristic,     ///< it does not say so, but when it was changed last, of which a cache makes a guess (§4.2.2)
  revalidate,    ///< it may be kept, but must be asked for again each time: it has a validator, and is not fresh
  unusable,      ///< it may be kept, but is neither fresh nor can it be validated
  no_store,      ///< it says that it must not be kept
  not_modified,  ///< 304: what was kept is still good
  not_cached,    ///< of a method (all but GET and HEAD) or with a status that caches leave alone unless they are told otherwise
  no_answer,     ///< there was none
};
inline constexpr std::size_t kCacheClasses = 8;
std::string_view to_string(CacheClass kind);  ///< "fresh", "no-store", "not-modified" …

/// What of a response matters for it. Header fields are added one by one.
class CacheFields {
 public:
  void reset() { *this = {}; }
  /// Looks at the name first; most are none of ours.
  void add(std::string_view name, std::string_view value);

  CacheClass classify(std::string_view method, int status) const;
  /// An ETag or a Last-Modified that can be asked about.
  bool has_validator() const { return etag_ || modified_; }

 private:
  void cache_control(std::string_view value);

  bool no_store_ = false;
  bool no_cache_ = false;
  bool says_cacheable_ = false;  ///< public, private, max-age …: other methods' answers and statuses, too
  bool etag_ = false;
  bool modified_ = false;
  bool expires_known_ = false;
  bool vary_all_ = false;
  bool pragma_no_cache_ = false;
  std::optional<std::int64_t> max_age_{};  ///< seconds
  std::optional<std::int64_t> expires_{};  ///< seconds since 1970; none if it is no date, which means the past
  std::optional<std::int64_t> date_{};
};

}  // namespace har::stat

#pragma once

#include <optional>
#include <string>
#include <string_view>

/// URLs as RFC 3986 takes them apart.
namespace har::check {

/// Views into the URL, without the delimiters; has_… tells an empty part from one that is not there.
struct UrlParts {
  std::string_view scheme{};
  std::string_view authority{};  ///< user, host and port
  std::string_view path{};
  std::string_view query{};
  std::string_view fragment{};
  bool has_scheme = false;
  bool has_authority = false;
  bool has_query = false;
  bool has_fragment = false;

  std::string_view host() const;  ///< of the authority; with the brackets of an IPv6 address
};

/// Never fails: what is no scheme is taken for a path. "localhost:8080/" is a host and a port, not a scheme.
UrlParts split_url(std::string_view url);

/// The part of a URL between '?' and '#', without taking the rest apart.
std::optional<std::string_view> query_of(std::string_view url);

/// `reference` as a browser that is at `base` takes it (RFC 3986 §5.2): scheme and host in lower case, without a default port,
/// without a fragment.
std::string resolved_url(std::string_view base, std::string_view reference);

/// The same in one spelling for the same URL: %XX decoded. For comparing, not for sending.
std::string comparable_url(std::string_view base, std::string_view reference);

}  // namespace har::check

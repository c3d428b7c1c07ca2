#pragma once

#include <cstdint>
#include <string_view>

/// The options of curl, as far as must be known to read a command line: which take an argument, and what they say of the request.
namespace har::format {

enum class CurlMeaning : std::uint8_t {
  none,     ///< nothing: it is about the connection, the output, or the answer
  changes,  ///< it changes the request in a way that is not followed
  file,     ///< what it means stands in a file
  bearer,
  compressed,
  cookie,
  data,
  data_raw,
  data_urlencode,
  form,
  form_string,
  get,
  globoff,
  head,
  header,
  http1_0,
  http1_1,
  http2,
  http3,
  json,
  method,
  next,
  range,
  referer,
  scheme,
  url,
  url_query,
  user,
  user_agent,
};

struct CurlOption {
  std::string_view name{};
  char letter = 0;  ///< 0: it has none
  bool argument = false;
  CurlMeaning meaning = CurlMeaning::none;
};

/// Null: there is no such option.
const CurlOption* curl_option(char letter);
struct CurlOptionName {
  const CurlOption* option = nullptr;  ///< null: there is no such option, or several begin so
  bool off = false;                    ///< "no-" stood before it
};
CurlOptionName curl_option(std::string_view name);

}  // namespace har::format

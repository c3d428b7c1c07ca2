// What curl makes of its options: docs/cmdline-opts, src/tool_getparam.c, lib/http.c.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "formats/scripts/curl.hpp"
#include "formats/scripts/curl_options.hpp"
#include "formats/scripts/script_request.hpp"
#include "stream/text/base64.hpp"

namespace har::format {
namespace {

using stream::ErrorCode;
using stream::fail;
using stream::Result;
using stream::Status;

/// What --compressed offers (curl 7.88, with all it can be built with).
constexpr std::string_view kCompressed = "deflate, gzip, br, zstd";
constexpr std::string_view kUserAgent = "curl";
/// curl takes a random one; this is of the same length.
constexpr std::string_view kBoundary = "------------------------hartapeform";

/// curl_easy_escape, with what --data-urlencode makes of it: a space becomes "+".
std::string url_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool kept = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                      std::string_view("-._~").find(c) != std::string_view::npos;
    if (kept) {
      out += c;
    } else if (c == ' ') {
      out += '+';
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

struct Part {
  std::string name{};
  std::string value{};
  std::string type{};
  std::string filename{};
};

/// What stands between --next and --next.
struct Operation {
  std::vector<std::string> urls{};
  std::string method{};
  Fields headers{};                    ///< given, in their order
  std::vector<std::string> removed{};  ///< headers that are not to be sent
  std::optional<std::string> data{};
  bool json = false;
  std::vector<Part> parts{};
  bool form = false;
  bool get = false;
  bool head = false;
  bool globoff = false;
  bool compressed = false;
  std::optional<std::string> user{};
  std::string bearer{};
  std::string user_agent{kUserAgent};
  std::string referer{};
  std::string cookie{};
  std::string range{};
  std::string version{};
  std::string query{};
};

class Arguments {
 public:
  Arguments(const ShellCommand& command, const std::optional<std::string>& input, const CurlCommandOptions& options)
      : command_(command), input_(input), options_(options) {}

  Result<std::vector<RequestMessage>> requests() {
    const std::vector<ShellWord>& words = command_.words;
    for (at_ = 1; at_ < words.size(); ++at_) {
      word_ = &words[at_];
      const std::string& text = word_->text;
      if (only_urls_ || text.size() < 2 || text.front() != '-') {
        operation_.urls.push_back(text);
      } else if (text == "--") {
        only_urls_ = true;
      } else if (text.starts_with("--")) {
        STREAM_TRY(long_option(std::string_view(text).substr(2)));
      } else {
        STREAM_TRY(letters(text));
      }
    }
    STREAM_TRY(end_operation());
    if (out_.empty()) return refuse(ErrorCode::syntax, "expected a URL: curl would make no request", words.front());
    return std::move(out_);
  }

 private:
  stream::Place place(const ShellWord& word) const {
    stream::Place place = options_.place;
    place.line = word.line;
    place.column = word.column;
    return place;
  }
  tl::unexpected<stream::Error> refuse(ErrorCode code, std::string message, const ShellWord& word, std::string hint = {}) const {
    return fail({code, std::move(message), place(word), std::move(hint)});
  }
  void report(std::string rule, std::string message) const {
    if (options_.report) options_.report({stream::Level::warning, std::move(rule), std::move(message), place(*word_)});
  }

  Status long_option(std::string_view text) {
    const CurlOptionName found = curl_option(text);
    if (found.option == nullptr) return refuse(ErrorCode::unsupported, fmt::format("curl has no option --{}", text), *word_);
    if (found.off) return {};  // none of those that can be turned off says anything of the request, once it is off
    if (!found.option->argument) return apply(*found.option, {});
    if (at_ + 1 >= command_.words.size()) return refuse(ErrorCode::syntax, fmt::format("--{} needs an argument", text), *word_);
    ++at_;
    return apply(*found.option, command_.words[at_].text);
  }

  /// "-sSXPOST": the argument of the last is what is left, or the next word.
  Status letters(std::string_view text) {
    for (std::size_t i = 1; i < text.size(); ++i) {
      const CurlOption* const option = curl_option(text[i]);
      if (option == nullptr) return refuse(ErrorCode::unsupported, fmt::format("curl has no option -{}", text[i]), *word_);
      if (!option->argument) {
        STREAM_TRY(apply(*option, {}));
        continue;
      }
      if (i + 1 < text.size()) return apply(*option, text.substr(i + 1));
      if (at_ + 1 >= command_.words.size())
        return refuse(ErrorCode::syntax, fmt::format("-{} needs an argument", text[i]), *word_);
      ++at_;
      return apply(*option, command_.words[at_].text);
    }
    return {};
  }

  tl::unexpected<stream::Error> refuse_file(const CurlOption& option, std::string_view argument) const {
    return refuse(ErrorCode::unsupported,
                  fmt::format("--{} {} is of a file, and nothing is read beside the input", option.name, argument), *word_,
                  "write the text itself");
  }

  Status apply(const CurlOption& option, std::string_view argument) {
    Operation& now = operation_;
    switch (option.meaning) {
      case CurlMeaning::none:
        break;
      case CurlMeaning::changes:
        report("curl-option", fmt::format("what --{} changes in the request is left out", option.name));
        break;
      case CurlMeaning::file:
        if (option.argument) return refuse_file(option, argument);
        report("curl-option", fmt::format("what --{} reads from a file is left out", option.name));
        break;
      case CurlMeaning::bearer:
        now.bearer = argument;
        break;
      case CurlMeaning::compressed:
        now.compressed = true;
        break;
      case CurlMeaning::cookie:
        if (argument.find('=') == std::string_view::npos) return argument.empty() ? Status() : refuse_file(option, argument);
        now.cookie.append(now.cookie.empty() ? "" : ";").append(argument);
        break;
      case CurlMeaning::data: {
        if (!argument.starts_with('@')) return add_data(argument);
        if (argument != "@-" || !input_) return refuse_file(option, argument);
        std::string text = *input_;
        if (option.name != "data-binary") std::erase_if(text, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
        return add_data(text);
      }
      case CurlMeaning::data_raw:
        return add_data(argument);
      case CurlMeaning::data_urlencode: {
        const std::size_t mark = argument.find_first_of("=@");
        if (mark == std::string_view::npos) return add_data(url_encoded(argument));
        if (argument[mark] == '@') return refuse_file(option, argument);
        const std::string name(argument.substr(0, mark == 0 ? 0 : mark + 1));
        return add_data(name + url_encoded(argument.substr(mark + 1)));
      }
      case CurlMeaning::form:
        return add_form(option, argument);
      case CurlMeaning::form_string: {
        const std::size_t equals = argument.find('=');
        if (equals == std::string_view::npos) return refuse(ErrorCode::syntax, "expected NAME=TEXT behind --form-string", *word_);
        now.form = true;
        now.parts.push_back({std::string(argument.substr(0, equals)), std::string(argument.substr(equals + 1)), {}, {}});
        break;
      }
      case CurlMeaning::get:
        now.get = true;
        break;
      case CurlMeaning::globoff:
        now.globoff = true;
        break;
      case CurlMeaning::head:
        now.head = true;
        break;
      case CurlMeaning::header:
        return add_header(option, argument);
      case CurlMeaning::http1_0:
        now.version = "HTTP/1.0";
        break;
      case CurlMeaning::http1_1:
        now.version = "HTTP/1.1";
        break;
      case CurlMeaning::http2:
        now.version = "HTTP/2";
        break;
      case CurlMeaning::http3:
        now.version = "HTTP/3";
        break;
      case CurlMeaning::json:
        if (argument.starts_with('@') && (argument != "@-" || !input_)) return refuse_file(option, argument);
        now.json = true;
        now.data = now.data.value_or("") + (argument == "@-" && input_ ? *input_ : std::string(argument));
        break;
      case CurlMeaning::method:
        now.method = argument;
        break;
      case CurlMeaning::next:
        STREAM_TRY(end_operation());
        operation_ = Operation();
        only_urls_ = false;
        break;
      case CurlMeaning::range:
        now.range = fmt::format("bytes={}", argument);
        break;
      case CurlMeaning::referer:
        now.referer = argument.substr(0, argument.find(";auto"));
        break;
      case CurlMeaning::scheme:
        scheme_ = argument;
        break;
      case CurlMeaning::url:
        now.urls.emplace_back(argument);
        break;
      case CurlMeaning::url_query: {
        const std::size_t equals = argument.find_first_of("=@");
        if (equals != std::string_view::npos && argument[equals] == '@') return refuse_file(option, argument);
        std::string text(argument);
        if (argument.starts_with('+')) {
          text.erase(0, 1);
        } else if (equals == std::string_view::npos || equals == 0) {
          text = url_encoded(argument.substr(equals == 0 ? 1 : 0));
        } else {
          text = std::string(argument.substr(0, equals + 1)) + url_encoded(argument.substr(equals + 1));
        }
        now.query.append(now.query.empty() ? "" : "&").append(text);
        break;
      }
      case CurlMeaning::user:
        now.user = argument;
        break;
      case CurlMeaning::user_agent:
        now.user_agent = argument;
        break;
    }
    return {};
  }

  Status add_data(std::string_view text) {
    if (!operation_.data) {
      operation_.data = text;
    } else {
      operation_.data->append("&").append(text);
    }
    return {};
  }

  Status add_header(const CurlOption& option, std::string_view argument) {
    if (argument.starts_with('@')) return refuse_file(option, argument);
    const std::size_t colon = argument.find(':');
    if (colon == std::string_view::npos) {
      // "Name;" sends it without a value.
      const std::size_t semicolon = argument.find(';');
      if (semicolon != std::string_view::npos && argument.find_first_not_of(" \t", semicolon + 1) == std::string_view::npos) {
        operation_.headers.push_back({std::string(argument.substr(0, semicolon)), {}});
        return {};
      }
      report("curl-option", fmt::format("--header {}: expected a name and a colon; curl sends nothing for it", argument));
      return {};
    }
    std::string_view value = argument.substr(colon + 1);
    while (value.starts_with(' ') || value.starts_with('\t')) value.remove_prefix(1);
    while (value.ends_with(' ') || value.ends_with('\t') || value.ends_with('\r') || value.ends_with('\n'))
      value.remove_suffix(1);
    std::string name(argument.substr(0, colon));
    if (value.empty()) {
      operation_.removed.push_back(std::move(name));
    } else {
      operation_.headers.push_back({std::move(name), std::string(value)});
    }
    return {};
  }

  Status add_form(const CurlOption& option, std::string_view argument) {
    const std::size_t equals = argument.find('=');
    if (equals == std::string_view::npos) return refuse(ErrorCode::syntax, "expected NAME=TEXT behind --form", *word_);
    std::string_view rest = argument.substr(equals + 1);
    if (rest.starts_with('@') || rest.starts_with('<')) return refuse_file(option, argument);
    if (rest.starts_with('(') || argument.starts_with("=)"))
      return refuse(ErrorCode::unsupported, "a form within a form", *word_);
    Part part{std::string(argument.substr(0, equals)), {}, {}, {}};
    if (rest.starts_with('"')) {
      std::size_t i = 1;
      for (; i < rest.size() && rest[i] != '"'; ++i) {
        if (rest[i] == '\\' && i + 1 < rest.size()) ++i;
        part.value += rest[i];
      }
      rest.remove_prefix(std::min(i + 1, rest.size()));
    } else {
      const std::size_t end = std::min(rest.find(';'), rest.size());
      part.value = rest.substr(0, end);
      rest.remove_prefix(end);
    }
    while (rest.starts_with(';')) {
      rest.remove_prefix(1);
      while (rest.starts_with(' ')) rest.remove_prefix(1);
      std::size_t end = std::min(rest.find(';'), rest.size());
      if (rest.starts_with("type=")) {
        // A type has parameters of its own: what is not known belongs to it.
        while (end < rest.size()) {
          const std::string_view behind = rest.substr(end + 1);
          if (behind.starts_with("filename=") || behind.starts_with("encoder=") || behind.starts_with("headers=")) break;
          end = std::min(rest.find(';', end + 1), rest.size());
        }
        part.type = rest.substr(5, end - 5);
      } else if (rest.starts_with("filename=")) {
        std::string_view name = rest.substr(9, end - 9);
        if (name.size() >= 2 && name.starts_with('"') && name.ends_with('"')) name = name.substr(1, name.size() - 2);
        part.filename = name;
      } else {
        report("curl-option", fmt::format("--form: \"{}\" is left out", rest.substr(0, end)));
      }
      rest.remove_prefix(end);
    }
    operation_.form = true;
    operation_.parts.push_back(std::move(part));
    return {};
  }

  /// lib/mime.c.
  std::string form_body(const std::string& boundary) const {
    std::string out;
    const auto quoted = [](std::string_view text) {
      std::string made;
      for (const char c : text) {
        if (c == '"') {
          made += "%22";
        } else if (c == '\r') {
          made += "%0D";
        } else if (c == '\n') {
          made += "%0A";
        } else {
          made += c;
        }
      }
      return made;
    };
    for (const Part& part : operation_.parts) {
      out += fmt::format("--{}\r\nContent-Disposition: form-data; name=\"{}\"", boundary, quoted(part.name));
      if (!part.filename.empty()) out += fmt::format("; filename=\"{}\"", quoted(part.filename));
      out += "\r\n";
      if (!part.type.empty()) out += fmt::format("Content-Type: {}\r\n", part.type);
      out += fmt::format("\r\n{}\r\n", part.value);
    }
    return out += fmt::format("--{}--\r\n", boundary);
  }

  std::string boundary() const {
    const auto used = [&](std::string_view text) {
      return std::any_of(operation_.parts.begin(), operation_.parts.end(),
                         [&](const Part& part) { return part.value.find(text) != std::string::npos; });
    };
    for (std::uint64_t i = 1;; ++i) {
      std::string made = fmt::format("{}{:05}", kBoundary, i);
      if (!used(made)) return made;
    }
  }

  Status end_operation() {
    for (const std::string& url : operation_.urls) STREAM_TRY(add_request(url));
    return {};
  }

  Status add_request(std::string_view given) {
    const Operation& now = operation_;
    RequestMessage out;
    out.version = now.version;
    out.url = given;
    if (given.find("://") == std::string_view::npos) out.url = fmt::format("{}://{}", scheme_, given);
    const std::string scheme = out.url.substr(0, out.url.find("://"));
    if (url_scheme(out.url).empty())
      return refuse(ErrorCode::unsupported, fmt::format("expected a URL of http or https, found {}:", scheme), *word_);
    if (!now.globoff && given.find_first_of("{}[]") != std::string_view::npos && given.find("://[") == std::string_view::npos)
      report("curl-glob", "curl makes several requests of a URL with [ ] or { }: it is taken as it is, as with --globoff");
    const std::size_t authority_end = std::min(out.url.find_first_of("/?#", out.url.find("://") + 3), out.url.size());
    if (authority_end == out.url.size() || out.url[authority_end] != '/') out.url.insert(authority_end, "/");
    std::optional<std::string> user = now.user;
    if (auto in_url = take_user(out.url); !in_url.empty() && !user) user = form_decoded_user(in_url);
    if (!now.query.empty()) add_query(out.url, now.query);
    const bool in_query = now.get || (now.head && now.data);
    if (in_query && now.data && !now.data->empty()) add_query(out.url, *now.data);

    std::string type;
    bool body = false;
    if (now.form) {
      const std::string mark = boundary();
      out.body = form_body(mark);
      type = fmt::format("multipart/form-data; boundary={}", mark);
      body = true;
    } else if (now.data && !in_query) {
      out.body = *now.data;
      type = now.json ? "application/json" : "application/x-www-form-urlencoded";
      body = true;
    }
    out.method = !now.method.empty() ? now.method : now.head ? "HEAD" : body ? "POST" : "GET";

    const auto given_header = [&](std::string_view name) {
      return find_field(now.headers, name) != nullptr ||
             std::any_of(now.removed.begin(), now.removed.end(),
                         [&](const std::string& removed) { return same_name(removed, name); });
    };
    const auto add = [&](std::string_view name, std::string value) {
      if (!value.empty() && !given_header(name)) out.fields.push_back({std::string(name), std::move(value)});
    };
    // The order of lib/http.c.
    const std::string* const host = find_field(now.headers, "host");
    if (host != nullptr) {
      out.fields.push_back({"Host", *host});
    } else if (now.version != "HTTP/2" && now.version != "HTTP/3") {
      add("Host", std::string(url_authority(out.url)));
    }
    if (!now.bearer.empty()) {
      add("Authorization", fmt::format("Bearer {}", now.bearer));
    } else if (user) {
      if (user->find(':') == std::string::npos) *user += ':';
      add("Authorization", fmt::format("Basic {}", stream::base64_encode(*user)));
    }
    add("Range", now.range);
    add("User-Agent", now.user_agent);
    add("Accept", now.json && !given_header("accept") ? "" : "*/*");
    if (now.compressed) add("Accept-Encoding", std::string(kCompressed));
    add("Referer", now.referer);
    add("Cookie", now.cookie);
    for (const Field& field : now.headers) {
      if (!same_name(field.name, "host")) out.fields.push_back(field);
    }
    if (now.json) add("Content-Type", "application/json");
    if (now.json) add("Accept", "application/json");
    if (body && find_field(out.fields, "transfer-encoding") == nullptr) add("Content-Length", std::to_string(out.body.size()));
    if (body && !now.json) add("Content-Type", type);
    out_.push_back(std::move(out));
    return {};
  }

  static std::string form_decoded_user(std::string_view text) {
    std::string plus;
    for (const char c : text) plus += c == '+' ? std::string("%2B") : std::string(1, c);
    return form_decoded(plus);
  }

  static void add_query(std::string& url, std::string_view query) {
    const std::size_t end = std::min(url.find('#'), url.size());
    const std::string_view before = std::string_view(url).substr(0, end);
    std::string mark = before.find('?') == std::string_view::npos       ? "?"
                       : before.ends_with('?') || before.ends_with('&') ? ""
                                                                        : "&";
    if (mark == "?" && before.find('/', before.find("://") + 3) == std::string_view::npos) mark = "/?";
    url.insert(end, mark.append(query));
  }

  const ShellCommand& command_;
  const std::optional<std::string>& input_;
  const CurlCommandOptions& options_;
  const ShellWord* word_ = nullptr;
  std::size_t at_ = 1;
  bool only_urls_ = false;
  std::string scheme_ = "http";
  Operation operation_;
  std::vector<RequestMessage> out_;
};

}  // namespace

Result<std::vector<RequestMessage>> curl_requests(const ShellCommand& command, const std::optional<std::string>& input,
                                                  const CurlCommandOptions& options) {
  return Arguments(command, input, options).requests();
}

}  // namespace har::format

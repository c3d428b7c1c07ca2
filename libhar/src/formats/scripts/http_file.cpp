// Files of requests (.http, .rest), as the REST Client of VS Code and the HTTP Client of JetBrains have them: requests between
// lines that begin with "###", "@name = value" for {{name}}. The response is in no such file; what programs keep beside it is not
// read.
#include "formats/scripts/http_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "formats/formats.hpp"
#include "formats/http_message.hpp"
#include "formats/scripts/http_file_formats.hpp"
#include "formats/scripts/script_request.hpp"
#include "stream/codec/http_grammar.hpp"
#include "stream/record/line_reader.hpp"

namespace har::format {
namespace {

using stream::Error;
using stream::ErrorCode;
using stream::fail;
using stream::Result;
using stream::Status;

constexpr std::size_t kMostVariables = 10000;
constexpr int kDeepestVariable = 20;
/// In one request, those within variables too.
constexpr std::size_t kMostReplaced = 1000000;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

bool is_comment(std::string_view line) { return line.starts_with('#') || line.starts_with("//"); }

/// What begins a request that is none of HTTP, in JetBrains' files.
bool is_other_protocol(std::string_view method) {
  constexpr std::string_view kNames[] = {"WEBSOCKET", "GRPC", "GRAPHQL", "RSOCKET", "RSTREAM", "FNF", "STREAM"};
  return std::find(std::begin(kNames), std::end(kNames), method) != std::end(kNames);
}

struct Source {
  std::string text{};  ///< without its line end
  std::uint64_t number = 0;
};

using Variables = std::map<std::string, std::string, std::less<>>;

class Reader final : public ItemReader {
 public:
  Reader(stream::ByteSource& source, const ReadOptions& options)
      : lines_(source, options.limits), options_(options), name_(source.name()) {}

  Result<std::optional<Item>> next() override {
    while (!ended_) {
      std::vector<Source> block;
      if (auto status = read_block(block); !status) {
        ended_ = true;
        continues_ = false;
        return fail(std::move(status).error());
      }
      auto item = request(block);
      if (!item) {
        continues_ = true;
        ++count_;
        return fail(std::move(item).error());
      }
      if (*item) return std::move(*item);
    }
    if (count_ == 0 && !std::exchange(told_, true)) {
      continues_ = false;
      return fail({ErrorCode::syntax, "expected a request, found the end of the input", {name_}});
    }
    return std::optional<Item>();
  }
  bool can_continue() const override { return continues_; }
  const LogInfo& info() const override { return info_; }

 private:
  stream::Place place(std::uint64_t line) const {
    stream::Place place{name_};
    place.line = line;
    return place;
  }
  tl::unexpected<Error> refuse(ErrorCode code, std::string message, std::uint64_t line, std::string hint = {}) const {
    return fail({code, std::move(message), place(line), std::move(hint)});
  }
  void report(std::string rule, std::string message, std::uint64_t line) const {
    if (options_.report) options_.report({stream::Level::warning, std::move(rule), std::move(message), place(line)});
  }

  /// What stands between two lines of "###".
  Status read_block(std::vector<Source>& block) {
    std::size_t size = 0;
    for (;;) {
      STREAM_ASSIGN(const auto line, lines_.next());
      if (!line) {
        ended_ = true;
        return {};
      }
      if (line->text.starts_with("###")) return {};
      size += line->text.size() + sizeof(Source);
      if (size > options_.limits.max_entry) {
        return refuse(ErrorCode::limit, fmt::format("the request is larger than {} bytes", options_.limits.max_entry),
                      line->number, "raise the limit with --max-entry");
      }
      block.push_back({std::string(line->text), line->number});
    }
  }

  Result<std::string> replaced(std::string_view text, std::uint64_t line, int depth = 0) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t begin = text.find("{{", at);
      const std::size_t end = begin == std::string_view::npos ? begin : text.find("}}", begin);
      if (end == std::string_view::npos) {
        out += text.substr(at);
        break;
      }
      out += text.substr(at, begin - at);
      const std::string_view name = trimmed(text.substr(begin + 2, end - begin - 2));
      const auto found = variables_.find(name);
      if (found == variables_.end()) {
        report("http-file-variable", fmt::format("the value of {{{{{}}}}} is not in the file: it stays as it is", name), line);
        out += text.substr(begin, end + 2 - begin);
      } else if (depth >= kDeepestVariable) {
        return refuse(ErrorCode::limit, fmt::format("{{{{{}}}}} stands for itself", name), line);
      } else if (++replaced_ > kMostReplaced) {
        return refuse(ErrorCode::limit, fmt::format("more than {} variables in one request", kMostReplaced), line);
      } else {
        STREAM_ASSIGN(const std::string value, replaced(found->second, line, depth + 1));
        out += value;
      }
      if (out.size() > options_.limits.max_entry) {
        return refuse(ErrorCode::limit, fmt::format("the request is larger than {} bytes", options_.limits.max_entry), line,
                      "raise the limit with --max-entry");
      }
      at = end + 2;
    }
    return out;
  }

  /// "@name = value"; false: it is none.
  bool take_variable(std::string_view line) {
    if (!line.starts_with('@')) return false;
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) return false;
    const std::string_view name = trimmed(line.substr(1, equals - 1));
    if (name.empty() || name.find_first_of(" \t") != std::string_view::npos) return false;
    if (variables_.size() < kMostVariables) variables_[std::string(name)] = trimmed(line.substr(equals + 1));
    return true;
  }

  /// A script, "< {% … %}" or "> {% … %}", over one line or several; `at` moves to its last.
  bool pass_script(const std::vector<Source>& block, std::size_t& at, char mark) {
    const std::string_view line = trimmed(block[at].text);
    if (!line.starts_with(mark) || !trimmed(line.substr(1)).starts_with("{%")) return false;
    report("http-file-script", "a script is not run; it is left out", block[at].number);
    while (at + 1 < block.size() && block[at].text.find("%}") == std::string::npos) ++at;
    return true;
  }

  /// None: there is no request in the block.
  Result<std::optional<Item>> request(const std::vector<Source>& block) {
    std::size_t at = 0;
    std::string comment;
    for (; at < block.size(); ++at) {
      const std::string_view line = trimmed(block[at].text);
      if (line.empty() || take_variable(line) || pass_script(block, at, '<')) continue;
      if (is_comment(line)) {
        // "# @name login", "// @no-log": what is said of a request.
        std::string_view text = trimmed(line.substr(line.starts_with('#') ? 1 : 2));
        if (text.starts_with("@name")) comment = trimmed(text.substr(5));
        if (comment.starts_with('=')) comment = trimmed(std::string_view(comment).substr(1));
        continue;
      }
      if (line.starts_with('<')) {
        report("http-file-script", "a script in a file is not run; it is left out", block[at].number);
        continue;
      }
      break;
    }
    if (at == block.size()) return std::optional<Item>();

    replaced_ = 0;
    RequestMessage message;
    const std::uint64_t first = block[at].number;
    STREAM_TRY(request_line(block, at, message));
    STREAM_TRY(headers(block, at, message));
    STREAM_TRY(body(block, at, message));
    if (message.url.starts_with('/')) {
      const std::string* const host = find_field(message.fields, "host");
      if (host == nullptr) return refuse(ErrorCode::syntax, "expected a whole URL, or a header Host", first);
      const bool secure = host->ends_with(":443") || host->ends_with(":8443");
      message.url = fmt::format("{}://{}{}", secure ? "https" : "http", *host, message.url);
    } else if (message.url.find("://") == std::string::npos) {
      message.url.insert(0, "http://");
    }
    // What every program adds that sends it.
    const bool later = message.version.starts_with("HTTP/2") || message.version.starts_with("HTTP/3");
    if (!later && find_field(message.fields, "host") == nullptr)
      message.fields.insert(message.fields.begin(), {"Host", std::string(url_authority(message.url))});
    if (!message.body.empty() && find_field(message.fields, "content-length") == nullptr &&
        find_field(message.fields, "transfer-encoding") == nullptr)
      message.fields.push_back({"Content-Length", std::to_string(message.body.size())});
    Item item;
    item.index = count_++;
    item.place = place(first);
    item.exchange = make_exchange(std::move(message), std::nullopt, {});
    item.exchange->id = std::to_string(item.index + 1);
    if (!comment.empty()) item.exchange->request->entry.set("comment", comment);
    return std::optional(std::move(item));
  }

  Status request_line(const std::vector<Source>& block, std::size_t& at, RequestMessage& message) {
    const std::uint64_t number = block[at].number;
    std::string text(trimmed(block[at++].text));
    // The query goes on in lines that are indented.
    while (at < block.size() && (block[at].text.starts_with(' ') || block[at].text.starts_with('\t'))) {
      const std::string_view more = trimmed(block[at].text);
      if (more.empty()) break;
      if (!is_comment(more)) text += more;
      ++at;
    }
    STREAM_ASSIGN(text, replaced(text, number));
    std::string_view rest = text;
    if (rest.starts_with("curl "))
      return refuse(ErrorCode::unsupported, "a command line of curl", number, "keep it in a file of its own, for --from curl");
    if (const std::size_t last = rest.rfind(' '); last != std::string_view::npos && rest.substr(last + 1).starts_with("HTTP/")) {
      message.version = trimmed(rest.substr(last + 1));
      rest = trimmed(rest.substr(0, last));
    }
    const std::size_t space = rest.find_first_of(" \t");
    if (space != std::string_view::npos) {
      const std::string_view method = rest.substr(0, space);
      if (!stream::http::is_token(method)) return refuse(ErrorCode::syntax, "expected a request line: METHOD URL", number);
      if (is_other_protocol(method))
        return refuse(ErrorCode::unsupported, fmt::format("a request of {}, which is not one of HTTP", method), number);
      message.method = method;
      rest = trimmed(rest.substr(space));
    }
    if (rest.find('/') == std::string_view::npos && rest.find('.') == std::string_view::npos &&
        rest.find(':') == std::string_view::npos && !rest.starts_with("{{"))
      return refuse(ErrorCode::syntax, "expected a request line: METHOD URL", number);
    message.url = rest;
    return {};
  }

  Status headers(const std::vector<Source>& block, std::size_t& at, RequestMessage& message) {
    for (; at < block.size(); ++at) {
      const std::string_view line = trimmed(block[at].text);
      if (line.empty()) {
        ++at;
        return {};
      }
      if (is_comment(line)) continue;
      STREAM_ASSIGN(const std::string text, replaced(line, block[at].number));
      const std::size_t colon = text.find(':');
      const std::string_view name = trimmed(std::string_view(text).substr(0, colon == std::string::npos ? 0 : colon));
      if (!stream::http::is_token(name)) {
        report("http-file-line", "expected a header, name and colon; the line is left out", block[at].number);
        continue;
      }
      message.fields.push_back({std::string(name), std::string(trimmed(std::string_view(text).substr(colon + 1)))});
    }
    return {};
  }

  Status body(const std::vector<Source>& block, std::size_t at, RequestMessage& message) {
    const std::string* const type = find_field(message.fields, "content-type");
    const bool multipart = type != nullptr && type->find("multipart/") != std::string::npos;
    const bool form = type != nullptr && type->find("x-www-form-urlencoded") != std::string::npos;
    std::vector<std::string> lines;
    for (; at < block.size(); ++at) {
      const std::string_view line = block[at].text;
      if (pass_script(block, at, '>')) continue;
      if (line.starts_with("<> ")) {
        report("http-file-response", "a response that is kept in a file is not read", block[at].number);
        continue;
      }
      if (line.starts_with("> ") || line.starts_with(">> ") || line.starts_with(">>! ")) {
        report("http-file-script", "what is done with the response is left out", block[at].number);
        continue;
      }
      if (line.starts_with("< ") || line.starts_with("<@")) {
        return refuse(ErrorCode::unsupported, fmt::format("a body of a file ({}), and nothing is read beside the input", line),
                      block[at].number, "write the text itself");
      }
      STREAM_ASSIGN(std::string text, replaced(line, block[at].number));
      lines.push_back(std::move(text));
    }
    while (!lines.empty() && trimmed(lines.back()).empty()) lines.pop_back();
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const bool joined = form && lines[i].starts_with('&');
      if (i > 0 && !joined) message.body += multipart ? "\r\n" : "\n";
      message.body += lines[i];
    }
    if (multipart && !message.body.empty()) message.body += "\r\n";
    return {};
  }

  stream::LineReader lines_;
  ReadOptions options_;
  std::string name_;
  LogInfo info_;
  Variables variables_;
  std::size_t replaced_ = 0;
  std::size_t count_ = 0;
  bool ended_ = false;
  bool told_ = false;
  bool continues_ = false;
};

int sniff(std::string_view prefix) {
  if (prefix.starts_with("\xEF\xBB\xBF")) prefix.remove_prefix(3);
  bool marked = false;  // there was a line that only such files have
  while (!prefix.empty()) {
    const std::size_t end = prefix.find('\n');
    const std::string_view line = trimmed(prefix.substr(0, end));
    prefix.remove_prefix(end == std::string_view::npos ? prefix.size() : end + 1);
    if (line.empty()) continue;
    if (line.starts_with("###")) {
      marked = true;
      continue;
    }
    if (line.starts_with('@') && line.find('=') != std::string_view::npos) {
      marked = true;
      continue;
    }
    if (is_comment(line)) continue;
    constexpr std::string_view kMethods[] = {"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE"};
    const std::size_t space = std::min(line.find(' '), line.size());
    const bool method = std::find(std::begin(kMethods), std::end(kMethods), line.substr(0, space)) != std::end(kMethods);
    const std::string_view target = method ? trimmed(line.substr(space)) : line;
    const bool url = target.starts_with("http://") || target.starts_with("https://") || target.starts_with("{{");
    if (method && url && (line.find(" HTTP/") == std::string_view::npos || line.find("{{") != std::string_view::npos)) return 92;
    if (marked && (method || url)) return 95;
    return method && url ? 60 : 0;  // with its version it may be a message as it was on the wire
  }
  return 0;
}

}  // namespace

const Format kHttpFile{
    "http-file",
    "a file of requests, of VS Code's REST Client and JetBrains' HTTP Client",
    ".http .rest",
    sniff,
    [](stream::ByteSource& source, const ReadOptions& options) -> std::unique_ptr<ItemReader> {
      return std::make_unique<Reader>(source, options);
    },
    open_http_file_writer,
};

}  // namespace har::format

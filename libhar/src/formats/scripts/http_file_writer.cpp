// Files of requests, written.
#include <fmt/format.h>

#include <algorithm>

#include "formats/exchange_writer.hpp"
#include "formats/scripts/http_file.hpp"
#include "formats/scripts/http_file_formats.hpp"
#include "formats/scripts/literals.hpp"
#include "formats/scripts/script_request.hpp"
#include "stream/text/utf8.hpp"

namespace har::format {
namespace {

constexpr ScriptClient kHttpFileClient{"a file of requests", true, true, "", true, false, true};

std::string reference(char value) {
  for (const HttpFileVariable& variable : kHttpFileVariables) {
    if (variable.value == value) return fmt::format("{{{{{}}}}}", variable.name);
  }
  return std::string(1, value);
}

/// "{{" would begin a variable.
std::string escaped(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool opens = text[at] == '{' && ((at + 1 < text.size() && text[at + 1] == '{') || (at > 0 && text[at - 1] == '{'));
    out += opens ? reference('{') : std::string(1, text[at]);
  }
  return out;
}

/// A line of a body.
std::string escaped_line(std::string_view line) {
  const std::size_t first = std::min(line.find_first_not_of(" \t"), line.size());
  const std::string_view rest = line.substr(first);
  const bool special =
      rest.starts_with('#') || rest.starts_with('<') || rest.starts_with('>') || rest.starts_with('@') || rest.starts_with("//");
  if (!special) return escaped(line);
  return std::string(line.substr(0, first)) + reference(rest.front()) + escaped(rest.substr(1));
}

class Writer final : public ExchangeWriter {
 public:
  using ExchangeWriter::ExchangeWriter;

 protected:
  stream::Status render_exchange(const stream::Exchange& exchange, const Item& item, const RenderContext& context,
                                 std::string& out) const override {
    const auto request = script_request(exchange, kHttpFileClient, item.where(), context.report);
    if (!request) return {};
    const auto lost = [&](std::string_view what, std::string message) {
      report_loss(what, std::move(message), item.where(), context.report);
    };
    if (request->method.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ-") != std::string::npos)
      lost("request-method", fmt::format("{} is no method that every program takes from a file of requests", request->method));
    std::string url;
    for (const char c : request->url) url += c == '{' ? "%7B" : c == '}' ? "%7D" : std::string(1, c);
    const bool version = request->version.starts_with("HTTP/") && request->version.size() <= 8 &&
                         request->version.find_first_not_of("0123456789.", 5) == std::string::npos;
    if (!version && !request->version.empty())
      lost("request-httpVersion", fmt::format("that it was {} is left out: it is no version of HTTP", request->version));
    out += fmt::format("###\n{} {}{}\n", request->method, url, version ? " " + request->version : "");
    for (const Field& field : request->fields)
      out += fmt::format("{}: {}\n", field.name, escaped(stream::replace_invalid_utf8(field.value)));
    out += '\n';
    if (!request->body.empty()) body(*request, lost, out);
    return {};
  }
  HeldMembers held() const override { return script_members(); }
  std::string_view format_name() const override { return "a file of requests"; }
  std::string head() const override {
    std::string out;
    for (const HttpFileVariable& variable : kHttpFileVariables) out += fmt::format("@{} = {}\n", variable.name, variable.value);
    return out += '\n';
  }

 private:
  template <class Lost>
  static void body(const ScriptRequest& request, const Lost& lost, std::string& out) {
    const std::string* const type = find_field(request.fields, "content-type");
    const bool multipart = type != nullptr && type->find("multipart/") != std::string::npos;
    std::string text = request.body;
    if (!stream::is_utf8(text) || text.find('\0') != std::string::npos) {
      lost("request-postData", "the body is left out: a file of requests holds text, and it is none");
      return;
    }
    if (multipart) {
      // Programs that send these files end the lines of such a body with CR LF (RFC 2046 §4.1.1).
      std::string lines;
      for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '\r' && at + 1 < text.size() && text[at + 1] == '\n') continue;
        lines += text[at];
      }
      if (std::count(text.begin(), text.end(), '\n') + static_cast<std::ptrdiff_t>(lines.size()) !=
          static_cast<std::ptrdiff_t>(text.size()))
        lost("request-postData-line-ends", "line ends of the multipart body become CR LF");
      text = std::move(lines);
      if (text.ends_with('\n')) text.pop_back();
    }
    if (text.find('\r') != std::string::npos) lost("request-postData-line-ends", "CR in the body may be taken for a line end");
    const std::size_t end = text.find_last_not_of("\r\n") + 1;
    if (end < text.size()) {
      lost("request-postData-line-ends", "empty lines at the end of the body are left out");
      text.resize(end);
    }
    if (text.empty()) return;
    if (text.find_first_not_of("\r\n") != 0)
      lost("request-postData-line-ends", "empty lines at the start of the body may be left out");
    if (type != nullptr && type->find("x-www-form-urlencoded") != std::string::npos && text.find("\n&") != std::string::npos)
      lost("request-postData-line-ends", "lines of a form that begin with & are joined with those before");
    for (std::size_t at = 0; at <= text.size();) {
      const std::size_t line_end = std::min(text.find('\n', at), text.size());
      out += escaped_line(std::string_view(text).substr(at, line_end - at));
      out += '\n';
      at = line_end + 1;
    }
    out += '\n';
  }
};

}  // namespace

std::unique_ptr<ItemWriter> open_http_file_writer(stream::ByteSink& sink, const WriteOptions& options) {
  return std::make_unique<Writer>(sink, options);
}

}  // namespace har::format

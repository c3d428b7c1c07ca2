// Command lines of curl, as browsers copy them and people keep them in scripts. Read, nothing of them is run; written, nothing of
// a recording is ever more than an argument.
#include <fmt/format.h>

#include <deque>
#include <utility>

#include "formats/exchange_writer.hpp"
#include "formats/scripts/curl.hpp"
#include "formats/scripts/script_request.hpp"
#include "stream/record/line_reader.hpp"
#include "stream/text/ascii.hpp"
#include "stream/text/base64.hpp"

namespace har::format {
namespace {

using stream::Error;
using stream::ErrorCode;
using stream::fail;
using stream::Result;
using stream::Status;
using stream::ascii::is_space;

/// Ends the here-document of a body; no base64 has "_".
constexpr std::string_view kDelimiter = "END_OF_BODY";
/// Linux takes no argument above 128 KiB (MAX_ARG_STRLEN); with room for the escapes' being undone.
constexpr std::size_t kLongestArgument = 120000;
/// curl asks before it sends more than this (EXPECT_100_THRESHOLD in lib/http.h), unless it is told not to.
constexpr std::size_t kExpectThreshold = std::size_t{1} << 20;

// ---- reading

std::string_view base_name(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}
bool is_curl(std::string_view word) { return base_name(word) == "curl" || base_name(word) == "curl.exe"; }

bool is_assignment(std::string_view word) {
  const std::size_t equals = word.find('=');
  return equals != std::string_view::npos && equals > 0 && (word[0] < '0' || word[0] > '9') &&
         word.substr(0, equals).find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") ==
             std::string_view::npos;
}

/// What a command writes, where that can be told without running it.
std::optional<std::string> output_of(const ShellCommand& command, const std::optional<std::string>& input) {
  const auto word = [&](std::size_t i) {
    return i < command.words.size() ? std::string_view(command.words[i].text) : std::string_view();
  };
  const std::size_t count = command.words.size();
  if (word(0) == "cat" && (count == 1 || (count == 2 && word(1) == "-"))) return input;
  if (word(0) == "base64" && count == 2 && (word(1) == "-d" || word(1) == "--decode" || word(1) == "-D") && input)
    return stream::base64_decode(*input);
  if (word(0) == "printf" && count == 3 && word(1) == "%s") return std::string(word(2));
  if (word(0) == "echo" && count == 3 && word(1) == "-n") return std::string(word(2));
  if (word(0) == "echo" && count == 2 && !word(1).starts_with('-')) return std::string(word(1)) + "\n";
  return std::nullopt;
}

class Reader final : public ItemReader {
 public:
  Reader(stream::ByteSource& source, const ReadOptions& options)
      : lines_(source, options.limits), options_(options), name_(source.name()) {}

  Result<std::optional<Item>> next() override {
    for (;;) {
      if (!errors_.empty()) {
        Error error = std::move(errors_.front());
        errors_.pop_front();
        return fail(std::move(error));
      }
      if (!items_.empty()) {
        Item item = std::move(items_.front());
        items_.pop_front();
        return std::optional(std::move(item));
      }
      if (ended_) return finished();
      STREAM_TRY(read());
    }
  }
  bool can_continue() const override { return continues_; }
  const LogInfo& info() const override { return info_; }

 private:
  Result<std::optional<Item>> finished() {
    if (count_ == 0 && !std::exchange(told_, true)) {
      continues_ = false;
      return fail({ErrorCode::syntax, "expected a command line of curl, found the end of the input", {name_}});
    }
    return std::optional<Item>();
  }

  Status read() {
    auto line = lines_.next();
    if (!line) {
      ended_ = true;
      continues_ = false;
      told_ = true;
      return fail(std::move(line).error());
    }
    if (!*line) {
      ended_ = true;
      if (lexer_.size() > 0) take();
      return {};
    }
    lexer_.feed((**line).text, (**line).number);
    if (lexer_.complete()) {
      take();
    } else if (lexer_.size() > options_.limits.max_entry) {
      ended_ = true;
      continues_ = false;
      told_ = true;
      stream::Place place{name_};
      place.line = (**line).number;
      return fail({ErrorCode::limit, fmt::format("the command is larger than {} bytes", options_.limits.max_entry),
                   std::move(place), "raise the limit with --max-entry"});
    }
    return {};
  }

  void refuse(Error error) {
    continues_ = true;
    ++count_;
    error.place.source = name_;
    errors_.push_back(std::move(error));
  }

  void take() {
    auto pipelines = lexer_.take();
    if (!pipelines) return refuse(std::move(pipelines).error());
    for (ShellPipeline& pipeline : *pipelines) take(pipeline);
  }

  void take(ShellPipeline& pipeline) {
    std::optional<std::string> piped;
    for (ShellCommand& command : pipeline) {
      while (!command.words.empty() && !command.words[0].quoted &&
             (command.words[0].text == "$" || command.words[0].text == "%" || is_assignment(command.words[0].text)))
        command.words.erase(command.words.begin());
      if (command.words.empty()) continue;
      const ShellWord& first = command.words.front();
      stream::Place place{name_};
      place.line = first.line;
      place.column = first.column;
      const std::optional<std::string> input = command.input ? std::move(command.input) : std::move(piped);
      piped.reset();
      if (is_curl(first.text)) {
        auto requests = curl_requests(command, input, {place, options_.report});
        if (!requests) {
          refuse(std::move(requests).error());
          return;
        }
        for (RequestMessage& request : *requests) {
          Item item;
          item.index = count_++;
          item.place = place;
          item.exchange = make_exchange(std::move(request), std::nullopt, {});
          item.exchange->id = std::to_string(item.index + 1);
          items_.push_back(std::move(item));
        }
        return;  // what gets its output says nothing of the request
      }
      piped = output_of(command, input);
      const bool used = piped && &command != &pipeline.back();
      if (!used && options_.report) {
        options_.report({stream::Level::warning, "curl-command",
                         fmt::format("\"{}\" is not curl: what it does is left out", first.text), std::move(place)});
      }
    }
  }

  stream::LineReader lines_;
  ReadOptions options_;
  std::string name_;
  LogInfo info_;
  ShellLexer lexer_;
  std::deque<Item> items_;
  std::deque<Error> errors_;
  std::size_t count_ = 0;
  bool ended_ = false;
  bool told_ = false;
  bool continues_ = false;
};

// ---- writing

constexpr ScriptClient kCurlClient{"curl", true, true, "", true, false, true};

class Writer final : public ExchangeWriter {
 public:
  using ExchangeWriter::ExchangeWriter;

 protected:
  Status render_exchange(const stream::Exchange& exchange, const Item& item, const RenderContext& context,
                         std::string& out) const override {
    const auto request = script_request(exchange, kCurlClient, item.where(), context.report);
    if (request) command(*request, item, context, out);
    return {};
  }
  HeldMembers held() const override { return script_members(); }
  std::string_view format_name() const override { return "curl"; }

 private:
  static void command(const ScriptRequest& request, const Item& item, const RenderContext& context, std::string& out) {
    const auto lost = [&](std::string_view what, std::string message) {
      report_loss(what, std::move(message), item.where(), context.report);
    };
    if (request.url.size() > kLongestArgument) return lost("exchange", "it is left out: its URL is too long for a command line");
    const bool head = request.method == "HEAD";
    if (head && !request.body.empty()) lost("request-postData", "the body is left out: curl has none with HEAD");
    const bool body = !head && !request.body.empty();
    const bool nothing = !head && !body && request.length_of_nothing;
    const bool text = request.body.find('\0') == std::string::npos && request.body.size() <= kLongestArgument;
    if (body && !text) {
      out += fmt::format("base64 -d <<'{}' | ", kDelimiter);
    }
    out += "curl";
    if (request.url.find_first_of("[]{}") != std::string::npos) out += " -g";
    out += ' ';
    out += shell_quoted(request.url);
    const std::string_view target = request_target(request.url);
    const std::string_view path = target.substr(0, target.find('?'));
    if (path.find("/.") != std::string_view::npos) option(out, "--path-as-is");
    const bool secure = url_scheme(request.url) == "https";
    if (request.version == "HTTP/1.0") option(out, "--http1.0");
    if (request.version == "HTTP/1.1" && secure) option(out, "--http1.1");
    if (request.version == "HTTP/2" && secure) option(out, "--http2");
    if ((request.version == "HTTP/2" && !secure) ||
        (!request.version.empty() && !request.version.starts_with("HTTP/1") && request.version != "HTTP/2"))
      lost("request-httpVersion", fmt::format("that it was {} is left out: not every curl has it", request.version));
    if (head) {
      option(out, "--head");
    } else if (request.method != (body || nothing ? "POST" : "GET")) {
      option(out, "-X", request.method);
    }
    // What curl would send of itself.
    const auto leave_out = [&](std::string_view name) {
      if (find_field(request.fields, name) == nullptr) option(out, "-H", fmt::format("{}:", name));
    };
    for (const Field& field : request.fields) {
      if (field.value.size() > kLongestArgument) {
        lost("request-headers-value", fmt::format("{} is left out: it is too long for a command line", field.name));
        continue;
      }
      option(out, "-H", field.value.empty() ? field.name + ";" : field.name + ": " + field.value);
    }
    leave_out("User-Agent");
    leave_out("Accept");
    if (body || nothing) leave_out("Content-Type");
    if (body && request.body.size() > kExpectThreshold) option(out, "-H", "Expect:");
    if (find_field(request.fields, "accept-encoding") != nullptr) option(out, "--compressed");
    if (body && text) {
      option(out, request.body.starts_with('@') ? "--data-raw" : "--data-binary", request.body);
    } else if (body) {
      option(out, "--data-binary", "@-");
    } else if (nothing) {
      option(out, "--data-raw", "");
    }
    out += '\n';
    if (body && !text) {
      const std::string coded = stream::base64_encode(request.body);
      for (std::size_t at = 0; at < coded.size(); at += 76) out.append(coded, at, 76).append("\n");
      out.append(kDelimiter).append("\n");
    }
  }

  static void option(std::string& out, std::string_view name) { out.append(" \\\n  ").append(name); }
  static void option(std::string& out, std::string_view name, std::string_view argument) {
    option(out, name);
    out += ' ';
    out += shell_quoted(argument);
  }
};

int sniff(std::string_view prefix) {
  if (prefix.starts_with("\xEF\xBB\xBF")) prefix.remove_prefix(3);
  for (;;) {
    while (!prefix.empty() && is_space(prefix.front())) prefix.remove_prefix(1);
    if (!prefix.starts_with('#')) break;
    const std::size_t end = prefix.find('\n');
    if (end == std::string_view::npos) return 0;
    prefix.remove_prefix(end + 1);
  }
  if (prefix.starts_with("$ ")) prefix.remove_prefix(2);
  const std::string_view line = prefix.substr(0, prefix.find('\n'));
  if (line.starts_with("base64 -d <<'") && line.find(" | curl ") != std::string_view::npos) return 95;
  for (const std::string_view name : {"curl", "curl.exe", "/usr/bin/curl"}) {
    if (!line.starts_with(name) || line.size() <= name.size() || !is_space(line[name.size()])) continue;
    const std::size_t next = std::min(line.find_first_not_of(" \t\r", name.size()), line.size());
    const std::string_view rest = line.substr(next);
    // An argument, not a sentence about curl.
    if (rest.starts_with('-') || rest.starts_with('\'') || rest.starts_with('"') || rest.starts_with("$'") ||
        rest.starts_with("\\") || rest.starts_with("http") || rest.starts_with('^'))
      return 95;
    return rest.find_first_of("./:") != std::string_view::npos ? 80 : 0;
  }
  return 0;
}

}  // namespace

const Format kCurl{
    "curl",
    "command lines of curl",
    ".curl .sh",
    sniff,
    [](stream::ByteSource& source, const ReadOptions& options) -> std::unique_ptr<ItemReader> {
      return std::make_unique<Reader>(source, options);
    },
    [](stream::ByteSink& sink, const WriteOptions& options) -> std::unique_ptr<ItemWriter> {
      return std::make_unique<Writer>(sink, options);
    },
};

}  // namespace har::format

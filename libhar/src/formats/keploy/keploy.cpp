// Keploy (keploy.io): test cases and mocks in YAML or JSON, the files of streams that they refer to, and those of its prototypes.
// A file of many documents is read document by document.
#include "formats/keploy/keploy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "formats/folder_source.hpp"
#include "formats/formats.hpp"
#include "formats/keploy/test_set.hpp"
#include "stream/codec/json_concat.hpp"
#include "stream/record/line_reader.hpp"
#include "stream/text/json.hpp"

namespace har::format {
namespace {

using keploy::Body;
using keploy::Context;
using stream::ErrorCode;
using stream::Event;
using stream::EventKind;
using stream::Exchange;
using stream::fail;
using stream::Json;
using stream::Result;
using stream::Status;
using stream::StreamKind;
using stream::WallTime;
using stream::YamlNode;

/// A document's tree takes some hundred bytes a value.
stream::YamlLimits yaml_limits(const stream::Limits& limits) {
  stream::YamlLimits out;
  out.max_bytes = limits.max_entry;
  out.max_nodes = std::max<std::size_t>(limits.max_entry / 256, 1000);
  return out;
}

/// The files that a document refers to stand below the folder of its test set: mocks.yaml is in it, tests/test-1.yaml below.
std::string test_set_path(const std::string& source) {
  if (source == "<stdin>") return "-";
  std::error_code error;
  const std::filesystem::path file = std::filesystem::absolute(source, error);
  if (error) return source;
  const std::filesystem::path folder = file.parent_path();
  return folder.filename() == "tests" ? (folder.parent_path() / file.filename()).string() : source;
}

/// A source whose first line was read already.
class Continued final : public stream::ByteSource {
 public:
  Continued(std::string head, stream::ByteSource& rest) : head_(std::move(head)), rest_(rest) {}
  Result<std::size_t> read(std::span<char> buffer) override {
    if (at_ == head_.size()) return rest_.read(buffer);
    const std::size_t count = head_.copy(buffer.data(), buffer.size(), at_);
    at_ += count;
    return count;
  }
  const std::string& name() const override { return rest_.name(); }
  std::string_view head() const { return head_; }

 private:
  std::string head_;
  std::size_t at_ = 0;
  stream::ByteSource& rest_;
};

/// The documents of a file, as texts. Comments and directives before a document belong to it.
class Documents {
 public:
  Documents(stream::ByteSource& source, const stream::Limits& limits)
      : lines_(source, limits), limits_(limits), name_(source.name()) {}

  struct Document {
    std::string text{};
    std::uint64_t line = 1;  ///< of its first line
  };

  Result<std::optional<Document>> next() {
    for (;;) {
      Document document;
      bool content = false;
      bool marked = false;
      bool more = false;
      const auto append = [&](std::string_view line, std::uint64_t number) {
        if (document.text.empty()) document.line = number;
        document.text.append(line) += '\n';
      };
      if (marker_) {
        append(marker_->text, marker_->line);
        content = has_content(std::string_view(marker_->text).substr(3));
        marked = true;
        marker_.reset();
      }
      for (;;) {
        STREAM_ASSIGN(const auto line, lines_.next());
        if (!line) break;
        more = true;
        const bool begins = stream::begins_yaml_document(line->text);
        if (begins && (marked || content)) {
          marker_ = {std::string(line->text), line->number};
          break;
        }
        if (line->text == "...") break;
        if (document.text.size() + line->text.size() >= limits_.max_entry) {
          return fail({ErrorCode::limit,
                       fmt::format("the document is larger than {} bytes", limits_.max_entry),
                       {name_, document.line},
                       {}});
        }
        append(line->text, line->number);
        marked = marked || begins;
        content = content || has_content(begins ? line->text.substr(3) : line->text);
      }
      if (content) return std::optional(std::move(document));
      if (!more) return std::optional<Document>();
    }
  }

 private:
  static bool has_content(std::string_view line) {
    const std::size_t first = line.find_first_not_of(" \t\r");
    return first != std::string_view::npos && line[first] != '#' && line[0] != '%';
  }

  stream::LineReader lines_;
  stream::Limits limits_;
  std::string name_;
  std::optional<Document> marker_;  ///< the line that begins the next one
};

/// JSON texts, one after the other: what Keploy writes with "storageFormat: json".
class JsonDocuments {
 public:
  JsonDocuments(stream::ByteSource& source, const Context& context)
      : source_(source), context_(context), decoder_({context.limits, context.source, false, {}}) {}

  /// Null: the end. Errors: `syntax`, behind which it goes on.
  Result<std::optional<YamlNode>> next() {
    while (at_ == items_.size()) {
      if (ended_) return std::optional<YamlNode>();
      items_.clear();
      at_ = 0;
      std::string piece(kPiece, '\0');
      auto count = source_.read({piece.data(), piece.size()});
      const Status fed = !count        ? Status(fail(std::move(count).error()))
                         : *count == 0 ? decoder_.finish(items_)
                                       : decoder_.feed(std::string_view(piece).substr(0, *count), items_);
      ended_ = !fed || *count == 0;
      broken_ = !fed;
      if (!fed) return fail(fed.error());
    }
    const stream::JsonConcatItem item = std::move(items_[at_++]);
    auto json = stream::parse_json(item.text, context_.limits);
    if (!json) return fail(locate(std::move(json).error(), {context_.source, item.line, 1, item.begin, {}}));
    return std::optional(keploy::node_of(*json, item.line));
  }
  bool broken() const { return broken_; }

 private:
  static constexpr std::size_t kPiece = std::size_t{64} << 10;
  stream::ByteSource& source_;
  const Context& context_;
  stream::JsonConcatDecoder decoder_;
  std::vector<stream::JsonConcatItem> items_;
  std::size_t at_ = 0;
  bool ended_ = false;
  bool broken_ = false;
};

class Reader final : public ItemReader {
 public:
  Reader(stream::ByteSource& source, const ReadOptions& options)
      : source_(source),
        files_(test_set_path(source.name()), options.limits.max_entry),
        context_{source.name(), options.limits, options.report, &files_} {}

  Result<std::optional<Item>> next() override {
    if (ended_) return std::optional<Item>();
    if (!documents_) {
      auto stream = open();
      if (!stream) return failed(std::move(stream).error(), false);
      if (*stream) return stream_file();
    }
    for (;;) {
      auto node = json_ ? next_json() : next_yaml();
      if (!node) return fail(std::move(node).error());
      if (!*node) break;
      auto exchange = take(**node);
      if (!exchange) return failed(std::move(exchange).error(), true);
      if (*exchange) return item(std::move(**exchange));
    }
    ended_ = true;
    passed_over();
    if (!prototype_) return std::optional<Item>();
    return item(bare(std::move(*prototype_)));
  }
  bool can_continue() const override { return continues_; }
  const LogInfo& info() const override { return info_; }

 private:
  struct Passed {
    std::string kind{};
    std::size_t count = 0;
    stream::Place first{};
  };

  tl::unexpected<stream::Error> failed(stream::Error error, bool continues) {
    if (error.code == ErrorCode::limit && error.hint.empty() && !error.message.starts_with("nested"))
      error.hint = "raise the limit with --max-entry";
    continues_ = continues;
    ended_ = !continues;
    return fail(std::move(error));
  }

  Result<std::optional<Item>> item(Exchange exchange) {
    exchange.id = std::to_string(index_ + 1);
    Item out;
    out.exchange = std::move(exchange);
    out.index = index_++;
    out.place.source = context_.source;
    return std::optional(std::move(out));
  }

  Result<std::optional<YamlNode>> next_yaml() {
    for (;;) {
      auto document = documents_->next();
      if (!document) return failed(std::move(document).error(), false);
      if (!*document) return std::optional<YamlNode>();
      // A text that was cut at the lines between documents is one of them.
      auto nodes = stream::parse_yaml((*document)->text, context_.source, yaml_limits(context_.limits), (*document)->line);
      if (!nodes) return failed(std::move(nodes).error(), true);
      if (nodes->empty()) continue;
      comment_ = first_comment((*document)->text);
      return std::optional(std::move(nodes->front()));
    }
  }
  Result<std::optional<YamlNode>> next_json() {
    auto node = json_->next();
    if (!node) return failed(std::move(node).error(), !json_->broken());
    return node;
  }

  /// The line that says who wrote a file.
  static std::string first_comment(std::string_view text) {
    if (!text.starts_with("# ")) return {};
    return std::string(text.substr(0, std::min({text.find_first_of("\r\n"), std::size_t{200}, text.size()})));
  }

  /// Whether this is a file of a stream: looks at its first line.
  Result<bool> open() {
    std::string head;
    std::string_view line;
    while (head.size() < kSniffSize) {
      const std::size_t size = head.size();
      head.resize(size + kSniffSize);
      STREAM_ASSIGN(const std::size_t count, source_.read({head.data() + size, kSniffSize}));
      head.resize(size + count);
      line = first_line(head);
      if (count == 0 || line.end() != head.data() + head.size()) break;
    }
    const bool stream = keploy::is_stream_record(first_line(head));
    input_ = std::make_unique<Continued>(std::move(head), source_);
    documents_ = std::make_unique<Documents>(*input_, context_.limits);
    if (!stream && first_line(input_->head()).starts_with('{')) json_ = std::make_unique<JsonDocuments>(*input_, context_);
    return stream;
  }

 public:
  /// The first line that is not blank.
  static std::string_view first_line(std::string_view text) {
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
    return text.substr(0, text.find('\n'));
  }

 private:
  Result<std::optional<Item>> stream_file() {
    auto body = keploy::read_stream_file(*input_, context_);
    if (!body) return failed(std::move(body).error(), false);
    ended_ = true;
    return item(bare(std::move(*body)));
  }

  /// A body by itself, as an exchange.
  Exchange bare(Body body) const {
    const auto first = std::find_if(body.pieces.begin(), body.pieces.end(),
                                    [](const keploy::TimedBytes& piece) { return piece.at.has_value(); });
    Exchange exchange;
    const WallTime start = first != body.pieces.end() ? *first->at : WallTime{};
    if (first != body.pieces.end() && !prototype_) exchange.start = start;
    Event response;
    response.kind = EventKind::response;
    response.object = Json::object();
    exchange.response = std::move(response);
    keploy::set_body(exchange, std::move(body), start, start, context_);
    return exchange;
  }

  Result<std::optional<Exchange>> take(const YamlNode& document) {
    const YamlNode* const kind = document.find("kind");
    if (kind != nullptr && (kind->text == "Http" || kind->text == "HTTP" || kind->text == "http")) {
      STREAM_ASSIGN(Exchange exchange, keploy::http_exchange(document, context_));
      if (!comment_.empty()) keploy::kept_part(exchange, keploy::kLayout).set("comment", std::exchange(comment_, {}));
      return std::optional(std::move(exchange));
    }
    if (auto frame = kind == nullptr ? keploy::prototype_frame(document, false, context_) : std::nullopt) {
      STREAM_TRY(add_frame(document, std::move(*frame)));
      return std::optional<Exchange>();
    }
    const std::string name = kind != nullptr ? kind->text : "";
    auto found = std::find_if(passed_.begin(), passed_.end(), [&](const Passed& passed) { return passed.kind == name; });
    if (found == passed_.end()) found = passed_.insert(found, {name, 0, context_.place(document)});
    ++found->count;
    return std::optional<Exchange>();
  }

  Status add_frame(const YamlNode& document, std::string frame) {
    if (!prototype_) {
      prototype_.emplace();
      prototype_->kind = StreamKind::sse;
    }
    prototype_size_ += frame.size();
    if (prototype_size_ > context_.limits.max_entry) {
      return fail({ErrorCode::limit,
                   fmt::format("the stream is larger than {} bytes", context_.limits.max_entry),
                   context_.place(document),
                   {}});
    }
    constexpr stream::Nanos kLongest = std::chrono::hours(24 * 366);
    const WallTime before = prototype_->pieces.empty() ? WallTime{} : *prototype_->pieces.back().at;
    prototype_->pieces.push_back({std::min(before + keploy::delay_of(document), WallTime(kLongest)), std::move(frame)});
    return {};
  }

  void passed_over() const {
    for (const Passed& passed : passed_) {
      const std::string kind = passed.kind.empty() ? "without a kind" : fmt::format("of kind {}", passed.kind);
      context_.warn(passed.first, "keploy-kind",
                    passed.count == 1 ? fmt::format("a document {} was passed over: only Http is read", kind)
                                      : fmt::format("{} documents {} were passed over: only Http is read", passed.count, kind));
    }
  }

  stream::ByteSource& source_;
  SideFiles files_;
  Context context_;
  LogInfo info_;
  std::unique_ptr<Continued> input_;
  std::unique_ptr<Documents> documents_;
  std::unique_ptr<JsonDocuments> json_;  ///< instead
  std::string comment_;                  ///< before the document that was read last
  std::vector<Passed> passed_;
  std::optional<Body> prototype_;
  std::size_t prototype_size_ = 0;
  std::size_t index_ = 0;
  bool ended_ = false;
  bool continues_ = false;
};

int sniff(std::string_view prefix) {
  const std::string_view first = Reader::first_line(prefix);
  if (keploy::is_stream_record(first)) return 97;
  if (first.starts_with('{')) {  // in one line or over several
    const std::string_view head = prefix.substr(static_cast<std::size_t>(first.data() - prefix.data())).substr(0, 200);
    const std::size_t version = head.find("\"version\"");
    return version != std::string_view::npos && head.find("\"api.keploy.io/", version) != std::string_view::npos ? 96 : 0;
  }
  bool id = false;
  std::size_t lines = 0;
  for (std::string_view rest = prefix; !rest.empty() && lines < 50; ++lines) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (line.starts_with("version:") && line.find("api.keploy.io/") != std::string_view::npos) return 96;
    id = id || line.starts_with("id: \"");
    if (id && line.starts_with("delay_ms: ")) return 90;
  }
  return 0;
}

}  // namespace

const Format kKeploy{
    "keploy",
    "test cases, mocks and streams of Keploy",
    ".yaml .yml",
    sniff,
    [](stream::ByteSource& source, const ReadOptions& options) -> std::unique_ptr<ItemReader> {
      if (const std::string* const folder = folder_of(source)) return keploy::open_test_set(*folder, options);
      return std::make_unique<Reader>(source, options);
    },
    keploy::open_writer<keploy::Storage::yaml, keploy::Document::Form::test>,
    nullptr,
    keploy::open_folder_writer<keploy::Storage::yaml, keploy::Document::Form::test>,
    keploy::sniff_test_set,
};
const Format kKeployMocks{
    "keploy-mocks",
    "the same, where what was no document of Keploy's becomes a mock",
    "",
    nullptr,
    nullptr,
    keploy::open_writer<keploy::Storage::yaml, keploy::Document::Form::mock>,
    nullptr,
    keploy::open_folder_writer<keploy::Storage::yaml, keploy::Document::Form::mock>,
};
const Format kKeployJson{
    "keploy-json",
    "the same in JSON, which Keploy writes with \"storageFormat: json\"",
    "",
    nullptr,
    nullptr,
    keploy::open_writer<keploy::Storage::json, keploy::Document::Form::test>,
    nullptr,
    keploy::open_folder_writer<keploy::Storage::json, keploy::Document::Form::test>,
};

}  // namespace har::format

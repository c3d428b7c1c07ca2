// Documents, as one file of many or as the folder of a test set. Names are numbers that are known in order only: so items are
// rendered as lines of JSON, of which write() makes documents.
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "formats/exchange_writer.hpp"
#include "formats/keploy/from_exchange.hpp"
#include "formats/keploy/keploy.hpp"
#include "formats/keploy/test_set.hpp"
#include "har/exchange.hpp"
#include "stream/text/base64.hpp"
#include "stream/text/json.hpp"
#include "stream/text/utf8.hpp"

namespace har::format::keploy {
namespace {

using stream::Exchange;
using stream::fail;
using stream::Json;
using stream::JsonMember;
using stream::Result;
using stream::Status;
using stream::YamlNode;

constexpr std::string_view kHeld[] = {"startedDateTime",
                                      "time",  // see report_times()
                                      "timings.receive",
                                      "timings.send",
                                      "timings.wait",
                                      "request.method",
                                      "request.url",
                                      "request.httpVersion",
                                      "request.headers[].name",
                                      "request.headers[].value",
                                      "request.cookies",
                                      "request.queryString[].name",
                                      "request.queryString[].value",
                                      "request.postData.mimeType",
                                      "request.postData.text",
                                      "request.postData.params[].name",
                                      "request.postData.params[].value",
                                      "request.postData._encoding",
                                      "request.postData.encoding",
                                      "request.headersSize",
                                      "request.bodySize",
                                      "response.status",
                                      "response.statusText",
                                      "response.httpVersion",
                                      "response.headers[].name",
                                      "response.headers[].value",
                                      "response.cookies",
                                      "response.content.size",
                                      "response.content.compression",
                                      "response.content.mimeType",
                                      "response.content.text",
                                      "response.content.encoding",
                                      "response.redirectURL",
                                      "response.headersSize",
                                      "response.bodySize",
                                      "_keploy",
                                      "_incomplete",
                                      "_resourceType",  // see report_resource_type()
                                      "_streamChunks",
                                      "_eventSourceMessages"};

/// What kind of request it was is seen by its answer again where that is an event stream.
void report_resource_type(const Exchange& exchange, const stream::Place& place, const stream::FindingSink& report) {
  const std::string_view type = exchange.request->entry["_resourceType"].string_or("");
  if (type.empty() || (type == "eventsource" && exchange.kind() == stream::StreamKind::sse)) return;
  report_loss("_resourceType", "_resourceType is left out: keploy has no place for it", place, report);
}

/// When an answer ended is seen where its parts have their times, and to the second in `created`.
void report_times(const Document& document, const stream::Place& place, const stream::FindingSink& report) {
  const Document::Response& response = document.response;
  if (document.kept.is_object() || response.end <= response.at || response.stream) return;
  const bool in_parts = document.form == Document::Form::test || response.structured;
  if (in_parts && !response.flat && !chunks_of(response).empty()) return;
  report_loss("timings-receive", "how long the body took is left out: keploy has a place for it in streams only", place, report);
  report_loss("time", "when the answer ended is left out, but for the second: keploy has a place for it in streams only", place,
              report);
}

/// A YAML value as Go's encoder writes it in JSON; the members of maps in the order that Go gives them, but for the fields of
/// events, whose order says something.
void put_json(std::string& out, const YamlNode& node, bool sorted = true) {
  switch (node.kind) {
    case YamlNode::Kind::null:
      out += "null";
      return;
    case YamlNode::Kind::sequence:
      out += '[';
      for (const YamlNode& item : node.items) {
        if (&item != &node.items.front()) out += ',';
        put_json(out, item);
      }
      out += ']';
      return;
    case YamlNode::Kind::mapping: {
      std::vector<const std::pair<YamlNode, YamlNode>*> members;
      for (const auto& member : node.members) members.push_back(&member);
      if (sorted)
        std::stable_sort(members.begin(), members.end(),
                         [](const auto* a, const auto* b) { return a->first.text < b->first.text; });
      const bool chunk =
          node.members.size() <= 2 && node.find("data") != nullptr && node.find("data")->kind == YamlNode::Kind::mapping;
      out += '{';
      for (const auto* member : members) {
        if (member != members.front()) out += ',';
        put_go_string(out, member->first.text);
        out += ':';
        put_json(out, member->second, !chunk);
      }
      out += '}';
      return;
    }
    case YamlNode::Kind::scalar:
      break;
  }
  if (node.plain) {
    const auto value = stream::parse_json(node.text);
    if (value && (value->is_number() || value->is_bool())) {
      out += node.text;
      return;
    }
  }
  if (node.binary) {  // what is no UTF-8 is lost, as Go loses it
    put_go_string(out, stream::base64_decode(node.text).value_or(node.text));
  } else {
    put_go_string(out, node.text);
  }
}

bool is_text(const Document& document) {
  std::string body;
  for (const TimedBytes& piece : document.response.body) body += piece.bytes;
  return stream::is_utf8(document.request.body) && stream::is_utf8(body);
}

/// Whether a map of Go's could not hold the fields of an event.
bool repeats_fields(const std::vector<Chunk>& chunks) {
  return std::any_of(chunks.begin(), chunks.end(), [](const Chunk& chunk) {
    std::set<std::string_view> names;
    return std::any_of(chunk.fields.begin(), chunk.fields.end(),
                       [&](const auto& field) { return !names.insert(field.first).second; });
  });
}

/// What of a document stands in JSON behind its name: ,"spec":{…},"curl":"…"}
Result<std::string> json_rest(const Document& document, const stream::Limits& limits) {
  const std::string yaml = document_rest(document);
  stream::YamlLimits most;
  most.max_bytes = std::max(limits.max_entry, 2 * yaml.size());
  most.max_nodes = std::max<std::size_t>(limits.max_entry / 64, 1000);
  STREAM_ASSIGN(const auto nodes, stream::parse_yaml(yaml, "", most));
  std::string out;
  for (const auto& [key, value] : nodes.front().members) {
    out += ',';
    put_go_string(out, key.text);
    out += ':';
    put_json(out, value);
  }
  return out + "}\n";
}

bool is_file_name(std::string_view name) {
  return !name.empty() && name.size() <= 200 && name.front() != '.' &&
         name.find_first_of(std::string_view("/\\\0\n", 4)) == std::string_view::npos;
}

/// The names of test cases, or of mocks: their own, or else numbers.
class Names {
 public:
  Names(std::string_view prefix, std::uint64_t first) : prefix_(prefix), next_(first) {}
  std::string name(std::string_view own) {
    if (is_file_name(own) && used_.insert(std::string(own)).second) return std::string(own);
    for (;;) {
      std::string name = fmt::format("{}{}", prefix_, next_++);
      if (used_.insert(name).second) return name;
    }
  }

 private:
  std::string_view prefix_;
  std::uint64_t next_;
  std::set<std::string> used_;
};

class Writer : public ExchangeWriter {
 public:
  Writer(stream::ByteSink& sink, const WriteOptions& options, Storage storage, Document::Form form, bool folder)
      : ExchangeWriter(sink, options), storage_(storage), form_(form), folder_(folder) {}

  Status write(std::string_view rendered) override {
    while (!rendered.empty()) {
      const std::string_view line = rendered.substr(0, rendered.find('\n'));
      rendered.remove_prefix(line.size() + 1);
      STREAM_ASSIGN(const Json json, stream::parse_json(line, {SIZE_MAX, stream::kDeepestLimit, 0}));
      STREAM_TRY(add(json));
    }
    return {};
  }

 protected:
  HeldMembers held() const override { return kHeld; }
  std::string_view format_name() const override { return "keploy"; }

  Status render_exchange(const Exchange& exchange, const Item& item, const RenderContext& context,
                         std::string& out) const override {
    auto made = from_exchange(exchange, form_, options().limits, item.where(), context.report);
    if (!made) return {};
    report_resource_type(exchange, item.where(), context.report);
    Document& document = made->document;
    Json line = Json::object();
    line.set("mock", Json(document.form == Document::Form::mock));
    if (const Json* name = document.kept.find("name"); name != nullptr) line.set("name", *name);
    if (const Json& mocks = document.kept[kMappings]; mocks.is_array()) line.set("mocks", mocks);
    line.set("comment", comment(document));
    if (folder_) {
      if (auto stream = take_stream(document, made->trailers, item.index + 1))
        line.set("stream", Json::Array{std::move(stream->path), std::move(stream->text)});
    } else {
      document.response.structured = true;
      if (!made->trailers.empty())
        report_loss("response-trailers", "the trailers are left out: keploy has a place for them in the file of a stream only",
                    item.where(), context.report);
    }
    report_times(document, item.where(), context.report);
    if (storage_ == Storage::json) {
      if (!is_text(document)) {
        report_loss("body-bytes", "a body is no text, and JSON storage has no other form: U+FFFD stands for what is none",
                    item.where(), context.report);
      }
      document.response.flat = repeats_fields(chunks_of(document.response));
      STREAM_ASSIGN(std::string rest, json_rest(document, options().limits));
      line.set("rest", std::move(rest));
    } else {
      line.set("rest", document_rest(document));
    }
    write_json(out, line);
    out += '\n';
    return {};
  }

  virtual Status add(const Json& line) = 0;

  std::string text(const Json& line, std::string_view name) const {
    const std::string_view rest = line["rest"].string_or("");
    if (storage_ == Storage::yaml) return document_head(name).append(rest);
    std::string out = R"({"version":"api.keploy.io/v1beta1","kind":"Http","name":)";
    put_go_string(out, name);
    return out.append(rest);
  }
  Storage storage() const { return storage_; }
  Names& names(const Json& line) { return line["mock"].bool_or(false) ? mocks_ : tests_; }

 private:
  /// The first line of a file: as it was, or who has made it.
  std::string comment(const Document& document) const {
    if (storage_ == Storage::json) return {};
    std::string text(document.kept[kLayout]["comment"].string_or(""));
    if (text.empty() && !document.kept.is_object() && options().creator.is_object()) {
      text = fmt::format("# Generated by {} ({})", options().creator["name"].string_or("hartape"),
                         options().creator["version"].string_or(""));
    }
    std::replace_if(
        text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
    if (!text.starts_with("# ")) return {};
    return text + "\n";
  }

  Storage storage_;
  Document::Form form_;
  bool folder_;
  Names tests_{"test-", 1};
  Names mocks_{"mock-", 0};
};

class FileWriter final : public Writer {
 public:
  FileWriter(stream::ByteSink& sink, const WriteOptions& options, Storage storage, Document::Form form)
      : Writer(sink, options, storage, form, false) {}

 private:
  Status add(const Json& line) override {
    std::string out;
    if (storage() == Storage::yaml) out = std::exchange(begun_, true) ? "---\n" : line["comment"].string_or("");
    out += text(line, names(line).name(line["name"].string_or("")));
    return sink().write(out);
  }

  bool begun_ = false;
};

/// For what is not there: a folder has no sink.
class NoSink final : public stream::ByteSink {
 public:
  Status write(std::string_view) override { return {}; }
  Status flush() override { return {}; }
  Status finish() override { return {}; }
  const std::string& name() const override { return name_; }

 private:
  std::string name_;
};

struct HasNoSink {
  NoSink none{};
};

class FolderWriter final : private HasNoSink, public Writer {
 public:
  FolderWriter(stream::OutputFolder& folder, const WriteOptions& options, Storage storage, Document::Form form)
      : Writer(none, options, storage, form, true), output_(folder) {}

  Status finish() override {
    if (mocks_ != nullptr) STREAM_TRY(mocks_->finish());
    mocks_.reset();
    if (mappings_.empty()) return {};
    return output_.put("mappings" + suffix(), mappings());
  }

 private:
  std::string suffix() const { return storage() == Storage::yaml ? ".yaml" : ".json"; }

  Status add(const Json& line) override {
    const bool mock = line["mock"].bool_or(false);
    const std::string name = names(line).name(line["name"].string_or(""));
    std::string document = text(line, name);
    if (const Json& stream = line["stream"]; stream.is_array()) STREAM_TRY(add_stream(stream, document));
    if (!mock) {
      if (const Json& mocks = line["mocks"]; mocks.is_array())
        mappings_.push_back(Json::Object{{"id", name}, {"mock_entries", mocks}});
      return output_.put("tests/" + name + suffix(), std::string(line["comment"].string_or("")).append(document));
    }
    if (mocks_ == nullptr) {
      STREAM_ASSIGN(mocks_, output_.create("mocks" + suffix()));
      document.insert(0, line["comment"].string_or(""));
    } else if (storage() == Storage::yaml) {
      document.insert(0, "---\n");
    }
    return mocks_->write(document);
  }

  /// Two streams of one name: what came first keeps it.
  Status add_stream(const Json& stream, std::string& document) {
    const std::string& path = stream.as_array()[0].as_string();
    std::string used = path;
    for (std::size_t n = 2; !streams_.insert(used).second; ++n) {
      const std::size_t dot = path.ends_with(".ndjson") ? path.size() - 7 : path.size();
      used = fmt::format("{}_{}{}", path.substr(0, dot), n, path.substr(dot));
    }
    if (used != path) {
      if (const std::size_t at = document.rfind(path); at != std::string::npos) document.replace(at, path.size(), used);
    }
    return output_.put(used, stream.as_array()[1].as_string());
  }

  std::string mappings() const {
    const std::string set = output_.path().substr(output_.path().rfind('/') + 1);
    if (storage() == Storage::json) {
      const Json all = Json::Object{
          {"version", "api.keploy.io/v1beta1"}, {"kind", "TestMocksMapping"}, {"testSetId", set}, {"tests", mappings_}};
      return to_json(all, {2, 0}) + "\n";
    }
    std::string out = "version: api.keploy.io/v1beta1\nkind: TestMocksMapping\n";
    put_member(out, 0, "test_set_id", set);
    put_value(out, 0, "tests", mappings_);
    return out;
  }

  stream::OutputFolder& output_;
  std::unique_ptr<stream::ByteSink> mocks_;
  Json::Array mappings_;
  std::set<std::string> streams_;
};

}  // namespace

std::unique_ptr<ItemWriter> make_writer(stream::ByteSink& sink, const WriteOptions& options, Storage storage,
                                        Document::Form form) {
  return std::make_unique<FileWriter>(sink, options, storage, form);
}

std::unique_ptr<ItemWriter> make_folder_writer(stream::OutputFolder& folder, const WriteOptions& options, Storage storage,
                                               Document::Form form) {
  return std::make_unique<FolderWriter>(folder, options, storage, form);
}

}  // namespace har::format::keploy

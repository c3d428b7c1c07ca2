#include "stream/text/yaml.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <map>
#include <optional>
#include <sstream>

namespace stream {
namespace {

Place place_of(const YAML::Mark& mark, const std::string& source, std::uint64_t first_line) {
  Place place;
  place.source = source;
  if (mark.line >= 0) {
    place.line = static_cast<std::uint64_t>(mark.line) + first_line;
    place.column = static_cast<std::uint64_t>(mark.column) + 1;
  }
  return place;
}

/// Builds the tree. What goes too far is remembered, and the rest of the text is passed over.
class Builder : public YAML::EventHandler {
 public:
  Builder(const std::string& source, const YamlLimits& limits, std::uint64_t first_line)
      : source_(source), limits_(limits), first_line_(first_line) {}

  const std::optional<Error>& error() const { return error_; }
  YamlNode take() { return std::move(document_); }

  void OnDocumentStart(const YAML::Mark&) override {
    open_.clear();
    anchors_.clear();
    document_ = {};
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { add(make(YamlNode::Kind::null, mark), anchor); }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, const std::string& value) override {
    YamlNode node = make(YamlNode::Kind::scalar, mark);
    node.plain = tag == "?";
    node.binary = tag == "tag:yaml.org,2002:binary";
    node.text = value;
    add(std::move(node), anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    begin(YamlNode::Kind::sequence, mark, anchor);
  }
  void OnSequenceEnd() override { end(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    begin(YamlNode::Kind::mapping, mark, anchor);
  }
  void OnMapEnd() override { end(); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto known = anchors_.find(anchor);
    if (known == anchors_.end()) return refuse(mark, "an alias inside of what it stands for");
    count(known->second);
    check_size(known->second);
    if (!error_) add(known->second, 0);
  }

 private:
  struct Open {
    YamlNode node;
    YAML::anchor_t anchor = 0;
    std::optional<YamlNode> name{};  // of the next member
  };

  YamlNode make(YamlNode::Kind kind, const YAML::Mark& mark) const {
    YamlNode node;
    node.kind = kind;
    const Place place = place_of(mark, {}, first_line_);
    node.line = place.line;
    node.column = place.column;
    return node;
  }
  void refuse(const YAML::Mark& mark, std::string_view what) {
    if (!error_) error_ = Error{ErrorCode::limit, std::string(what), place_of(mark, source_, first_line_), {}};
  }
  void begin(YamlNode::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (open_.size() >= limits_.max_depth) refuse(mark, fmt::format("nested deeper than {} levels", limits_.max_depth));
    if (!error_) open_.push_back({make(kind, mark), anchor, {}});
  }
  void end() {
    if (error_) return;
    Open done = std::move(open_.back());
    open_.pop_back();
    add(std::move(done.node), done.anchor);
  }
  void check_size(const YamlNode& node) {
    if (!error_ && (nodes_ > limits_.max_nodes || bytes_ > limits_.max_bytes))
      error_ = Error{ErrorCode::limit, "the text would become too large", {source_, node.line, node.column, {}, {}}, {}};
  }
  // A copy counts with all that is in it; what is built bit by bit was counted so.
  void count(const YamlNode& node) {
    ++nodes_;
    bytes_ += node.text.size();
    if (nodes_ > limits_.max_nodes || bytes_ > limits_.max_bytes) return;
    for (const YamlNode& item : node.items) count(item);
    for (const auto& [name, value] : node.members) {
      count(name);
      count(value);
    }
  }
  void add(YamlNode node, YAML::anchor_t anchor) {
    if (node.items.empty() && node.members.empty()) count(node);
    if (anchor != 0) count(node);
    check_size(node);
    if (error_) return;
    if (anchor != 0) anchors_.insert_or_assign(anchor, node);
    if (open_.empty()) {
      document_ = std::move(node);
    } else if (Open& top = open_.back(); top.node.kind == YamlNode::Kind::sequence) {
      top.node.items.push_back(std::move(node));
    } else if (!top.name) {
      top.name = std::move(node);
    } else {
      top.node.members.emplace_back(std::move(*top.name), std::move(node));
      top.name.reset();
    }
  }

  const std::string& source_;
  YamlLimits limits_;
  std::uint64_t first_line_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, YamlNode> anchors_;
  YamlNode document_;
  std::size_t nodes_ = 0;
  std::size_t bytes_ = 0;
  std::optional<Error> error_;
};

}  // namespace

const YamlNode* YamlNode::find(std::string_view name) const {
  const YamlNode* out = nullptr;
  for (const auto& [key, value] : members) {
    if (key.kind == Kind::scalar && key.text == name) out = &value;
  }
  return out;
}

Result<std::vector<YamlNode>> parse_yaml(std::string_view text, const std::string& source, const YamlLimits& limits,
                                         std::uint64_t first_line) {
  if (text.size() > limits.max_bytes) {
    const std::size_t bytes = limits.max_bytes;
    const bool whole = bytes % (std::size_t{1} << 20) == 0;
    return fail({ErrorCode::limit,
                 fmt::format("more than {} {} of YAML", whole ? bytes >> 20U : bytes, whole ? "MiB" : "bytes"),
                 {source},
                 {}});
  }
  std::vector<YamlNode> out;
  std::istringstream in{std::string(text)};
  Builder builder(source, limits, first_line);
  try {
    YAML::Parser parser(in);
    while (parser.HandleNextDocument(builder)) {
      if (builder.error()) return fail(*builder.error());
      out.push_back(builder.take());
    }
  } catch (const YAML::Exception& error) {
    if (builder.error()) return fail(*builder.error());
    // Positions are part of its what(), and stand in our place.
    std::string hint;
    if (error.msg == YAML::ErrorMsg::UNKNOWN_TOKEN) hint = "a value that begins with @, %, * or & must stand in quotes";
    return fail(
        {ErrorCode::syntax, fmt::format("no YAML: {}", error.msg), place_of(error.mark, source, first_line), std::move(hint)});
  }
  if (builder.error()) return fail(*builder.error());
  return out;
}

bool begins_yaml_document(std::string_view line) {
  return line.starts_with("---") && (line.size() == 3 || line[3] == ' ' || line[3] == '\t' || line[3] == '\r');
}

}  // namespace stream

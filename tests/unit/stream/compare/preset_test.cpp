#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <numeric>
#include <set>

#include "exchanges.hpp"
#include "stream/codec/ndjson.hpp"
#include "stream/codec/sse.hpp"
#include "stream/compare/path.hpp"
#include "stream/compare/preset.hpp"
#include "stream/text/json.hpp"

namespace {

using Lines = std::vector<std::string>;
using stream::StreamKind;
using stream::StreamPreset;

/// What a user who names the preset asks for.
stream::CompareOptions options_of(std::string_view name) {
  const StreamPreset* preset = stream::find_stream_preset(name);
  REQUIRE(preset != nullptr);
  stream::CompareOptions options;
  for (const auto& join : preset->join) {
    stream::JoinRule rule;
    rule.spelling = join.path;
    rule.path = stream::parse_path(join.path).value();
    for (const auto by : join.by) rule.by.push_back(stream::parse_path(by).value());
    options.join.push_back(std::move(rule));
  }
  for (const auto path : preset->ignore) REQUIRE(options.values.noise.ignore(path));
  for (const auto type : preset->ignore_events) options.left_out_events.emplace_back(type);
  return options;
}

std::string sse(const Lines& data) {
  std::string out;
  for (const std::string& line : data) out += "data: " + line + "\n\n";
  return out;
}

/// What differs between two event streams with these data.
std::vector<std::string> differences(std::string_view preset, const Lines& expected, const Lines& actual) {
  return exchanges::compare_bodies(StreamKind::sse, sse(expected), sse(actual), options_of(preset));
}

std::string producer(const std::string& file) {
  const auto has = [&](std::string_view word) { return file.find(word) != std::string::npos; };
  if (has("amazon-bedrock")) return "";                      // its wire form is no event stream
  if (has("anthropic-fallback-tool-call")) return "openai";  // through OpenAI's interface
  if (has("anthropic")) return "anthropic";
  if (has("gemini") || has("google")) return "gemini";
  if (has("cohere")) return "cohere";
  if (has("responses___") || has("alibaba") || has("groq") || has("mistral") || has("moonshot")) return "openai";
  return "";
}

std::vector<stream::Json> values(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  std::vector<stream::Json> out;
  const auto add = [&](const std::string& text) {
    if (auto value = stream::parse_json(text)) out.push_back(std::move(*value));
  };
  if (path.string().ends_with(".chunks.txt")) {
    std::vector<stream::NdjsonItem> items;
    stream::NdjsonDecoder decoder;
    REQUIRE(decoder.feed(bytes, items));
    REQUIRE(decoder.finish(items));
    for (const auto& item : items) add(item.text);
  } else {
    std::vector<stream::SseItem> items;
    stream::SseDecoder decoder;
    REQUIRE(decoder.feed(bytes, items));
    REQUIRE(decoder.finish(items));
    for (const auto& item : items) {
      if (item.kind == stream::SseItem::Kind::event) add(item.event.data);
    }
  }
  return out;
}

/// Finds which patterns name a string.
class Seen {
 public:
  explicit Seen(const std::vector<StreamPreset::Join>& joins) : matcher_(patterns(joins)), active_(joins.size()) {
    std::iota(active_.begin(), active_.end(), 0U);
  }
  void look(const stream::Json& value) { walk(value, matcher_.start(active_)); }
  bool has(std::size_t join) const { return found_.count(static_cast<std::uint32_t>(join)) != 0; }

 private:
  static std::vector<stream::PathPattern> patterns(const std::vector<StreamPreset::Join>& joins) {
    std::vector<stream::PathPattern> out;
    for (const auto& join : joins) out.push_back(stream::parse_path(join.path).value());
    return out;
  }
  void walk(const stream::Json& value, stream::PathMatcher::State state) {
    if (state == stream::PathMatcher::kNothing) return;
    if (value.is_string()) {
      for (const auto index : matcher_.matched(state)) found_.insert(index);
    } else if (value.is_array()) {
      for (std::size_t i = 0; i < value.as_array().size(); ++i) walk(value.as_array()[i], matcher_.element(state, i));
    } else if (value.is_object()) {
      for (const auto& [name, member] : value.as_object()) walk(member, matcher_.member(state, name));
    }
  }

  stream::PathMatcher matcher_;
  std::vector<std::uint32_t> active_;
  std::set<std::uint32_t> found_;
};

}  // namespace

TEST_CASE("every pattern of a preset is one, and presets are found by name") {
  std::vector<std::string> names;
  for (const StreamPreset& preset : stream::stream_presets()) {
    CAPTURE(preset.name);
    names.emplace_back(preset.name);
    CHECK_FALSE(preset.description.empty());
    CHECK_FALSE(preset.join.empty());
    for (const auto& join : preset.join) {
      CAPTURE(join.path);
      CHECK(stream::parse_path(join.path));
      for (const auto by : join.by) CHECK(stream::parse_path(by));
    }
    std::set<std::string_view> ignored;
    for (const auto path : preset.ignore) {
      CAPTURE(path);
      CHECK(stream::parse_path(path));
      CHECK(ignored.insert(path).second);
    }
    CHECK(stream::find_stream_preset(preset.name) == &preset);
  }
  CHECK(std::is_sorted(names.begin(), names.end()));
  CHECK(stream::find_stream_preset("nobody") == nullptr);
}

TEST_CASE("what presets join is in recordings of those interfaces, but for what is known from their documents") {
  const char* root = std::getenv("HARTAPE_CORPUS");
  if (root == nullptr || !std::filesystem::is_directory(std::filesystem::path(root) / "sse")) {
    WARN("skipped: HARTAPE_CORPUS names no folder with sse/ in it");
    return;
  }
  std::map<std::string, Seen, std::less<>> seen;
  for (const StreamPreset& preset : stream::stream_presets()) seen.try_emplace(std::string(preset.name), preset.join);
  std::map<std::string, int> files;
  for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(root) / "sse")) {
    const auto found = seen.find(producer(entry.path().filename().string()));
    if (found == seen.end()) continue;
    ++files[found->first];
    for (const stream::Json& value : values(entry.path())) found->second.look(value);
  }
  CHECK(files["anthropic"] >= 15);
  CHECK(files["gemini"] >= 20);
  CHECK(files["openai"] >= 15);
  CHECK(files["cohere"] >= 1);

  std::vector<std::string> unseen;
  for (const StreamPreset& preset : stream::stream_presets()) {
    for (std::size_t i = 0; i < preset.join.size(); ++i) {
      if (!seen.at(std::string(preset.name)).has(i)) {
        unseen.push_back(std::string(preset.name) + " " + std::string(preset.join[i].path));
      }
    }
  }
  CHECK(unseen == Lines{
                      "anthropic /delta/thinking",
                      "cohere /delta/message/content/thinking",
                      "cohere /delta/message/tool_calls/function/arguments",
                      "ollama /message/content",
                      "ollama /message/thinking",
                      "ollama /response",
                      "ollama /thinking",
                      "openai /choices/*/delta/refusal",
                      "openai /choices/*/delta/reasoning",
                      "openai /choices/*/delta/tool_calls/*/custom/input",
                      "openai /choices/*/delta/function_call/arguments",
                      "openai /choices/*/delta/audio/transcript",
                      "openai /choices/*/delta/audio/data",
                      "openai /choices/*/text",
                  });
}

TEST_CASE("openai: tool calls of one answer are kept apart, and their names are compared") {
  const auto call = [](int index, std::string_view name, std::string_view arguments) {
    std::string function = name.empty() ? "" : "\"name\":\"" + std::string(name) + "\",";
    return R"({"id":"c)" + std::to_string(index) + R"(","choices":[{"index":0,"delta":{"tool_calls":[{"index":)" +
           std::to_string(index) + R"(,"function":{)" + function + R"("arguments":")" + std::string(arguments) + R"("}}]}}]})";
  };
  const Lines expected{call(0, "now", ""), call(0, "", "{}"), call(1, "add", ""), call(1, "", "[1,"), call(1, "", "2]")};
  CHECK(differences("openai", expected,
                    {call(0, "now", ""), call(0, "", "{"), call(0, "", "}"), call(1, "add", ""), call(1, "", "[1,2]")})
            .empty());
  CHECK(
      differences("openai", expected, {call(0, "now", ""), call(0, "", "{}["), call(1, "add", ""), call(1, "", "1,2]")}).size() ==
      2);
  CHECK(
      differences("openai", expected, {call(0, "now", ""), call(0, "", "{}"), call(1, "sub", ""), call(1, "", "[1,2]")}).size() ==
      1);
}

TEST_CASE("openai: a text and a refusal of the Responses interface are two texts; what varies with the cut is left out") {
  const auto delta = [](std::string_view type, int number, std::string_view text) {
    return R"({"type":"response.)" + std::string(type) + R"(.delta","sequence_number":)" + std::to_string(number) +
           R"(,"item_id":"msg_)" + std::to_string(number) + R"(","output_index":0,"content_index":0,"delta":")" +
           std::string(text) + R"(","obfuscation":")" + std::string(static_cast<std::size_t>(number), 'x') + "\"}";
  };
  const Lines expected{delta("output_text", 1, "Hel"), delta("output_text", 2, "lo"), delta("refusal", 3, "no")};
  CHECK(differences("openai", expected, {delta("output_text", 7, "Hello"), delta("refusal", 8, "n"), delta("refusal", 9, "o")})
            .empty());
  CHECK(differences("openai", expected, {delta("output_text", 7, "Hell"), delta("refusal", 8, "ono")}).size() == 2);
}

TEST_CASE("anthropic: where a ping comes makes no difference, in which block a text is does") {
  const auto block = [](int index, std::string_view kind, std::string_view text) {
    return "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":" + std::to_string(index) +
           ",\"delta\":{\"type\":\"" + std::string(kind) + "_delta\",\"" + std::string(kind) + "\":\"" + std::string(text) +
           "\"}}\n\n";
  };
  const std::string ping = "event: ping\ndata: {\"type\": \"ping\"}\n\n";
  const auto compare = [](const std::string& expected, const std::string& actual) {
    return exchanges::compare_bodies(StreamKind::sse, expected, actual, options_of("anthropic"));
  };
  const std::string expected = block(0, "thinking", "hm") + ping + block(1, "text", "Hel") + block(1, "text", "lo");
  CHECK(compare(expected,
                block(0, "thinking", "h") + block(0, "thinking", "m") + block(1, "text", "H") + ping + block(1, "text", "ello"))
            .empty());
  CHECK_FALSE(compare(expected, block(0, "thinking", "hmH") + block(1, "text", "ello")).empty());
  CHECK_FALSE(compare(expected, block(0, "text", "hm") + block(1, "text", "Hello")).empty());
}

TEST_CASE("gemini: what was thought and what was said are two texts") {
  const auto part = [](bool thought, std::string_view text) {
    return R"({"candidates":[{"content":{"parts":[{"text":")" + std::string(text) + '"' + (thought ? R"(,"thought":true)" : "") +
           R"(}],"role":"model"},"index":0}],"usageMetadata":{"totalTokenCount":)" + std::to_string(text.size()) + "}}";
  };
  const Lines expected{part(true, "so "), part(true, "what"), part(false, "this")};
  CHECK(differences("gemini", expected, {part(true, "so what"), part(false, "th"), part(false, "is")}).empty());
  CHECK(differences("gemini", expected, {part(true, "so whatt"), part(false, "his")}).size() == 2);
}

TEST_CASE("ollama: times and counts are left out, the reason of the end is not") {
  const auto piece = [](std::string_view text, int at) {
    return R"({"model":"m","created_at":"2026-11-22T09:15:30.)" + std::to_string(at) +
           R"(Z","message":{"role":"assistant","content":")" + std::string(text) + "\"},\"done\":false}\n";
  };
  const auto last = [](std::string_view reason, int count) {
    return R"({"model":"m","created_at":"2026-11-22T09:15:31Z","message":{"role":"assistant","content":""},"done_reason":")" +
           std::string(reason) + R"(","done":true,"total_duration":)" + std::to_string(count) +
           ",\"eval_count\":" + std::to_string(count) + "}\n";
  };
  const auto compare = [](const std::string& expected, const std::string& actual) {
    return exchanges::compare_bodies(StreamKind::ndjson, expected, actual, options_of("ollama"));
  };
  const std::string expected = piece("The ", 1) + piece("sky", 2) + last("stop", 3);
  CHECK(compare(expected, piece("The sky", 5) + last("stop", 4)).empty());
  CHECK(compare(expected, piece("The sky", 5) + last("length", 4)).size() == 1);
  CHECK(compare(expected, piece("The sea", 5) + last("stop", 4)).size() == 1);
}

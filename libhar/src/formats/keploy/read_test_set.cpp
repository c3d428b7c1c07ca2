// A folder of documents, read file by file.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <vector>

#include "formats/formats.hpp"
#include "formats/keploy/go_yaml.hpp"
#include "formats/keploy/keploy.hpp"
#include "formats/keploy/test_set.hpp"

namespace har::format::keploy {
namespace {

namespace fs = std::filesystem;
using stream::Json;
using stream::Result;
using stream::YamlNode;

bool is_document(std::string_view name) {
  return !name.starts_with('.') && (name.ends_with(".yaml") || name.ends_with(".yml") || name.ends_with(".json"));
}

/// The files of test cases, test-2 before test-10; then those of mocks.
std::vector<std::string> files_of(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(folder + "/tests", error), end; !error && entry != end; entry.increment(error)) {
    std::error_code ignored;
    const std::string name = entry->path().filename().string();
    if (is_document(name) && entry->is_regular_file(ignored)) names.push_back(name);
  }
  std::sort(names.begin(), names.end(), key_less);
  std::vector<std::string> out;
  for (const std::string& name : names) out.push_back(folder + "/tests/" + name);
  for (const std::string_view name : {"mocks.yaml", "mocks.yml", "mocks.json"}) {
    std::error_code ignored;
    if (fs::is_regular_file(fmt::format("{}/{}", folder, name), ignored)) out.push_back(fmt::format("{}/{}", folder, name));
  }
  return out;
}

/// The mocks of one test case, in the form that Keploy writes now.
Json mocks_of(const YamlNode& test) {
  Json::Array out;
  if (const YamlNode* entries = test.find("mock_entries"); entries != nullptr) return json_of(*entries);
  const YamlNode* const mocks = test.find("mocks");
  if (mocks == nullptr) return Json(std::move(out));
  for (const YamlNode& item : mocks->items) {
    out.push_back(item.kind == YamlNode::Kind::mapping ? json_of(item) : Json(Json::Object{{"name", item.text}}));
  }
  if (mocks->kind == YamlNode::Kind::scalar) {
    for (std::string_view rest = mocks->text; !rest.empty();) {  // "mock-0,mock-1"
      const std::string_view name = rest.substr(0, rest.find(','));
      rest.remove_prefix(std::min(name.size() + 1, rest.size()));
      if (!name.empty()) out.push_back(Json::Object{{"name", name}});
    }
  }
  return Json(std::move(out));
}

class TestSet final : public ItemReader {
 public:
  TestSet(std::string folder, const ReadOptions& options)
      : folder_(std::move(folder)), options_(options), files_(files_of(folder_)) {}

  Result<std::optional<Item>> next() override {
    if (!std::exchange(begun_, true)) {
      for (const std::string_view name : {"mappings.yaml", "mappings.yml", "mappings.json"}) read_mappings(name);
    }
    for (;;) {
      if (reader_ == nullptr) {
        if (at_ == files_.size()) return std::optional<Item>();
        auto source = stream::open_input(files_[at_++], {options_.limits});
        if (!source) return stream::fail(std::move(source).error());
        source_ = std::move(*source);
        reader_ = kKeploy.open_reader(*source_, options_);
      }
      auto item = reader_->next();
      if (!item) {
        if (!reader_->can_continue()) reader_.reset();
        return stream::fail(std::move(item).error());
      }
      if (!*item) {
        reader_.reset();
        continue;
      }
      (*item)->index = index_++;
      stream::Exchange& exchange = *(*item)->exchange;
      exchange.id = std::to_string(index_);
      add_mappings(exchange);
      return item;
    }
  }
  /// What is broken costs its file at most.
  bool can_continue() const override { return true; }
  const LogInfo& info() const override { return info_; }

 private:
  void read_mappings(std::string_view name) {
    const std::string path = fmt::format("{}/{}", folder_, name);
    std::error_code ignored;
    if (!fs::is_regular_file(path, ignored)) return;
    const auto warn = [&](const stream::Error& error) {
      if (options_.report)
        options_.report({stream::Level::warning, "keploy-mappings", error.message + ": the mappings are left out",
                         error.place.source.empty() ? stream::Place{path} : error.place});
    };
    auto source = stream::open_input(path, {options_.limits});
    if (!source) return warn(source.error());
    auto text = stream::read_all(**source, options_.limits.max_entry);
    if (!text) return warn(text.error());
    YamlNode root;
    if (name.ends_with(".json")) {
      auto json = stream::parse_json(*text, options_.limits);
      if (!json) return warn(json.error());
      root = node_of(*json, 1);
    } else {
      stream::YamlLimits limits;
      limits.max_bytes = options_.limits.max_entry;
      limits.max_nodes = std::max<std::size_t>(options_.limits.max_entry / 256, 1000);
      auto nodes = stream::parse_yaml(*text, path, limits);
      if (!nodes) return warn(nodes.error());
      if (!nodes->empty()) root = std::move(nodes->front());
    }
    const YamlNode* const tests = root.find("tests");
    if (tests == nullptr) return;
    for (const YamlNode& test : tests->items) {
      const YamlNode* const id = test.find("id");
      if (id != nullptr && !id->text.empty()) mappings_[id->text] = mocks_of(test);
    }
  }

  void add_mappings(stream::Exchange& exchange) const {
    if (mappings_.empty() || !exchange.request || !exchange.request->entry.is_object()) return;
    Json* const kept = exchange.request->entry.find("_keploy");
    if (kept == nullptr || kept->find("reqTimestampMock") != nullptr) return;
    const auto found = mappings_.find(std::string((*kept)["name"].string_or("")));
    if (found != mappings_.end()) kept->set(kMappings, found->second);
  }

  std::string folder_;
  ReadOptions options_;
  std::vector<std::string> files_;
  std::size_t at_ = 0;
  std::unique_ptr<stream::ByteSource> source_;
  std::unique_ptr<ItemReader> reader_;
  std::map<std::string, Json, std::less<>> mappings_;
  std::size_t index_ = 0;
  bool begun_ = false;
  LogInfo info_;
};

}  // namespace

int sniff_test_set(const std::string& path) {
  std::vector<std::string> files = files_of(path);
  files.resize(std::min<std::size_t>(files.size(), 20));
  for (const std::string& file : files) {
    const auto source = stream::open_input(file, {});
    if (!source) continue;
    std::string head(4096, '\0');
    const auto count = (*source)->read({head.data(), head.size()});
    if (count && kKeploy.sniff(std::string_view(head).substr(0, *count)) >= 90) return 95;
  }
  return 0;
}

std::unique_ptr<ItemReader> open_test_set(const std::string& path, const ReadOptions& options) {
  return std::make_unique<TestSet>(path, options);
}

}  // namespace har::format::keploy

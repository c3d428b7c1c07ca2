#pragma once

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "har/merge.hpp"

/// Merges of texts, for tests.
namespace har::test {

/// A folder that goes when this does.
class Folder {
 public:
  Folder() {
    std::string path = (std::filesystem::temp_directory_path() / "hartape-test-XXXXXX").string();
    if (::mkdtemp(path.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = path;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string write(const std::string& name, std::string_view text) const {
    const std::string path = (path_ / name).string();
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

/// How a merge can be done: the result must be the same.
enum class Way {
  straight,  ///< as if everything were in order, and again if it is not
  surveyed,  ///< read through first
  sorted,    ///< as what comes from pipes
};
inline constexpr Way kWays[] = {Way::straight, Way::surveyed, Way::sorted};

struct Merged {
  stream::Result<MergeResult> result{};
  std::string text{};
  std::vector<std::string> errors{};
  std::vector<std::string> findings{};  ///< rules
};

struct Text {
  std::string text{};
  stream::Nanos shift{0};
  std::string name{};  ///< of the file; without it a.har, b.har …
};

inline Merged merge_texts(const std::vector<Text>& texts, MergeOptions options = {}, Way way = Way::straight) {
  const Folder folder;
  Merged merged;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::string name = texts[i].name.empty() ? std::string(1, static_cast<char>('a' + i)) + ".har" : texts[i].name;
    options.inputs.push_back({folder.write(name, texts[i].text), texts[i].shift});
  }
  options.tmp_dir = folder.path();
  if (way == Way::sorted) options.max_open = 0;
  options.threads = 2;
  options.say = [&](const Message& message) {
    if (const auto* error = std::get_if<stream::Error>(&message)) {
      merged.errors.push_back(error->message);
    } else {
      merged.findings.push_back(std::get<stream::Finding>(message).rule);
    }
  };
  MergeOutput output;
  output.open = [&]() -> stream::Result<std::unique_ptr<stream::ByteSink>> {
    merged.text.clear();
    return stream::string_sink(merged.text);
  };
  output.restartable = way == Way::straight;
  merged.result = merge(options, output);
  // The folder's name is another each time.
  const std::string path = folder.path() + "/";
  for (std::size_t at = 0; (at = merged.text.find(path, at)) != std::string::npos;) merged.text.erase(at, path.size());
  return merged;
}

/// "2026-11-22T09:15:30.123Z", so many milliseconds after nine o'clock.
inline std::string moment(int milliseconds) {
  return fmt::format("2026-11-22T09:{:02}:{:02}.{:03}Z", milliseconds / 60'000, milliseconds / 1000 % 60, milliseconds % 1000);
}

inline std::string entry(int milliseconds, std::string_view name, std::string_view more = "") {
  return fmt::format(
      R"({{"startedDateTime":"{}","time":1,"request":{{"method":"GET","url":"http://x/{}"}},"response":{{"status":200}},)"
      R"("cache":{{}},"timings":{{"send":0,"wait":1,"receive":0}}{}}})",
      moment(milliseconds), name, more);
}

inline std::string har_of(const std::vector<std::string>& entries, std::string_view before = "", std::string_view behind = "") {
  return fmt::format(R"({{"log":{{"version":"1.2","creator":{{"name":"t","version":"1"}},{}"entries":[{}]{}}}}})", before,
                     fmt::join(entries, ",\n"), behind);
}

/// The last parts of the entries' URLs, in order: "a1 b1 a2".
inline std::string order_of(const std::string& text) {
  std::string out;
  constexpr std::string_view kMark = "http://x/";
  for (std::size_t at = 0; (at = text.find(kMark, at)) != std::string::npos;) {
    at += kMark.size();
    out += (out.empty() ? "" : " ") + text.substr(at, text.find('"', at) - at);
  }
  return out;
}

}  // namespace har::test

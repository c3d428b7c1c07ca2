#pragma once

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <sstream>
#include <string>
#include <vector>

#include "har/capture/recorder.hpp"
#include "har/check/check.hpp"
#include "har/exchange.hpp"
#include "har/format.hpp"
#include "stream/text/json.hpp"

/// What the tests of the recorder share: a folder, a relay that tells what the test says, and what is in the files then.
namespace capturing {

using namespace har::capture;
using stream::Direction;
using stream::Json;
using stream::Nanos;
using stream::TapField;

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "hartape-capture-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path); }
  std::string operator/(std::string_view name) const { return (path / name).string(); }
  std::vector<std::string> names() const {
    std::vector<std::string> out;
    for (const auto& entry : std::filesystem::directory_iterator(path)) out.push_back(entry.path().filename().string());
    std::sort(out.begin(), out.end());
    return out;
  }
  std::filesystem::path path;
};

inline std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream out;
  out << file.rdbuf();
  return out.str();
}

inline std::vector<Json> lines(const std::string& path) {
  std::vector<Json> out;
  std::istringstream text(contents(path));
  for (std::string line; std::getline(text, line);) {
    auto json = stream::parse_json(line);
    INFO(line);
    REQUIRE(json);
    out.push_back(std::move(*json));
  }
  return out;
}

inline Json document(const std::string& path) {
  auto json = stream::parse_json(contents(path));
  REQUIRE(json);
  return std::move(*json);
}

inline Json::Array entries(const std::string& path) { return document(path)["log"]["entries"].as_array(); }

/// What harconv would make of it.
inline Json::Array converted(const std::string& path) {
  Json::Array out;
  auto input = har::open_items(path, std::nullopt, {}, {});
  REQUIRE(input);
  for (;;) {
    auto item = input->reader->next();
    REQUIRE(item);
    if (!*item) return out;
    auto entry = har::entry_of(**item, {});
    REQUIRE(entry);
    out.push_back(std::move(*entry));
  }
}

/// Members in the order of their names, so that documents that mean the same are the same.
inline Json sorted(Json value) {
  if (value.is_array()) {
    for (Json& each : value.as_array()) each = sorted(std::move(each));
  }
  if (value.is_object()) {
    for (stream::JsonMember& member : value.as_object()) member.value = sorted(std::move(member.value));
    std::sort(value.as_object().begin(), value.as_object().end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  }
  return value;
}

/// What harcheck says, but for what it only notes.
inline std::vector<std::string> complaints(const std::string& path, stream::Level from = stream::Level::warning) {
  std::vector<std::string> out;
  auto input = har::open_source(path, std::nullopt, {});
  REQUIRE(input);
  const auto done = har::check::check(*input, {}, [&](const stream::Finding& finding) {
    if (finding.level >= from) out.push_back(to_string(finding));
  });
  REQUIRE(done);
  return out;
}

/// A relay that tells what the test says, at the times that it says.
class Relay {
 public:
  static constexpr Nanos kZero{5'000'000'000};

  RecorderOptions options{};
  std::vector<Notice> notices{};

  Relay() {
    options.start = stream::parse_iso8601("2026-11-28T09:00:00Z")->time;
    options.zero = kZero;
    options.creator = Json::Object{{"name", "harproxy"}, {"version", "1"}};
    options.commit_interval = Nanos(0);
    options.clock = [this] { return kZero + Nanos(now_.load()); };
    options.report = [this](const Notice& notice) {
      const std::lock_guard lock(mutex_);
      notices.push_back(notice);
    };
  }
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;
  ~Relay() { recorder.reset(); }

  void record(const std::string& path) { options.outputs.push_back({OutputForm::recording, path}); }
  void har(const std::string& path) { options.outputs.push_back({OutputForm::har, path}); }
  void start() {
    auto opened = Recorder::open(options);
    INFO((opened ? "" : to_string(opened.error())));
    REQUIRE(opened);
    recorder = std::move(*opened);
  }
  void at(int ms) { now_ = std::int64_t{ms} * 1'000'000; }
  Nanos now() const { return kZero + Nanos(now_.load()); }

  stream::TapInterest request(std::uint64_t id, std::string_view url, std::vector<TapField> fields = {},
                              std::string_view method = "GET") {
    stream::TapRequest head;
    head.method = method;
    head.url = url;
    head.version = "HTTP/1.1";
    head.fields = fields;
    head.head_size = 100;
    head.websocket = url.starts_with("ws");
    head.connection.client = 1;
    head.connection.client_address = "127.0.0.1:51234";
    return recorder->request(id, now(), head);
  }
  stream::TapInterest response(std::uint64_t id, int status = 200, std::vector<TapField> fields = {}, bool mocked = false) {
    stream::TapResponse head;
    head.status = status;
    head.reason = status == 200 ? "OK" : status == 101 ? "Switching Protocols" : "";
    head.version = "HTTP/1.1";
    head.fields = fields;
    head.head_size = 80;
    head.timings = {Nanos(1'000'000), std::nullopt, std::nullopt, std::nullopt, Nanos(500'000), Nanos(3'500'000)};
    head.connection = {1, "127.0.0.1:51234", 7, "192.0.2.1", 443, true};
    head.mocked = mocked;
    return recorder->response(id, now(), head);
  }
  void sent(std::uint64_t id, std::string_view bytes) { recorder->request_data(id, now(), bytes); }
  void data(std::uint64_t id, std::string_view bytes) { recorder->data(id, now(), bytes); }
  void message(std::uint64_t id, Direction direction, std::string_view bytes, int opcode = 1, bool mocked = false) {
    stream::TapMessage message;
    message.direction = direction;
    message.opcode = opcode;
    message.data = bytes;
    message.mocked = mocked;
    message.size = bytes.size();
    recorder->message(id, now(), message);
  }
  void close(std::uint64_t id, Direction direction, int code, std::string_view reason) {
    recorder->close(id, now(), {direction, code, reason, false});
  }
  void end(std::uint64_t id, std::string_view reason = "eof", std::string_view error = {}, std::uint64_t wire = 0,
           std::vector<TapField> trailers = {}) {
    stream::TapEnd end;
    end.reason = reason;
    end.error = error;
    end.response_body_wire = wire;
    end.trailers = trailers;
    recorder->end(id, now(), end);
    recorder->idle();
  }
  /// One whole exchange.
  void exchange(std::uint64_t id, std::string_view url, std::string_view body, std::string_view type = "text/plain") {
    request(id, url, {{"Host", "a.example"}});
    response(id, 200, {{"Content-Type", type}});
    data(id, body);
    end(id, "eof", {}, body.size());
  }
  Summary finish() { return recorder->finish(); }

  std::unique_ptr<Recorder> recorder{};

 private:
  std::atomic<std::int64_t> now_{0};
  std::mutex mutex_;
};

}  // namespace capturing

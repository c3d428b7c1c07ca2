#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "har/match/matcher.hpp"

namespace test {

struct Row {
  std::string method{};
  std::string url{};
  std::string body{};
  std::string media_type{};
  std::vector<har::match::Header> headers{};
  bool websocket = false;
  int status = 200;
  std::string location{};
};

inline har::match::Request asked(std::string_view method, std::string_view url, std::string body = {},
                                 std::string media_type = {}, std::vector<har::match::Header> headers = {}) {
  har::match::Request request = har::match::make_request(method, url);
  request.body = std::move(body);
  request.media_type = std::move(media_type);
  request.headers = std::move(headers);
  return request;
}

inline har::match::Request upgrade(std::string_view url) {
  har::match::Request request = asked("GET", url);
  request.websocket = true;
  return request;
}

/// A matcher with rows in it.
class Table {
 public:
  Table(const har::match::MatchOptions& options, std::vector<Row> rows) : rows_(std::move(rows)) {
    auto made = har::match::Matcher::make(options, [this](std::size_t index) { return request(index); });
    if (!made) throw std::runtime_error(made.error().message);
    matcher_ = std::move(*made);
    for (std::size_t i = 0; i < rows_.size(); ++i) matcher_->add({request(i), rows_[i].status, rows_[i].location});
  }
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  har::match::Matcher& matcher() { return *matcher_; }

  /// The index as text, or why there is none.
  std::string find(const har::match::Request& live, std::string_view session = {}) { return text(matcher_->find(live, session)); }
  /// With what is said about it.
  std::string find_noted(const har::match::Request& live) {
    const har::match::Found found = matcher_->find(live);
    return text(found) + (found.note.empty() ? "" : " " + found.note);
  }
  /// The nearest row and how it differs.
  std::string explain(const har::match::Request& live) {
    const auto nearest = matcher_->explain(live);
    if (!nearest) return "nothing";
    std::string out = std::to_string(nearest->index);
    for (const auto& difference : nearest->differences) out += "; " + to_string(difference);
    return out;
  }

 private:
  static std::string text(const har::match::Found& found) {
    switch (found.why) {
      case har::match::Why::found:
        return std::to_string(found.index);
      case har::match::Why::not_recorded:
        return "none";
      case har::match::Why::exhausted:
        return "exhausted";
      case har::match::Why::cycle:
        return "cycle";
    }
    return "";
  }
  har::match::Request request(std::size_t index) const {
    const Row& row = rows_[index];
    har::match::Request out = asked(row.method, row.url, row.body, row.media_type, row.headers);
    out.websocket = row.websocket;
    return out;
  }

  std::vector<Row> rows_;
  std::unique_ptr<har::match::Matcher> matcher_;
};

}  // namespace test

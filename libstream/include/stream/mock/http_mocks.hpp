#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "stream/mock/file.hpp"
#include "stream/mock/model.hpp"
#include "stream/replay/answer.hpp"

namespace stream::mock {

/// How mocks are played.
struct PlayOptions {
  std::string folder{};    ///< of `@file` bodies
  Limits limits{};         ///< max_entry: such a file
  std::uint64_t seed = 0;  ///< of jitter: the same seed and the same requests give the same times
  /// As Dev Proxy does it where we do otherwise: a text body is sent as JSON, with its quotes, and `nth` counts what was
  /// answered for the same URL text, whatever the mock.
  bool devproxy = false;
};

/// An answer, and whose it is.
struct HttpMatch {
  std::shared_ptr<const replay::Answer> answer{};  ///< null: no mock fits
  std::size_t mock = 0;                            ///< from 0, in the order of the file
  Place place{};                                   ///< of the mock
};

/// HTTP mocks and their counters. Belongs to one thread.
class HttpMocks {
 public:
  explicit HttpMocks(std::vector<HttpMock> mocks = {}, PlayOptions options = {});
  HttpMocks(HttpMocks&&) noexcept;
  HttpMocks& operator=(HttpMocks&&) noexcept;
  HttpMocks(const HttpMocks&) = delete;
  HttpMocks& operator=(const HttpMocks&) = delete;
  ~HttpMocks();

  /// The first mock, in the order of the file, that fits. The times of the answer's steps count from the arrival of the request.
  /// Errors: `io`, `unsupported`, `limit` for a file that can't be sent.
  Result<HttpMatch> match(const Request& request);
  /// Whether a mock might fit it, whatever its body is and how often it was asked. Counts nothing.
  bool may_match(const Request& request) const;

  std::size_t size() const { return mocks_.size(); }
  const HttpMock& operator[](std::size_t index) const { return mocks_[index]; }

 private:
  std::vector<HttpMock> mocks_;
  PlayOptions options_;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace stream::mock

#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "capture/captured.hpp"
#include "capture/keploy_exchange.hpp"
#include "capture/keploy_folder.hpp"

namespace har::capture {

/// Test cases or mocks of Keploy, each when its exchange has ended.
class KeployOutput final : public Output {
 public:
  /// `options` outlive it. Errors: `exists`, `io`, `usage`.
  static stream::Result<std::unique_ptr<KeployOutput>> open(const RecorderOptions& options, const OutputOptions& output);

  void take(const Captured& captured) override;
  void flush(stream::Nanos now) override;
  void sync_now(stream::Nanos now) override;
  /// There is no next folder.
  void rotate(stream::Nanos) override {}
  void finish(stream::Nanos now) override;
  OutputSummary summary() const override { return summary_; }

 private:
  KeployOutput(const RecorderOptions& options, const OutputOptions& output);
  void write(KeployExchange& exchange, const Captured* end);
  stream::Status add(format::keploy::Document document, const format::keploy::Fields& trailers);
  bool said(const stream::Status& done);
  void say_once(bool& said, const std::string& what);

  const RecorderOptions& options_;
  std::string path_;
  bool mocks_;
  KeployFolder folder_;
  SpoolFile spool_;
  std::unordered_map<Id, std::unique_ptr<KeployExchange>> open_;
  stream::Nanos synced_{};
  bool failing_ = false;
  bool websocket_said_ = false;
  bool unanswered_said_ = false;
  bool cut_said_ = false;
  OutputSummary summary_{};
};

}  // namespace har::capture

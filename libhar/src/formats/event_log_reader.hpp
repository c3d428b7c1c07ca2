#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "formats/logged_exchange.hpp"
#include "har/format.hpp"

namespace har::format {

/// The base of readers of logs, whose exchanges are put together of events, many at the same time, and given as they end.
class EventLogReader : public ItemReader {
 public:
  EventLogReader(std::string name, const ReadOptions& options) : options_(options), name_(std::move(name)) {}

  stream::Result<std::optional<Item>> next() final;
  bool can_continue() const final { return continues_ && !(finished_ && ready_.empty()); }
  const LogInfo& info() const final { return info_; }

 protected:
  /// Takes the next event, or what stands between two. At the end of the log it calls finish().
  virtual stream::Status read() = 0;
  /// Behind an error of read(): whether what is ready, and what follows, is still given. Where nothing can follow it calls
  /// finish().
  virtual bool go_on_after(const stream::Error& error) = 0;
  /// Gives the exchanges that have not ended. Called once.
  virtual void give_rest() = 0;

  void finish();
  void give(Item item) { ready_.push_back(std::move(item)); }
  void note(stream::Level level, std::string rule, std::string message, const stream::Place& place) const;
  /// More is open at the same time than may be held: `what`, such as "12 requests".
  stream::Status too_much_open(std::string_view what, const stream::Place& place) const;

  const ReadOptions& options() const { return options_; }
  const std::string& name() const { return name_; }
  LogInfo& log_info() { return info_; }

 private:
  ReadOptions options_;
  std::string name_;
  LogInfo info_;
  std::deque<Item> ready_;
  std::size_t index_ = 0;
  bool finished_ = false;
  bool continues_ = false;
};

}  // namespace har::format

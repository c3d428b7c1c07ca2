#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "common/tool.hpp"
#include "har/capture/recorder.hpp"
#include "stream/proxy/proxy.hpp"

namespace tools::harproxy {

enum class Progress : std::uint8_t { automatic, always, never };

/// Standard error: messages, and below them a line of counts that changes in its place. From any thread.
class Console {
 public:
  enum class Notes : std::uint8_t {
    shown,
    verbose,  ///< with -v only: standard error is another program's
  };
  Console(Messages& messages, Notes notes) : messages_(messages), notes_(notes) {}
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;
  ~Console() { end_line(); }

  void warning(std::string_view text);
  void note(std::string_view text);
  void hint(std::string_view text);
  void verbose(std::string_view text);
  /// Shows the line; one that is the same is not written again.
  void line(std::string_view text);
  /// Takes it away.
  void end_line();

  /// Says what a recorder has to say.
  void notice(const har::capture::Notice& notice);
  /// Says what went wrong with a client: of the same with the same host only the first few times, without -v.
  void incident(const stream::proxy::Incident& incident);

 private:
  template <class Work>
  void say(const Work& work);

  Messages& messages_;
  const Notes notes_;
  std::mutex mutex_;
  std::string line_;
  std::map<std::pair<std::string, std::string>, unsigned> incidents_;
  bool hinted_ = false;
};

/// Whether the line of counts is to be shown.
bool shows_progress(Progress progress, const Messages& messages);

}  // namespace tools::harproxy

#pragma once

#include "har/format.hpp"

/// What the table of formats is made of: each of these is defined by the file of its format.
namespace har::format {

#define HARTAPE_FORMAT(name) extern const Format name;
#include "formats/formats.def"
#undef HARTAPE_FORMAT

/// What several logs become in one output: of members of the same name the first stays, but arrays of pages are joined.
class LogMerge {
 public:
  explicit LogMerge(stream::FindingSink report) : report_(std::move(report)) {}
  /// Takes the members of `info` from number `log_from` (in log) and `root_from` (beside it) on.
  void add(const LogInfo& info, std::size_t log_from = 0, std::size_t root_from = 0);
  const LogInfo& merged() const { return merged_; }

 private:
  void add_member(stream::Json::Object& to, const stream::JsonMember& member, bool is_log);
  stream::FindingSink report_;
  LogInfo merged_;
};

/// The log of an output, of which a part stands before the entries: what the input has said until then. What it says later, and
/// what several inputs say, stands behind them.
class LogOutput {
 public:
  explicit LogOutput(const WriteOptions& options) : several_inputs_(options.several_inputs), rest_(options.report) {}

  bool begun() const { return begun_; }
  /// What stands before the entries. Once.
  LogInfo begin(const LogInfo& info) {
    begun_ = true;
    if (several_inputs_) return {};
    log_written_ = info.log.size();
    root_written_ = info.root.size();
    for (const stream::JsonMember& member : info.log) written_.push_back(member.name);
    return info;
  }
  /// Adds what HAR 1.2 §4.2.1 requires to members of a log that are about to be written, where no input has it: version, and
  /// creator unless `creator` is null. Not before it is known that no input will say it yet.
  void require(stream::Json::Object& log, const stream::Json& creator);
  /// Takes all that an input has said.
  void end_input(const LogInfo& info) { rest_.add(info, log_written_, root_written_); }
  /// What is still to be written.
  const LogInfo& rest() const { return rest_.merged(); }

 private:
  bool several_inputs_;
  bool begun_ = false;
  std::size_t log_written_ = 0;  ///< members of `log`, and beside it
  std::size_t root_written_ = 0;
  std::vector<std::string> written_;  ///< names of those of `log`
  bool required_ = false;             ///< what is required was added
  LogMerge rest_;
};

/// The item's text in one line. Its reader has seen to it that no string holds a raw line feed.
stream::Status append_line(std::string& out, const Item& item);

}  // namespace har::format

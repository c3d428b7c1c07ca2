#pragma once

#include <memory>
#include <string>
#include <vector>

#include "hargrep/hargrep.hpp"
#include "hargrep/selection.hpp"

namespace tools::hargrep {

/// What all ways of answering share: the inputs, what is looked for, and what went wrong so far.
class Session {
 public:
  Session(Tool& tool, const Options& options, Selection selection, std::vector<std::string> inputs);

  Tool& tool() { return tool_; }
  const Options& options() const { return options_; }
  Selection& selection() { return selection_; }
  Lookers& lookers() { return lookers_; }
  std::size_t inputs() const { return inputs_.size(); }
  /// As the user named it.
  const std::string& path(std::size_t input) const { return inputs_[input].path; }
  std::string shown(std::size_t input) const { return path(input) == "-" ? "<stdin>" : path(input); }

  /// Makes all inputs such that they can be read twice: what is no file is put into one that has no name. Errors: `io`.
  stream::Status make_rereadable();
  /// Opens an input; null, which was said, if that is not possible.
  std::unique_ptr<har::Input> open(std::size_t input);
  /// How a pass through the input is done. `loud`: what is wrong with it is said.
  har::EntryPassOptions pass(std::size_t input, bool loud = true);
  void lost() { lost_ = true; }
  bool lost_any() const { return lost_; }
  /// 0, 1 or 2.
  int status(bool found) const { return lost_ ? kFailure : found ? kYes : kNo; }

 private:
  struct Source {
    std::string path{};
    std::string read{};           ///< where it is read from
    std::shared_ptr<int> copy{};  ///< its descriptor
  };
  void say(const har::Message& message, std::size_t input);

  Tool& tool_;
  const Options& options_;
  Selection selection_;
  Lookers lookers_{};
  std::vector<Source> inputs_{};
  bool lost_ = false;
};

/// Entries that are wanted, of one piece of an input.
template <class Take>
void each_wanted(Session& session, std::size_t input, const har::EntryPiece& piece, const Take& take) {
  auto looker = session.lookers().lend();
  for (std::size_t i = 0; i < piece.entries.size(); ++i) {
    if (session.selection().wants(piece, i, session.path(input), *looker)) take(i, *looker);
  }
  session.lookers().give_back(std::move(looker));
}

/// -c, -l, -L.
int count(Session& session);
/// --messages.
int print_messages(Session& session, har::query::Query query);
/// The entries themselves.
int print_entries(Session& session);

}  // namespace tools::hargrep

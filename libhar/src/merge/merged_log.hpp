#pragma once

#include <string>
#include <vector>

#include "har/entry_reader.hpp"
#include "merge/page_names.hpp"
#include "stream/io/finding.hpp"

namespace har::merging {

/// What the logs of several inputs become, in the order in which it is written: members are only ever added at the end.
///
/// - `version`: the highest; `pages`: those of PageNames; `comment`: every comment that differs, one a line, and who merged what.
/// - Any other member: the first input's that has it. Where others say something else, that is reported (log-members), but for
///   creators, which the comment names.
class MergedLog {
 public:
  MergedLog(const PageNames& names, bool provenance, stream::FindingSink report)
      : names_(names), provenance_(provenance), report_(std::move(report)) {}

  /// What is said of the inputs, in their order: first what stands before entries, then everything.
  void add(const std::vector<const LogInfo*>& logs);
  /// The comments, and what is put behind them; last.
  void add_comment(const std::vector<const LogInfo*>& logs, const std::string& provenance);
  const LogInfo& info() const { return info_; }

 private:
  void add_member(stream::Json::Object& to, const stream::JsonMember& member, bool is_log);

  const PageNames& names_;
  bool provenance_;
  stream::FindingSink report_;
  LogInfo info_;
  std::vector<std::string> reported_;
};

/// "Firefox 132.0"; empty if no creator is named.
std::string creator_of(const LogInfo& info);

}  // namespace har::merging

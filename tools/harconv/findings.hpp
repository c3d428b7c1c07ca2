#pragma once

#include <map>
#include <memory>
#include <string>

#include "common/tool.hpp"
#include "har/format.hpp"

namespace tools::harconv {

/// What was noticed on the way: messages, the report (docs/formats.md), and what was lost.
class Findings {
 public:
  /// `strict`: what is lost is an error.
  Findings(Messages& messages, bool strict) : messages_(messages), strict_(strict) {}

  /// Opens the report. Errors: those of open_output().
  stream::Status open_report(const std::string& path, const stream::OutputOptions& options);
  void add(stream::Finding finding);
  void add(const stream::Error& error);
  /// Something was lost, and must not be.
  bool refused() const { return strict_ && losses_ != 0; }
  std::size_t losses() const { return losses_; }
  /// Ends the report. Errors: `io`.
  stream::Status finish(std::size_t entries);

 private:
  void record(std::string_view kind, std::string_view level, std::string_view rule, std::string_view message,
              const stream::Place& place);

  Messages& messages_;
  bool strict_;
  std::unique_ptr<stream::ByteSink> report_;
  stream::Status written_;
  std::map<std::string, std::size_t, std::less<>> rules_;
  std::size_t losses_ = 0;
};

}  // namespace tools::harconv

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "common/terminal.hpp"
#include "common/tool.hpp"

namespace tools {
namespace {

constexpr std::size_t kShown = 5;  ///< findings of one rule, without -v

}  // namespace

Messages::Messages(std::string tool, std::FILE* out) : tool_(std::move(tool)), out_(out) {}

void Messages::error(const stream::Error& error) {
  ++errors_;
  line(to_string(error.place), "error", error.message);
  for (std::string_view rest = error.hint; !rest.empty();) {
    const std::string_view one = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(one.size() + 1, rest.size()));
    hint(one);
  }
}

void Messages::error(std::string_view text) {
  ++errors_;
  line({}, "error", text);
}

void Messages::warning(std::string_view text) { line({}, "warning", text); }

void Messages::note(std::string_view text) {
  if (!quiet) line({}, "note", text);
}

void Messages::verbose(std::string_view text) {
  if (verbosity > 0) line({}, "note", text);
}

void Messages::hint(std::string_view text) { line({}, "hint", text); }

void Messages::finding(const stream::Finding& finding) {
  if (quiet && finding.level == stream::Level::note) return;
  if (finding.level == stream::Level::error) ++errors_;
  if (!finding.rule.empty() && ++findings_[finding.rule] > kShown && verbosity == 0) return;
  constexpr std::string_view kLevels[] = {"note", "warning", "error"};
  line(to_string(finding.place), kLevels[static_cast<std::size_t>(finding.level)],
       finding.rule.empty() ? finding.message : fmt::format("{} [{}]", finding.message, finding.rule));
}

void Messages::summary() {
  for (const auto& [rule, count] : findings_) {
    if (count > kShown && verbosity == 0)
      line({}, "note", fmt::format("and {} more [{}]; {} shows them all", count - kShown, rule, verbose_option));
  }
  findings_.clear();
}

stream::FindingSink Messages::findings() {
  return [this](const stream::Finding& one) { finding(one); };
}

void Messages::line(std::string_view place, std::string_view level, std::string_view text) {
  const std::string label = color ? fmt::format("{}{}:\x1b[0m", colour_of(level), level) : fmt::format("{}:", level);
  const std::string whole =
      fmt::format("{}: {} {}\n", printable(place.empty() ? std::string_view(tool_) : place), label, printable(text));
  // In one piece, so that lines of several threads or programs do not mix.
  std::fwrite(whole.data(), 1, whole.size(), out_);
  std::fflush(out_);
}

}  // namespace tools

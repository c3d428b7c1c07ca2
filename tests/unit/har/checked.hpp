#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "check/entry_rules.hpp"
#include "check/facts.hpp"
#include "check/shape.hpp"
#include "check/walker.hpp"

/// One entry on its way through the walk: what the tests of rules look at.
class Checked {
 public:
  explicit Checked(std::string text) : text_(std::move(text)) {
    har::check::Walker walker(512);
    har::check::Marks shape;
    walked = walker.walk(text_, har::check::har_shape().shape, har::check::har_shape().entry, &facts, &messages, shape);
  }
  Checked(const Checked&) = delete;
  Checked& operator=(const Checked&) = delete;

  /// The marks of the rules about messages, one a line: "ws-opcode /_webSocketMessages/0/opcode: expected …".
  std::vector<std::string> of_messages() {
    har::check::Marks marks;
    messages.finish(facts, marks);
    return lines(marks);
  }
  std::vector<std::string> lines(har::check::Marks marks) const {
    std::vector<std::string> out;
    for (const har::check::Mark& mark : marks) {
      if (mark.offset > text_.size()) out.emplace_back("a mark beyond the text");
      out.push_back(fmt::format("{} {}: {}", har::check::rule(mark.rule).name, mark.pointer, mark.message));
    }
    return out;
  }
  /// What stands at a mark.
  std::string_view at(const har::check::Mark& mark, std::size_t size) const {
    return std::string_view(text_).substr(mark.offset, size);
  }

  bool walked = false;
  har::check::Facts facts;
  har::check::MessageChecks messages;

 private:
  std::string text_;
};

using Lines = std::vector<std::string>;

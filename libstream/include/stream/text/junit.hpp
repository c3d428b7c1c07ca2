#pragma once

#include <string>
#include <string_view>
#include <vector>

/// A report as JUnit's Ant task wrote it, and as Jenkins, GitLab and others read it: <testsuites> of <testsuite>s. It can be
/// written suite by suite, so that nobody has to hold it as a whole.
namespace stream {

struct JunitCase {
  enum class Outcome { passed, failed, error };
  std::string name{};
  std::string class_name{};
  Outcome outcome = Outcome::passed;
  std::string type{};     ///< of a failure or error: its kind, in a word
  std::string message{};  ///< of a failure or error: a line
  std::string text{};     ///< of a failure or error: all there is to say
  std::string output{};   ///< <system-out>; may be empty
};

struct JunitSuite {
  std::string name{};
  std::vector<JunitCase> cases{};
};

void begin_junit(std::string& out, std::string_view name);
void write_junit(std::string& out, const JunitSuite& suite);
void end_junit(std::string& out);

}  // namespace stream

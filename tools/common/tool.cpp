#include "common/tool.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <new>
#include <system_error>

#include "common/help.hpp"
#include "stream/text/units.hpp"

namespace tools {
namespace {

using Clock = std::chrono::steady_clock;

/// Thrown while the command line is parsed, by an option that prints a text and ends.
struct Print {
  std::string text;
};

extern "C" void end_by_signal(int number) {
  stream::remove_unfinished_outputs();
  // Ended by the signal itself, so that a shell sees 128 + its number and stops a loop on ^C.
  std::signal(number, SIG_DFL);
  std::raise(number);
}

void set_signals(bool tool_handles_them) {
  // Errors of write() tell the same, and can be reported.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  const auto end_by = [](int number) {
    struct sigaction current {};
    // One that is ignored from the start (nohup, a shell's background job) stays so.
    if (::sigaction(number, nullptr, &current) != 0 || current.sa_handler == SIG_IGN) return;
    struct sigaction action {};
    action.sa_handler = end_by_signal;
    ::sigemptyset(&action.sa_mask);
    ::sigaction(number, &action, nullptr);
  };
  if (!tool_handles_them) {
    end_by(SIGINT);
    end_by(SIGTERM);
  }
  end_by(SIGHUP);
  end_by(SIGQUIT);
}

bool is_terminal(std::FILE* file) {
  const char* const kind = std::getenv("TERM");
  return ::isatty(::fileno(file)) != 0 && kind != nullptr && std::string_view(kind) != "dumb";
}

/// https://no-color.org: set to anything but nothing.
bool no_color() {
  const char* const value = std::getenv("NO_COLOR");
  return value != nullptr && *value != '\0';
}

bool use_color(Color color, std::FILE* file) {
  return color == Color::always || (color == Color::automatic && !no_color() && is_terminal(file));
}

/// The most memory that was resident, in bytes. getrusage() would count the parent's before exec().
std::uint64_t peak_memory() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    std::uint64_t kib = 0;
    if (word == "VmHWM:" && status >> kib) return kib * 1024;
  }
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

/// CLI11's words for a mistake, in ours.
std::string reworded(const CLI::ParseError& error) {
  const std::string text = error.what();
  const std::string name = text.substr(0, text.find(": "));
  const auto has = [&](std::string_view part) { return text.find(part) != std::string::npos; };
  if (error.get_name() == "ArgumentMismatch") {
    if (text.ends_with(" missing")) return name + ": a value is missing";
    if (has(" required but received ")) return name + ": given more than once";
  }
  if (error.get_name() == "ConversionError" && text.starts_with("Could not convert: ")) {
    const std::string rest = text.substr(std::string_view("Could not convert: ").size());
    const std::size_t equals = rest.find(" = ");
    return fmt::format("{}: expected a number, found '{}'", rest.substr(0, equals),
                       equals == std::string::npos ? "" : rest.substr(equals + 3));
  }
  if (const std::size_t at = text.find(" not in {"); error.get_name() == "ValidationError" && at != std::string::npos) {
    std::string words = text.substr(at + 9, text.rfind('}') - at - 9);
    for (std::size_t comma = 0; (comma = words.find(',', comma)) != std::string::npos; comma += 2) words.replace(comma, 1, ", ");
    return fmt::format("{}: expected one of {}, found '{}'", name, words, text.substr(name.size() + 2, at - name.size() - 2));
  }
  if (const std::size_t at = text.find(" not in range "), value = text.find(": Value "); at != std::string::npos && value < at) {
    return fmt::format("{}: expected a number from {}, found '{}'", name, text.substr(at + 14),
                       text.substr(value + 8, at - value - 8));
  }
  if (const std::size_t at = text.find(" excludes "); error.get_name() == "ExcludesError" && at != std::string::npos) {
    return fmt::format("{} and {} exclude each other", text.substr(0, at), text.substr(at + 10));
  }
  return text;
}

}  // namespace

std::string_view version() { return HARTAPE_VERSION; }

Tool::Tool(ToolInfo info, std::FILE* out, std::FILE* err)
    : info_(std::move(info)),
      app_(std::make_unique<CLI::App>(info_.summary, info_.name)),
      out_(out),
      err_(err),
      messages_(info_.name, err) {
  app_->set_help_flag();  // ours has two lengths
  app_->option_defaults()->group("Common");
  app_->add_flag("-q,--quiet", messages_.quiet, "Print no notes.");
  app_->add_flag("-v,--verbose", messages_.verbosity,
                 "Tell more. At the end also the time and the peak memory; -vv tells still more.");
  add_choice(*app_, "--color", color_, {{"auto", Color::automatic}, {"always", Color::always}, {"never", Color::never}},
             "When to use colours. auto: on a terminal, unless NO_COLOR is set.")
      ->type_name("WHEN")
      ->default_str("auto");
  // These print at once, whatever else is wrong with the command line.
  const auto add_print = [&](const char* name, const char* description, auto text) {
    return app_
        ->add_flag_callback(
            name, [text] { throw Print{text()}; }, description)
        ->trigger_on_parse();
  };
  add_print("-h", "Print the short form of this help.", [this] { return short_help(info_, *app_); });
  add_print("--help", "Print this help.", [this] { return long_help(info_, *app_); });
  add_print("--version", "Print the version.", [this] { return fmt::format("hartape {} {}\n", info_.name, HARTAPE_VERSION); });
  add_print("--print-man", "", [this] { return man_page(info_, *app_); })->group("");
  app_->add_option_function<std::string>("--print-completion",
                                         [this](const std::string&) { throw Print{bash_completion(info_, *app_)}; })
      ->check(CLI::IsMember({"bash"}))
      ->trigger_on_parse()
      ->group("");
  app_->option_defaults()->group("Options");
}

Tool::~Tool() = default;

bool Tool::color_output() const { return use_color(color_, out_); }

int Tool::run(int argc, const char* const* argv, const std::function<int()>& work) {
  const auto start = Clock::now();
  set_signals(info_.handles_signals);
  messages_.color = use_color(color_, err_);
  for (CLI::Option* option : app_->get_options()) {
    // Otherwise "--ignore a INPUT" would take the input too.
    if (option->nonpositional() && option->get_items_expected_max() > 1) option->allow_extra_args(false);
  }
  int status = kFailure;
  try {
    try {
      app_->parse(argc, argv);
    } catch (const Print& wanted) {
      return print(wanted.text);
    } catch (const CLI::ParseError& error) {
      return usage_error(error);
    }
    messages_.color = use_color(color_, err_);
    status = work();
  } catch (const std::bad_alloc&) {
    messages_.error("out of memory");
    status = kFailure;
  } catch (const std::exception& error) {
    messages_.error(fmt::format("this should not have happened: {}", error.what()));
    status = kFailure;
  }
  if (std::fflush(out_) != 0 && errno != EPIPE) {
    messages_.error(stream::Error{
        stream::ErrorCode::io, fmt::format("cannot write: {}", std::system_category().message(errno)), {"<stdout>"}, {}});
    status = kFailure;
  }
  messages_.summary();
  messages_.verbose(fmt::format("peak memory {}, time {}", stream::format_size(peak_memory()),
                                stream::format_duration(std::chrono::duration_cast<stream::Nanos>(Clock::now() - start))));
  return status;
}

int Tool::usage_error(const CLI::ParseError& error) {
  std::string text = reworded(error);
  // An option that is unknown may be why another is missing, so it is named first.
  for (const std::string& extra : app_->remaining()) {
    if (extra.size() > 1 && extra.front() == '-') {
      const auto near = near_option(extra, *app_);
      text = fmt::format("unknown option {}{}", extra.substr(0, extra.find('=')),
                         near ? fmt::format("; did you mean {}?", *near) : "");
      break;
    }
    if (error.get_name() == "ExtrasError") text = fmt::format("unexpected argument '{}'", extra);
  }
  messages_.error(text);
  messages_.hint(fmt::format("see '{} --help'", info_.name));
  return kFailure;
}

int Tool::print(const std::string& text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), out_) == text.size() && std::fflush(out_) == 0;
  if (written || errno == EPIPE) return kYes;
  messages_.error(stream::Error{
      stream::ErrorCode::io, fmt::format("cannot write: {}", std::system_category().message(errno)), {"<stdout>"}, {}});
  return kFailure;
}

int failed(Tool& tool, const stream::Error& error) {
  if (stream::is_broken_pipe(error)) return kYes;
  tool.messages().error(error);
  return kFailure;
}

}  // namespace tools

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <charconv>
#include <utility>

#include "common/tool.hpp"
#include "stream/text/units.hpp"

namespace tools {
namespace {

using stream::Compression;

constexpr unsigned kMaxThreads = 1024;

/// Bytes as parse_size reads them, exactly.
std::string size_text(std::size_t bytes) {
  constexpr std::pair<int, const char*> kUnits[] = {{30, "GiB"}, {20, "MiB"}, {10, "KiB"}};
  for (const auto& [shift, unit] : kUnits) {
    const std::size_t one = std::size_t{1} << shift;
    if (bytes >= one && bytes % one == 0) return fmt::format("{}{}", bytes >> shift, unit);
  }
  return std::to_string(bytes);
}

void set_compression(stream::OutputOptions& options, const std::string& text) {
  const std::size_t colon = text.find(':');
  const auto compression = stream::compression_from_name(std::string_view(text).substr(0, colon));
  int level = 0;
  bool valid = compression.has_value();
  if (valid && colon != std::string::npos) {
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + colon + 1, end, level);
    valid = error == std::errc() && stop == end && level > 0 && *compression != Compression::none;
  }
  if (!valid) {
    throw CLI::ValidationError(
        "--compress",
        fmt::format("expected gzip, zlib, zstd, brotli or none, and perhaps a level as in gzip:9, found '{}'", text));
  }
  options.compression = compression;
  options.level = level;
}

}  // namespace

void add_input_options(Tool& tool, InputGroup& group) {
  CLI::App& app = tool.app();
  stream::Limits& limits = group.options.limits;
  app.add_option("--from", group.format, "The format of the inputs. Without it, it is found by content, then by suffix.")
      ->type_name("FORMAT")
      ->group("Input");
  add_choice(app, "--decompress", group.options.compression,
             {{"none", Compression::none},
              {"gzip", Compression::gzip},
              {"zlib", Compression::zlib},
              {"zstd", Compression::zstd},
              {"brotli", Compression::brotli}},
             "How the inputs are compressed. Without it gzip, zlib and zstd are found by content, brotli by its suffix .br.")
      ->type_name("HOW")
      ->group("Input");
  add_size(app, "--max-entry", limits.max_entry, "Refuse an entry, line, event or message that is larger.")->group("Input");
  app.add_option("--max-depth", limits.max_depth, "Refuse arrays and objects that are nested deeper.")
      ->type_name("N")
      ->check(CLI::Range(std::size_t{1}, stream::kDeepestLimit))
      ->capture_default_str()
      ->group("Input");
  app.add_option("--max-expansion", limits.max_expansion,
                 "Refuse an input that unpacks to more than N times its size. Checked from 64 MiB on; 0 is no limit.")
      ->type_name("N")
      ->capture_default_str()
      ->group("Input");
}

void add_output_options(Tool& tool, OutputGroup& group, InPlace in_place) {
  CLI::App& app = tool.app();
  CLI::Option* const output = app.add_option("-o,--output", group.path, "Write to FILE. \"-\" is standard output, as is none.")
                                  ->type_name("FILE")
                                  ->group("Output");
  app.add_flag_callback(
         "--overwrite", [&group] { group.options.overwrite = stream::Overwrite::yes; }, "Replace FILE if it exists.")
      ->group("Output");
  if (in_place == InPlace::yes) {
    app.add_flag_callback(
           "-i,--in-place",
           [&group] {
             group.in_place = true;
             group.options.overwrite = stream::Overwrite::yes;
           },
           "Write each input's result in its place. It is replaced only when the result is whole.")
        ->excludes(output)
        ->group("Output");
  }
  app.add_option_function<std::string>(
         "--compress", [&group](const std::string& text) { set_compression(group.options, text); },
         "Compress the output. HOW is gzip, zlib, zstd, brotli or none, and perhaps a level: gzip:9. Without it the suffix "
         "of FILE decides: .gz, .zz, .zst, .br.")
      ->type_name("HOW")
      ->group("Output");
}

void add_thread_option(Tool& tool, unsigned& threads) {
  tool.app()
      .add_option("-j,--threads", threads, "Work with N threads. 0 is as many as there are processors.")
      ->type_name("N")
      ->check(CLI::Range(0U, kMaxThreads))
      ->capture_default_str();
}

CLI::Option* add_duration(CLI::App& app, const std::string& name, std::optional<stream::Nanos>& value,
                          const std::string& description) {
  const std::string shown = name.substr(name.rfind(',') + 1);
  return app
      .add_option_function<std::string>(
          name,
          [&value, shown](const std::string& text) {
            value = stream::parse_duration(text);
            if (!value)
              throw CLI::ValidationError(shown, fmt::format("expected a time such as 150ms, 2s or 1m30s, found '{}'", text));
          },
          description)
      ->type_name("TIME");
}

CLI::Option* add_size(CLI::App& app, const std::string& name, std::size_t& value, const std::string& description) {
  const std::string shown = name.substr(name.rfind(',') + 1);
  return app
      .add_option_function<std::string>(
          name,
          [&value, shown](const std::string& text) {
            const auto size = stream::parse_size(text);
            if (!size || !std::in_range<std::size_t>(*size)) {
              throw CLI::ValidationError(shown, fmt::format("expected a size such as 64KiB, 10MB or 512, found '{}'", text));
            }
            value = static_cast<std::size_t>(*size);
          },
          description)
      ->type_name("SIZE")
      ->default_str(size_text(value));
}

CLI::Option* add_choice(CLI::App& app, const std::string& name, std::vector<std::string> words,
                        std::function<void(std::size_t)> choose, const std::string& description) {
  CLI::IsMember check(words);
  return app
      .add_option_function<std::string>(
          name,
          [words = std::move(words), choose = std::move(choose)](const std::string& text) {
            for (std::size_t i = 0; i < words.size(); ++i) {
              if (words[i] == text) choose(i);
            }
          },
          description)
      ->check(std::move(check));
}

}  // namespace tools

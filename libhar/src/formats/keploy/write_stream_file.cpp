#include "formats/keploy/write_stream_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "stream/text/utf8.hpp"

namespace har::format::keploy {
namespace {

/// How many bytes at the end begin a character that is not there as a whole.
std::size_t half_character(std::string_view text) {
  for (std::size_t back = 1; back <= std::min<std::size_t>(3, text.size()); ++back) {
    const auto byte = static_cast<unsigned char>(text[text.size() - back]);
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4u : byte >= 0xe0 ? 3u : 2u) ? back : 0;
  }
  return 0;
}

}  // namespace

void put_go_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const std::size_t bad = std::min(stream::find_invalid_utf8(text), text.size());
    for (std::size_t i = 0; i < bad; ++i) {
      const char c = text[i];
      switch (c) {
        case '"':
        case '\\':
          (out += '\\') += c;
          break;
        case '\n':
          out += "\\n";
          break;
        case '\r':
          out += "\\r";
          break;
        case '\t':
          out += "\\t";
          break;
        case '<':
        case '>':
        case '&':
          fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
          break;
        case '\xE2':
          // U+2028 and U+2029 end lines in JavaScript.
          if (const std::string_view three = text.substr(i, 3); three == "\u2028" || three == "\u2029") {
            out += three.back() == '\xA8' ? "\\u2028" : "\\u2029";
            i += 2;
            break;
          }
          out += c;
          break;
        default:
          if (static_cast<unsigned char>(c) < 0x20) {
            fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
          } else {
            out += c;
          }
      }
    }
    if (bad < text.size()) out += "\\ufffd";
    text.remove_prefix(std::min(bad + 1, text.size()));
  }
  out += '"';
}

void put_record(std::string& out, std::string_view time, const Fields* fields) {
  out.append(R"({"TS":")").append(time).append(R"(","Data":)");
  if (fields == nullptr) {
    out += "null}\n";
    return;
  }
  out += '[';
  bool first = true;
  for (const auto& [key, value] : *fields) {
    out += std::exchange(first, false) ? R"({"Key":)" : R"(,{"Key":)";
    put_go_string(out, key);
    out += R"(,"Value":)";
    put_go_string(out, value);
    out += '}';
  }
  out += "]}\n";
}

StreamFile write_stream_file(std::span<const TimedBytes> body, stream::WallTime end, bool complete, const Fields& trailers) {
  StreamFile file;
  stream::WallTime at = end;
  Fields field{{"raw", ""}};
  const auto put = [&](std::string wire) {
    field[0].second = std::move(wire);
    put_record(file.text, go_time(at), &field);
    ++file.records;
  };
  std::string held;
  for (const TimedBytes& piece : body) {
    if (piece.at) at = *piece.at;
    held += piece.bytes;
    const std::size_t half = half_character(held);
    const std::size_t size = held.size() - half;
    if (size == 0) continue;
    put(fmt::format("{:x}\r\n{}\r\n", size, std::string_view(held).substr(0, size)));
    held.erase(0, size);
  }
  if (!held.empty()) put(fmt::format("{:x}\r\n{}\r\n", held.size(), held));
  if (!complete) return file;
  at = std::max(at, end);
  std::string last = "0\r\n";
  for (const auto& [name, value] : trailers) last.append(name).append(": ").append(value).append("\r\n");
  put(last + "\r\n");
  return file;
}

}  // namespace har::format::keploy

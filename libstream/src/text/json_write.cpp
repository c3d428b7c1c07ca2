#include <fmt/format.h>

#include <array>

#include "stream/text/json.hpp"
#include "stream/text/utf8.hpp"

namespace stream {
namespace {

/// 0: stands for itself; 'u': a \u00XX escape; otherwise the letter of a short escape.
constexpr std::array<char, 256> kEscapes = [] {
  std::array<char, 256> table{};
  for (std::size_t i = 0; i < 0x20; ++i) table[i] = 'u';
  table['"'] = '"';
  table['\\'] = '\\';
  table['\b'] = 'b';
  table['\f'] = 'f';
  table['\n'] = 'n';
  table['\r'] = 'r';
  table['\t'] = 't';
  return table;
}();

/// Text that holds something besides UTF-8: a surrogate's three bytes become its escape, anything else U+FFFD.
void write_wtf8(std::string& out, std::string_view text) {
  for (;;) {
    const std::size_t bad = find_invalid_utf8(text);
    const std::string_view good = text.substr(0, bad);
    for (const char c : good) {
      const char escape = kEscapes[static_cast<unsigned char>(c)];
      if (escape == 0) {
        out += c;
      } else if (escape == 'u') {
        out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
      } else {
        out += '\\';
        out += escape;
      }
    }
    if (bad == std::string_view::npos) return;
    const std::string_view rest = text.substr(bad);
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(rest[i]); };
    if (rest.size() >= 3 && byte(0) == 0xed && (byte(1) & 0xe0) == 0xa0 && (byte(2) & 0xc0) == 0x80) {
      out += fmt::format("\\u{:04x}", 0xd000U | (static_cast<unsigned>(byte(1) & 0x3f) << 6) | (byte(2) & 0x3fU));
      text = rest.substr(3);
    } else {
      out += "\xef\xbf\xbd";
      text = rest.substr(1);
    }
  }
}

class Writer {
 public:
  Writer(std::string& out, JsonStyle style) : out_(out), indent_(static_cast<std::size_t>(style.indent)) {}

  void write(const Json& value, std::size_t depth) {
    switch (value.kind()) {
      case Json::Kind::null:
        out_ += "null";
        break;
      case Json::Kind::boolean:
        out_ += value.as_bool() ? "true" : "false";
        break;
      case Json::Kind::number:
        out_ += value.number_text();
        break;
      case Json::Kind::string:
        write_json_string(out_, value.as_string());
        break;
      case Json::Kind::array: {
        const Json::Array& items = value.as_array();
        out_ += '[';
        for (std::size_t i = 0; i < items.size(); ++i) {
          separate(i, depth + 1);
          write(items[i], depth + 1);
        }
        close(items.empty(), ']', depth);
        break;
      }
      case Json::Kind::object: {
        const Json::Object& members = value.as_object();
        out_ += '{';
        for (std::size_t i = 0; i < members.size(); ++i) {
          separate(i, depth + 1);
          write_json_string(out_, members[i].name);
          out_ += indent_ == 0 ? ":" : ": ";
          write(members[i].value, depth + 1);
        }
        close(members.empty(), '}', depth);
        break;
      }
    }
  }

 private:
  void separate(std::size_t index, std::size_t depth) {
    if (index != 0) out_ += ',';
    if (indent_ != 0) {
      out_ += '\n';
      out_.append(indent_ * depth, ' ');
    }
  }
  void close(bool empty, char bracket, std::size_t depth) {
    if (!empty && indent_ != 0) {
      out_ += '\n';
      out_.append(indent_ * depth, ' ');
    }
    out_ += bracket;
  }

  std::string& out_;
  std::size_t indent_;
};

}  // namespace

void write_json_string(std::string& out, std::string_view text) {
  out += '"';
  if (!is_utf8(text)) {
    write_wtf8(out, text);
  } else {
    std::size_t from = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const char escape = kEscapes[static_cast<unsigned char>(text[i])];
      if (escape == 0) continue;
      out.append(text, from, i - from);
      if (escape == 'u') {
        out += fmt::format("\\u{:04x}", static_cast<unsigned char>(text[i]));
      } else {
        out += '\\';
        out += escape;
      }
      from = i + 1;
    }
    out.append(text, from, text.size() - from);
  }
  out += '"';
}

void write_json(std::string& out, const Json& value, JsonStyle style) {
  Writer(out, style).write(value, static_cast<std::size_t>(style.depth));
}

std::string to_json(const Json& value, JsonStyle style) {
  std::string out;
  write_json(out, value, style);
  return out;
}

}  // namespace stream

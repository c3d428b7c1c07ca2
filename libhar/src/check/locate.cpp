#include "check/locate.hpp"

#include <charconv>
#include <string>

#include "check/facts.hpp"
#include "stream/text/json_tokens.hpp"

namespace har::check {
namespace {

using stream::JsonTokens;

/// Passes the value whose first token is the next one.
void pass(JsonTokens& tokens, std::string_view text) {
  std::size_t depth = 0;
  do {
    const std::size_t at = tokens.next();
    if (at == JsonTokens::kEnd) return;
    if (text[at] == '{' || text[at] == '[') ++depth;
    if ((text[at] == '}' || text[at] == ']') && depth > 0) --depth;
  } while (depth > 0);
}

std::string unescaped(std::string_view part) {
  std::string out;
  for (std::size_t i = 0; i < part.size(); ++i) {
    const bool escape = part[i] == '~' && i + 1 < part.size();
    out += !escape ? part[i] : part[++i] == '1' ? '/' : '~';
  }
  return out;
}

}  // namespace

std::optional<std::size_t> locate(std::string_view text, std::string_view pointer) {
  JsonTokens tokens;
  tokens.start(text);
  while (!pointer.empty()) {
    pointer.remove_prefix(1);
    const std::string_view part = pointer.substr(0, pointer.find('/'));
    pointer.remove_prefix(part.size());
    const std::size_t open = tokens.next();
    if (open == JsonTokens::kEnd) return std::nullopt;
    if (text[open] == '[') {
      std::size_t index = 0;
      if (std::from_chars(part.data(), part.data() + part.size(), index).ptr != part.data() + part.size()) return std::nullopt;
      for (; index > 0; --index) {
        pass(tokens, text);
        const std::size_t comma = tokens.next();
        if (comma == JsonTokens::kEnd || text[comma] != ',') return std::nullopt;
      }
    } else if (text[open] == '{') {
      const std::string name = unescaped(part);
      for (;;) {
        const std::size_t key = tokens.next();
        const std::size_t colon = tokens.next();
        if (colon == JsonTokens::kEnd || text[colon] != ':') return std::nullopt;
        std::string_view quoted = text.substr(key, colon - key);
        quoted = quoted.substr(0, quoted.rfind('"') + 1);
        if (quoted.size() >= 2 && text_of(Field{quoted}) == name) break;
        pass(tokens, text);
        const std::size_t comma = tokens.next();
        if (comma == JsonTokens::kEnd || text[comma] != ',') return std::nullopt;
      }
    } else {
      return std::nullopt;
    }
  }
  const std::size_t at = tokens.peek();
  if (at == JsonTokens::kEnd || text[at] == ']' || text[at] == '}') return std::nullopt;
  return at;
}

}  // namespace har::check

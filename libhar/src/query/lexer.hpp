#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "query/value.hpp"
#include "stream/io/error.hpp"

namespace har::query {

enum class Token : std::uint8_t {
  end,
  name,    ///< "status", "req.header.content-type", keywords
  number,  ///< with its unit
  string,
  symbol,  ///< "==", "(" and so on
};

struct Lexeme {
  Token kind = Token::end;
  std::size_t at = 0;   ///< where it begins
  std::size_t end = 0;  ///< behind it
  std::string text{};   ///< name, symbol; of a string its characters
  double number = 0;
  Unit unit = Unit::none;

  bool is(std::string_view symbol) const { return kind == Token::symbol && text == symbol; }
  bool is_name(std::string_view name) const { return kind == Token::name && text == name; }
};

/// Takes an expression apart, one token after another.
class Lexer {
 public:
  Lexer(std::string_view text, std::string_view source) : text_(text), source_(source) {}

  stream::Result<Lexeme> next();
  /// Behind a ':' that has just been given out: a JSON Pointer, as it is or in quotes.
  stream::Result<Lexeme> pointer();

  /// An error at a place in the text.
  stream::Error error(std::size_t at, std::string message, std::string hint = {}) const;
  /// A piece of the text, for messages.
  std::string_view between(std::size_t from, std::size_t to) const { return text_.substr(from, to - from); }

 private:
  stream::Result<Lexeme> string();
  stream::Result<Lexeme> number();
  Lexeme name();

  std::string_view text_;
  std::string_view source_;
  std::size_t at_ = 0;
};

/// Whether names follow these letters and a dot that may be any: "req.header" and so on.
bool is_map(std::string_view name);

}  // namespace har::query

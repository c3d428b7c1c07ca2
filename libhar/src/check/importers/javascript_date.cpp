#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "check/importers/javascript.hpp"
#include "stream/text/ascii.hpp"

/// V8 reads a date in two ways. First as ECMA-262 says; where that stops, the rest is read leniently, word by word: numbers by
/// what stands behind them, names of months and zones by their first three letters, anything in parentheses as a comment.
namespace har::check::importers::javascript {
namespace {

using stream::ascii::is_digit;

struct Token {
  enum class Kind { end, number, word, symbol, blank, comment };
  Kind kind = Kind::end;
  std::int64_t number = 0;  ///< of its first nine digits, leading zeros not counted
  std::size_t digits = 0;   ///< of a number: all of them
  std::string_view text{};

  bool is(char symbol) const { return kind == Kind::symbol && text.front() == symbol; }
  bool is_sign() const { return is('+') || is('-'); }
  bool is_number(std::size_t count, std::int64_t least, std::int64_t most) const {
    return kind == Kind::number && digits == count && number >= least && number <= most;
  }
};

/// V8 takes everything from 'A' on for letters, brackets and what is not ASCII among them.
bool is_letter(char c) { return static_cast<unsigned char>(c) >= 'A'; }

Token read_number(std::string_view text) {
  Token token{.kind = Token::Kind::number};
  std::size_t at = std::min(text.find_first_not_of('0'), text.size());
  for (int taken = 0; at < text.size() && is_digit(text[at]); ++at, ++taken) {
    if (taken < 9) token.number = token.number * 10 + (text[at] - '0');
  }
  token.digits = at;
  token.text = text.substr(0, at);
  return token;
}

Token read_token(std::string_view text) {
  if (is_digit(text.front())) return read_number(text);
  if (const std::size_t space = white_space(text)) return {.kind = Token::Kind::blank, .text = text.substr(0, space)};
  if (is_letter(text.front())) {
    std::size_t at = 0;
    while (at < text.size() && is_letter(text[at]) && white_space(text.substr(at)) == 0) ++at;
    return {.kind = Token::Kind::word, .text = text.substr(0, at)};
  }
  if (text.front() == '(') {
    std::size_t at = 0;
    for (int depth = 0; at < text.size();) {
      depth += text[at] == '(' ? 1 : text[at] == ')' ? -1 : 0;
      ++at;
      if (depth == 0) break;
    }
    return {.kind = Token::Kind::comment, .text = text.substr(0, at)};
  }
  return {.kind = Token::Kind::symbol, .text = text.substr(0, 1)};
}

/// The tokens of a text, one by one.
class Tokens {
 public:
  explicit Tokens(std::string_view text) : rest_(text) { advance(); }

  const Token& peek() const { return token_; }
  Token next() {
    const Token token = token_;
    advance();
    return token;
  }
  bool skip(char symbol) {
    if (!token_.is(symbol)) return false;
    advance();
    return true;
  }

 private:
  void advance() {
    token_ = rest_.empty() ? Token{} : read_token(rest_);
    rest_.remove_prefix(token_.text.size());
  }

  std::string_view rest_;
  Token token_;
};

/// What a word means.
struct Word {
  enum class Kind { none, month, half, zone, time };
  Kind kind = Kind::none;
  int value = 0;  ///< a month from 1, hours
};

Word meaning(std::string_view text) {
  std::string prefix(text.substr(0, 3));
  for (char& c : prefix) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  constexpr std::array<std::string_view, 12> kMonths = {"jan", "feb", "mar", "apr", "may", "jun",
                                                        "jul", "aug", "sep", "oct", "nov", "dec"};
  const auto* const month = std::ranges::find(kMonths, prefix);
  if (month != kMonths.end()) return {Word::Kind::month, static_cast<int>(month - kMonths.begin()) + 1};
  if (text.size() > 3) return {};
  if (prefix == "am") return {Word::Kind::half, 0};
  if (prefix == "pm") return {Word::Kind::half, 12};
  if (prefix == "t") return {Word::Kind::time, 0};
  struct Zone {
    std::string_view name;
    int hours;
  };
  for (const Zone& zone :
       {Zone{"ut", 0}, Zone{"utc", 0}, Zone{"z", 0}, Zone{"gmt", 0}, Zone{"est", -5}, Zone{"edt", -4}, Zone{"cst", -6},
        Zone{"cdt", -5}, Zone{"mst", -7}, Zone{"mdt", -6}, Zone{"pst", -8}, Zone{"pdt", -7}}) {
    if (zone.name == prefix) return {Word::Kind::zone, zone.hours};
  }
  return {};
}

class DateText {
 public:
  explicit DateText(std::string_view text) : tokens_(text) {}

  bool is_date() {
    switch (read_standard()) {
      case Standard::invalid:
        return false;
      case Standard::whole:
        break;
      case Standard::partly:
        if (!read_rest()) return false;
        break;
    }
    return makes_sense();
  }

 private:
  enum class Standard { whole, partly, invalid };

  const Token& peek() const { return tokens_.peek(); }
  Token next() { return tokens_.next(); }
  bool skip(char symbol) { return tokens_.skip(symbol); }

  /// ECMA-262 §21.4.1.32: YYYY-MM-DDTHH:mm:ss.sssZ and its shorter forms, years of six digits with a sign.
  Standard read_standard() {
    if (peek().is_sign()) {
      const bool negative = peek().is('-');
      Tokens ahead = tokens_;
      ahead.next();
      const Token year = ahead.next();
      if (!year.is_number(6, 0, 999'999)) return Standard::partly;
      tokens_ = ahead;
      if (negative && year.number == 0) return Standard::partly;  // there is no year -0
      day_.push_back(negative ? -year.number : year.number);
    } else if (peek().is_number(4, 0, 9999)) {
      day_.push_back(next().number);
    } else {
      return Standard::partly;
    }
    if (skip('-')) {
      if (!peek().is_number(2, 1, 12)) return Standard::partly;
      day_.push_back(next().number);
      if (skip('-')) {
        if (!peek().is_number(2, 1, 31)) return Standard::partly;
        day_.push_back(next().number);
      }
    }
    if (peek().kind != Token::Kind::word || meaning(peek().text).kind != Word::Kind::time) {
      if (peek().kind != Token::Kind::end) return Standard::partly;
      standard_ = true;
      return Standard::whole;
    }
    next();
    if (!read_standard_time()) return Standard::invalid;
    standard_ = true;
    return Standard::whole;
  }

  bool read_standard_time() {
    if (!peek().is_number(2, 0, 24)) return false;
    const bool midnight = peek().number == 24;
    time_.push_back(next().number);
    if (!skip(':') || !peek().is_number(2, 0, midnight ? 0 : 59)) return false;
    time_.push_back(next().number);
    if (skip(':')) {
      if (!peek().is_number(2, 0, midnight ? 0 : 59)) return false;
      time_.push_back(next().number);
      if (skip('.')) {
        if (peek().kind != Token::Kind::number || (midnight && peek().number > 0)) return false;
        next();
      }
    }
    if (peek().kind == Token::Kind::word) {
      const Word word = meaning(peek().text);
      if (peek().text.size() != 1 || word.kind != Word::Kind::zone) return false;  // Z
      next();
    } else if (peek().is_sign()) {
      next();
      if (peek().is_number(4, 0, 9999)) {  // hhmm: an extension
        if (peek().number / 100 > 23 || peek().number % 100 > 59) return false;
        next();
      } else {
        if (!peek().is_number(2, 0, 23)) return false;
        next();
        if (!skip(':') || !peek().is_number(2, 0, 59)) return false;
        next();
      }
    }
    return peek().kind == Token::Kind::end;
  }

  /// What the standard's form has left over.
  bool read_rest() {
    bool had_number = !day_.empty();
    while (peek().kind != Token::Kind::end) {
      const Token token = next();
      switch (token.kind) {
        case Token::Kind::number:
          had_number = true;
          if (!read_rest_number(token)) return false;
          break;
        case Token::Kind::word: {
          const Word word = meaning(token.text);
          if (word.kind == Word::Kind::half && !time_.empty()) {
            half_ = word.value;
          } else if (word.kind == Word::Kind::month) {
            month_ = word.value;
            skip('-');
          } else if (word.kind == Word::Kind::zone && had_number) {
            zone_hours_ = word.value;
            zone_minutes_ = 0;
          } else if (had_number || peek().kind == Token::Kind::number) {
            return false;  // other words stand in front, apart from the numbers
          }
          break;
        }
        case Token::Kind::symbol:
          if (token.is_sign() && ((zone_hours_ == 0 && zone_minutes_ == 0) || !time_.empty())) {
            had_number = true;
            if (!read_offset()) return false;
          } else if ((token.is_sign() || token.is(')')) && had_number) {
            return false;
          }
          break;
        case Token::Kind::blank:
        case Token::Kind::comment:
        case Token::Kind::end:
          break;
      }
    }
    return true;
  }

  /// A number is what stands behind it: "12:" hours or minutes, "12.5" seconds; else what is still open.
  bool read_rest_number(const Token& token) {
    const std::int64_t number = token.number;
    if (skip(':')) {
      if (skip(':')) {
        if (!time_.empty()) return false;
        time_ = {number, 0};
        return true;
      }
      if (time_.size() == kTimeParts) return false;
      time_.push_back(number);
      skip('.');
      return true;
    }
    const bool expected =
        (time_.size() == 1 && number < 60) || (time_.size() == 2 && number < 60) || (time_.size() == 3 && number < 1000);
    if (peek().is('.') && expected) {
      next();
      time_.push_back(number);
      if (peek().kind != Token::Kind::number) return false;
      // A fraction in milliseconds, taken for seconds if it stands behind minutes.
      std::int64_t fraction = 0;
      for (std::size_t i = 0; i < 3; ++i) fraction = fraction * 10 + (i < peek().digits ? peek().text[i] - '0' : 0);
      next();
      time_.push_back(fraction);
      time_.resize(kTimeParts);
      return true;
    }
    skip('.');
    if (zone_hours_ && !zone_minutes_ && number < 60) {
      zone_minutes_ = number;
      return true;
    }
    if (expected) {
      time_.push_back(number);
      time_.resize(kTimeParts);
      const Token& behind = peek();
      return behind.kind == Token::Kind::end || behind.kind == Token::Kind::blank || behind.is_sign() ||
             (behind.kind == Token::Kind::word && behind.text.size() == 1 && meaning(behind.text).kind == Word::Kind::zone);
    }
    if (day_.size() == 3) return false;
    day_.push_back(number);
    skip('-');
    return true;
  }

  /// Behind a sign: hh, hhmm, or hh: with minutes to come.
  bool read_offset() {
    Token number{.kind = Token::Kind::number};
    if (peek().kind == Token::Kind::number) number = next();
    if (peek().is(':')) {
      zone_hours_ = number.number;
      zone_minutes_.reset();
    } else if (number.digits == 1 || number.digits == 2) {
      zone_hours_ = number.number;
      zone_minutes_ = 0;
    } else if (number.digits == 3 || number.digits == 4) {
      zone_hours_ = number.number / 100;
      zone_minutes_ = number.number % 100;
    } else {
      return false;
    }
    return true;
  }

  bool makes_sense() const {
    if (day_.empty()) return false;
    std::vector<std::int64_t> parts = day_;
    parts.resize(3, 1);
    const auto is_day = [](std::int64_t number) { return number >= 1 && number <= 31; };
    std::int64_t year = 0;
    std::int64_t month = month_;
    std::int64_t day = 0;
    if (month_ == 0) {
      const bool year_first = standard_ || !is_day(parts[0]);
      year = parts[year_first ? 0 : 2];
      month = parts[year_first ? 1 : 0];
      day = parts[year_first ? 2 : 1];
    } else {
      const bool day_first = is_day(parts[0]);
      day = parts[day_first ? 0 : 1];
      year = parts[day_first ? 1 : 0];
    }
    if (!standard_ && year >= 0 && year < 100) year += year < 50 ? 2000 : 1900;
    if (month < 1 || month > 12 || !is_day(day)) return false;

    std::vector<std::int64_t> time = time_;
    time.resize(kTimeParts);
    std::int64_t hour = time[0];
    if (half_) {
      if (hour > 12) return false;
      hour = hour % 12 + *half_;
    }
    const bool midnight = hour == 24 && time[1] == 0 && time[2] == 0 && time[3] == 0;
    if (!midnight && (hour > 23 || time[1] > 59 || time[2] > 59 || time[3] > 999)) return false;
    // Times are at most 8.64e15 ms from 1970 (§21.4.1.1).
    const std::array<std::int64_t, 3> date = {year, month, day};
    return date >= std::array<std::int64_t, 3>{-271'821, 4, 20} && date <= std::array<std::int64_t, 3>{275'760, 9, 13};
  }

  static constexpr std::size_t kTimeParts = 4;

  Tokens tokens_;
  std::vector<std::int64_t> day_;  ///< up to three numbers, not yet told apart
  std::vector<std::int64_t> time_;
  int month_ = 0;  ///< by name
  std::optional<int> half_;
  std::optional<std::int64_t> zone_hours_;
  std::optional<std::int64_t> zone_minutes_;
  bool standard_ = false;
};

}  // namespace

bool is_date_text(std::string_view text) { return DateText(text).is_date(); }

}  // namespace har::check::importers::javascript

#include "capture/secrets.hpp"

#include <algorithm>

#include "capture/text.hpp"
#include "check/http_text.hpp"
#include "har/capture/redaction.hpp"
#include "stream/text/base64.hpp"

namespace har::capture {
namespace {

std::string percent_encoded(std::string_view text, std::string_view digits, bool form) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
                       c == '_' || (form ? c == '*' : c == '~');
    if (plain) {
      out += c;
    } else if (form && c == ' ') {
      out += '+';
    } else {
      out += '%';
      out += digits[byte >> 4];
      out += digits[byte & 15];
    }
  }
  return out;
}

std::string json_escaped(std::string_view text) {
  Text out;
  put_escaped(out, text);
  return std::string(out.view());
}

std::string slashes_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '/') out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

std::string percent_decoded(std::string_view text) {
  std::string out(text);
  check::percent_decode(out);
  return out;
}

void Secrets::add_form(std::string form) {
  if (form.size() < kShortest || std::find(forms_.begin(), forms_.end(), form) != forms_.end()) return;
  const auto place =
      std::find_if(forms_.begin(), forms_.end(), [&](const std::string& other) { return other.size() < form.size(); });
  forms_.insert(place, std::move(form));
}

void Secrets::add(std::string_view value) {
  if (value.size() < kShortest || value == "true" || value == "false" || value == "null" || value == kRedacted) return;
  if (values_.size() >= kMost || !values_.emplace(value).second) return;
  std::vector<std::string> plain{std::string(value)};
  if (std::string decoded = percent_decoded(value); decoded != value && decoded.size() >= kShortest) {
    plain.push_back(std::move(decoded));
  }
  for (const std::string& each : plain) {
    add_form(each);
    for (const bool form : {false, true}) {
      add_form(percent_encoded(each, "0123456789ABCDEF", form));
      add_form(percent_encoded(each, "0123456789abcdef", form));
    }
    add_form(json_escaped(each));
    add_form(slashes_escaped(json_escaped(each)));
    // In base64 the same bytes look different behind 0, 1 or 2 others. Characters that hold bits of a neighbour are left out.
    for (std::size_t before = 0; before < 3; ++before) {
      const std::string encoded = stream::base64_encode(std::string(before, '\0') + each);
      const std::size_t from = (before * 8 + 5) / 6;
      const std::size_t to = (before + each.size()) * 8 / 6;
      if (to >= from + 8) add_form(encoded.substr(from, to - from));
    }
  }
}

std::string_view Secrets::replaced(std::string_view text, std::string& scratch) const {
  struct Next {
    std::size_t at = 0;
    const std::string* form = nullptr;
  };
  std::vector<Next> next;
  for (const std::string& form : forms_) {
    const std::size_t at = text.find(form);
    if (at != std::string_view::npos) next.push_back({at, &form});
  }
  if (next.empty()) return text;
  scratch.clear();
  std::size_t done = 0;
  while (!next.empty()) {
    // The first of them; where several begin in the same place the longest, which stands first.
    const auto first = std::min_element(next.begin(), next.end(), [](const Next& a, const Next& b) { return a.at < b.at; });
    scratch.append(text, done, first->at - done);
    scratch += kRedacted;
    done = first->at + first->form->size();
    std::erase_if(next, [&](Next& each) {
      if (each.at < done) each.at = text.find(*each.form, done);
      return each.at == std::string_view::npos;
    });
  }
  scratch.append(text, done);
  return scratch;
}

std::size_t Secrets::begun(std::string_view text) const {
  std::size_t longest = 0;
  for (const std::string& form : forms_) {
    for (std::size_t size = std::min(form.size() - 1, text.size()); size > longest; --size) {
      if (text.ends_with(std::string_view(form).substr(0, size))) {
        longest = size;
        break;
      }
    }
  }
  return longest;
}

std::string_view SecretFilter::feed(const Secrets& secrets, std::string_view bytes) {
  if (secrets.empty()) return bytes;
  std::string joined;
  if (!held_.empty()) {
    joined = held_;
    joined += bytes;
    bytes = joined;
  }
  const std::string_view text = secrets.replaced(bytes, out_);
  const std::size_t held = secrets.begun(text);
  std::string rest(text.substr(text.size() - held));
  if (text.data() == out_.data()) {
    out_.resize(text.size() - held);
  } else {
    out_ = text.substr(0, text.size() - held);
  }
  held_ = std::move(rest);
  return out_;
}

std::string_view SecretFilter::finish(bool cut) {
  out_ = std::move(held_);
  held_.clear();
  if (cut && out_.size() >= Secrets::kShortest) out_ = kRedacted;
  return out_;
}

}  // namespace har::capture

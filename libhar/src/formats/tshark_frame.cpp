#include "formats/tshark_frame.hpp"

#include <charconv>

namespace har::format {

using stream::Json;

namespace {

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

std::string text_of(const Json& value) {
  if (value.is_string()) return value.as_string();
  if (value.is_number()) return value.number_text();
  if (value.is_bool()) return value.as_bool() ? "1" : "0";
  return {};
}

}  // namespace

std::optional<std::string> hex_decoded(std::string_view text) {
  std::string out;
  out.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size();) {
    if (!out.empty() && text[i] == ':') ++i;
    if (i + 1 >= text.size()) return std::nullopt;
    const int high = digit(text[i]);
    const int low = digit(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

const Json* TsharkLayer::find(std::string_view name, std::string_view suffix) const {
  if (!members_->is_object()) return nullptr;
  // Within its layer a field is named twice, "http_http_host"; chosen with -e it is not, "http_host".
  std::string field(protocol_);
  field += '_';
  field += name;
  field += suffix;
  if (const Json* found = members_->find(std::string(protocol_) + "_" + field)) return found;
  if (const Json* found = members_->find(field)) return found;
  std::string dotted = field;
  for (char& c : dotted) {
    if (c == '_') c = '.';
  }
  return members_->find(dotted);
}

std::vector<std::string> TsharkLayer::texts(std::string_view name) const {
  std::vector<std::string> out;
  const Json* const found = find(name);
  if (found == nullptr) return out;
  if (found->is_array()) {
    for (const Json& value : found->as_array()) out.push_back(text_of(value));
  } else if (!found->is_null()) {
    out.push_back(text_of(*found));
  }
  return out;
}

std::string TsharkLayer::text(std::string_view name) const {
  const Json* const found = find(name);
  if (found == nullptr) return {};
  if (!found->is_array()) return text_of(*found);
  return found->as_array().empty() ? std::string() : text_of(found->as_array().front());
}

std::optional<std::int64_t> TsharkLayer::number(std::string_view name) const {
  std::string written = text(name);
  std::string_view digits = written;
  int base = 10;
  if (digits.starts_with("0x")) {
    base = 16;
    digits.remove_prefix(2);
  }
  std::int64_t out = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out, base);
  if (error != std::errc() || end != digits.data() + digits.size() || digits.empty()) return std::nullopt;
  return out;
}

bool TsharkLayer::flag(std::string_view name) const {
  const std::string value = text(name);
  return value == "1" || value == "True" || value == "true";
}

std::vector<std::string> TsharkLayer::octets(std::string_view name) const {
  std::vector<std::string> out;
  const Json* found = find(name, "_raw");
  if (found == nullptr || found->is_null()) found = find(name);
  if (found == nullptr) return out;
  const auto add = [&](const Json& value) {
    if (!value.is_string()) return;
    if (auto bytes = hex_decoded(value.as_string())) out.push_back(std::move(*bytes));
  };
  if (found->is_array()) {
    for (const Json& value : found->as_array()) add(value);
  } else {
    add(*found);
  }
  return out;
}

std::optional<std::string> TsharkLayer::first_octets(std::string_view name) const {
  auto all = octets(name);
  return all.empty() ? std::nullopt : std::optional(std::move(all.front()));
}

std::optional<std::string> TsharkLayer::raw(std::string_view name) const {
  const Json* found = find(name, "_raw");
  if (found != nullptr && found->is_array() && !found->as_array().empty()) found = &found->as_array().front();
  return found != nullptr && found->is_string() ? hex_decoded(found->as_string()) : std::nullopt;
}

std::vector<TsharkLayer> TsharkFrame::layers(std::string_view protocol) const {
  std::vector<TsharkLayer> out;
  const Json* const found = layers_.find(protocol);
  if (found != nullptr && found->is_array()) {
    for (const Json& each : found->as_array()) {
      if (each.is_object()) out.emplace_back(protocol, each);
    }
  } else if (found != nullptr && found->is_object()) {
    out.emplace_back(protocol, *found);
  } else if (found == nullptr) {
    std::string start(protocol);
    start += '_';
    for (const auto& member : layers_.as_object()) {
      if (!member.name.starts_with(start)) continue;
      // Of -x beside a layer that is not there.
      if (member.name == start + "raw") continue;
      out.emplace_back(protocol, layers_);
      break;
    }
  }
  return out;
}

TsharkLayer TsharkFrame::layer(std::string_view protocol) const {
  static const Json kNone;
  const auto all = layers(protocol);
  return all.empty() ? TsharkLayer(protocol, kNone) : all.front();
}

std::optional<std::string> TsharkFrame::layer_octets(std::string_view protocol, std::size_t index) const {
  const Json* found = layers_.find(std::string(protocol) + "_raw");
  if (found != nullptr && found->is_array())
    found = index < found->as_array().size() ? &found->as_array()[index] : nullptr;
  else if (index > 0)
    found = nullptr;
  return found != nullptr && found->is_string() ? hex_decoded(found->as_string()) : std::nullopt;
}

std::optional<stream::WallTime> TsharkFrame::time() const {
  const std::string epoch = layer("frame").text("time_epoch");
  if (const auto seconds = stream::parse_decimal_seconds(epoch)) return stream::WallTime(*seconds);
  if (const auto iso = stream::parse_iso8601(epoch)) return iso->time;  // of newer versions
  const Json& stamp = record_["timestamp"];
  const std::string text = text_of(stamp);
  if (const auto millis = stream::parse_decimal_millis(text)) return stream::WallTime(*millis);
  return std::nullopt;
}

}  // namespace har::format

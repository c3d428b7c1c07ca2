#include "report_json.hpp"

#include <algorithm>

#include "stream/text/base64.hpp"
#include "stream/text/utf8.hpp"

namespace stream {

Json json_of_number(std::uint64_t number) { return Json(number); }

Json json_of_fields(const std::vector<ItemField>& fields) {
  Json out = Json::object();
  for (const ItemField& field : fields) out.as_object().push_back({field.name, Json(field.value)});
  return out;
}

std::optional<Json> json_of(const ShownValue& value) {
  if (value.form != ShownValue::Form::json) return std::nullopt;
  // It was parsed before, within the limits of the comparison.
  auto json = parse_json(value.text, {SIZE_MAX, SIZE_MAX});
  if (!json) return std::nullopt;
  return std::move(*json);
}

std::optional<Json> json_of(const Item& item) {
  if (item.form == DataForm::value) return json_of({ShownValue::Form::json, item.data});
  if (item.form != DataForm::ndjson) return std::nullopt;
  Json::Array lines;
  for (std::string_view rest = item.data; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    auto value = json_of({ShownValue::Form::json, std::string(line)});
    if (!value) return std::nullopt;
    lines.push_back(std::move(*value));
  }
  return Json(std::move(lines));
}

void set_value(Json& object, const ShownValue& value, const std::optional<std::uint64_t>& offset) {
  constexpr std::size_t kMaxBytes = 64;
  if (value.form == ShownValue::Form::none) return;
  if (auto json = json_of(value)) {
    object.set("json", std::move(*json));
    return;
  }
  if (value.form != ShownValue::Form::bytes && is_utf8(value.text)) {
    object.set("text", Json(value.text));
    return;
  }
  const auto from = static_cast<std::size_t>(std::min<std::uint64_t>(offset.value_or(0), value.text.size()));
  object.set("size", json_of_number(value.text.size()));
  object.set("offset", json_of_number(from));
  object.set("base64", Json(base64_encode(std::string_view(value.text).substr(from, kMaxBytes))));
}

}  // namespace stream

// Reading and writing of the model: generic over the lists of members in model_fields.hpp.
#include "har/model.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "model_fields.hpp"

namespace har {

using stream::Json;
using stream::JsonMember;

Number::Number(double value) {
  const Json json(value);
  if (json.is_number()) text_ = json.number_text();
}

const Json* Extras::find(std::string_view name) const {
  for (const Slot& slot : slots_) {
    if (slot.value && slot.name == name) return &*slot.value;
  }
  return nullptr;
}

void Extras::set(std::string_view name, Json value) {
  for (Slot& slot : slots_) {
    if (slot.value && slot.name == name) {
      slot.value = std::move(value);
      return;
    }
  }
  slots_.push_back({std::string(name), std::move(value)});
}

class ModelAccess {
 public:
  static auto& slots(Extras& extras) { return extras.slots_; }
  static const auto& slots(const Extras& extras) { return extras.slots_; }
  static void mark_read(Extras& extras) { extras.read_ = true; }
  static bool was_read(const Extras& extras) { return extras.read_; }
};

namespace {

template <class T>
concept Object = requires(T object) {
  object.extras;
};

// ---- reading: true if the value is of the member's type

bool read(const Json& json, std::string& out) {
  if (!json.is_string()) return false;
  out = json.as_string();
  return true;
}
bool read(const Json& json, bool& out) {
  if (!json.is_bool()) return false;
  out = json.as_bool();
  return true;
}
bool read(const Json& json, Number& out) {
  if (!json.is_number()) return false;
  out = Number(Json::Number{json.number_text()});
  return true;
}
template <Object T>
bool read(const Json& json, T& out);
template <class T>
bool read(const Json& json, std::vector<T>& out) {
  if (!json.is_array()) return false;
  for (const Json& item : json.as_array()) {
    if (read(item, out.emplace_back())) continue;
    out.clear();
    return false;
  }
  return true;
}
template <class T>
bool read(const Json& json, std::optional<T>& out) {
  if (read(json, out.emplace())) return true;
  out.reset();
  return false;
}

template <Object T>
bool read(const Json& json, T& out) {
  if (!json.is_object()) return false;
  auto& slots = ModelAccess::slots(out.extras);
  ModelAccess::mark_read(out.extras);
  for (const JsonMember& member : json.as_object()) {
    const bool seen = std::any_of(slots.begin(), slots.end(), [&](const auto& slot) { return slot.name == member.name; });
    bool taken = false;
    if (!seen) {  // of members with the same name the first is the struct's
      fields(out,
             [&](std::string_view name, auto& field) { taken = taken || (name == member.name && read(member.value, field)); });
    }
    slots.push_back({member.name, taken ? std::nullopt : std::optional(member.value)});
  }
  return true;
}

// ---- writing

Json write(const std::string& value) { return Json(value); }
Json write(bool value) { return Json(value); }
Json write(const Number& value) { return Json(Json::Number{value.text()}); }
template <Object T>
Json write(const T& value);
template <class T>
Json write(const std::vector<T>& value) {
  Json::Array items;
  for (const T& item : value) items.push_back(write(item));
  return Json(std::move(items));
}

/// A member's value, if it is to be written; `required` ones always are.
template <class T>
std::optional<Json> value_of(const std::optional<T>& field, bool) {
  return field ? std::optional(write(*field)) : std::nullopt;
}
template <class T>
std::optional<Json> value_of(const T& field, bool required) {
  return required ? std::optional(write(field)) : std::nullopt;
}

template <Object T>
Json write(const T& value) {
  const auto& slots = ModelAccess::slots(value.extras);
  const bool was_read = ModelAccess::was_read(value.extras);
  const T fresh{};
  Json::Object members;
  const auto field_value = [&](std::string_view wanted, bool in_place) {
    std::optional<Json> found;
    fields(value, [&](std::string_view name, const auto& field) {
      if (name == wanted) found = value_of(field, in_place);
    });
    return found;
  };
  const auto changed = [&](std::string_view wanted) {
    // A member that could not be read keeps what stood there, until the struct's own member is given a value.
    std::optional<Json> now;
    std::optional<Json> before;
    fields(value, [&](std::string_view name, const auto& field) {
      if (name == wanted) now = value_of(field, true);
    });
    fields(fresh, [&](std::string_view name, const auto& field) {
      if (name == wanted) before = value_of(field, true);
    });
    return now != before;
  };
  const auto own = [&](std::string_view wanted) {
    return std::any_of(slots.begin(), slots.end(), [&](const auto& slot) { return slot.name == wanted && !slot.value; });
  };
  for (const auto& slot : slots) {
    const bool replaced = slot.value && !own(slot.name) && changed(slot.name);
    if (slot.value && !replaced) {
      members.push_back({slot.name, *slot.value});
    } else if (auto json = field_value(slot.name, true)) {
      members.push_back({slot.name, std::move(*json)});
    }
  }
  fields(value, [&](std::string_view name, const auto& field) {
    if (std::any_of(slots.begin(), slots.end(), [&](const auto& slot) { return slot.name == name; })) return;
    const bool wanted = !was_read || changed(name);
    if (auto json = value_of(field, wanted)) members.push_back({std::string(name), std::move(*json)});
  });
  return Json(std::move(members));
}

template <class T>
stream::Result<T> read_object(const Json& json, std::string_view what) {
  T out;
  if (read(json, out)) return out;
  return stream::fail({stream::ErrorCode::syntax, fmt::format("expected {}, an object, found {}", what, to_string(json.kind()))});
}

}  // namespace

stream::Result<Entry> read_entry(const Json& json) { return read_object<Entry>(json, "an entry"); }
stream::Result<Log> read_log(const Json& json) { return read_object<Log>(json, "a log"); }
Json to_json(const Entry& entry) { return write(entry); }
Json to_json(const Log& log) { return write(log); }

}  // namespace har

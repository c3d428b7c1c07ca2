#pragma once

#include <string>

#include "har/entry_view.hpp"

namespace har {

/// What drop_bodies() takes out.
struct BodyParts {
  bool response = true;  ///< content's text
  bool request = true;   ///< postData's text and params
  bool messages = true;  ///< the data of WebSocket messages and of server-sent events
};

/// Appends the entry without its bodies. Every other byte stays: sizes, types, and of messages their times and directions. False,
/// and nothing is appended: there are none. An entry whose JSON is broken where they would stand keeps them.
bool drop_bodies(EntryView& entry, const BodyParts& parts, std::string& out);

}  // namespace har

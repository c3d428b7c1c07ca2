#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "diff/address.hpp"
#include "diff/found.hpp"
#include "diff/judge.hpp"
#include "stream/text/json_view.hpp"

namespace har::diff {

/// One of a list of names with values: a header, a parameter, a cookie, a field of a form.
struct Named {
  std::string name{};  ///< as written
  std::string value{};
  std::string pointer{};  ///< of the value, in the entry
};

struct ListRules {
  Half half = Half::request;
  Field field = Field::header;
  bool any_case = false;  ///< of names
  bool in_order = false;  ///< values of one name
  bool exact = false;     ///< the order of names counts, and their case
  /// Whether these values of that name may differ; may be empty.
  std::function<bool(std::string_view name, std::string_view expected, std::string_view actual)> passes{};
  /// Of a body: names are levels of a pointer in it.
  bool in_body = false;
};

/// Names with the same values are taken out first, what is left of a name stands opposite each other in order.
void compare_lists(Found& found, Judge& judge, const std::vector<Named>& expected, const std::vector<Named>& actual,
                   const ListRules& rules);

/// The name/value objects of a HAR array. `pointer` is the array's.
std::vector<Named> named_of(stream::RawJson array, std::string_view pointer);

/// What cookies a half sets or sends, and how: the arrays, and where these say nothing the headers.
void compare_cookies(Found& found, Judge& judge, Half half, stream::RawJson expected, stream::RawJson actual,
                     const std::vector<Named>& expected_headers, const std::vector<Named>& actual_headers);

}  // namespace har::diff

#include "check/facts.hpp"

#include "stream/text/json_view.hpp"

namespace har::check {

std::string_view text_of(const Field& field, std::string& scratch) { return stream::RawJson{field.raw}.string(scratch); }

std::string text_of(const Field& field) { return stream::RawJson{field.raw}.string(); }

double number_of(const Field& field, double fallback) { return stream::RawJson{field.raw}.number().value_or(fallback); }

}  // namespace har::check

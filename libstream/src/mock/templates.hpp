#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "incoming.hpp"
#include "pattern.hpp"
#include "stream/mock/model.hpp"

/// Answers with parts of the request in them: `{{…}}` in texts of mocks that ask for it, and Dev Proxy's `@request.body.…`.
namespace stream::mock {

/// What a template's names can mean.
struct TemplateScope {
  const Request* request = nullptr;
  Incoming* body = nullptr;
  const TextPattern* pattern = nullptr;    ///< of the body; null: there are no groups
  std::vector<std::string_view> groups{};  ///< the whole match and its groups
  std::vector<std::string_view> stars{};   ///< of the URL
  std::uint64_t count = 0;
};

/// Whether the text can be filled where the URL has so many stars and the body is held against `pattern` (null: none). Errors:
/// `syntax` for what is no name, `usage` for a group that there is not; without a place.
Status check_template(std::string_view text, std::size_t stars, const TextPattern* pattern);

std::string fill_text(std::string_view text, const TemplateScope& scope);
/// Fills the strings in it. One that is nothing but one name of a JSON value becomes that value.
Json fill_json(Json value, const TemplateScope& scope);

bool is_placeholder(std::string_view text);
/// Puts parts of the request in the place of strings that begin with "@request.body."; what is not there is null.
Json replace_placeholders(Json value, const Json& request);

}  // namespace stream::mock

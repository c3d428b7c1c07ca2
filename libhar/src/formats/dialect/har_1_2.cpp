// HAR 1.2 to the letter (har-spec versions/1.2.md): nothing that it does not have, and all that it requires.
#include <algorithm>

#include "formats/dialect/dialect.hpp"

namespace har::format::dialect {
namespace {

using stream::Json;

bool adapt(Json& entry, const stream::Exchange*, const stream::Place& place, const stream::FindingSink& report) {
  Json& request = *entry.find("request");
  std::string url = ascii_url(request["url"].string_or(""));
  // "without fragment"
  if (const std::size_t hash = url.find('#'); hash != std::string::npos) {
    report_loss("request-url-fragment", "the fragment of the URL is left out: HAR 1.2 has none", place, report);
    url.resize(hash);
  }
  request.set("url", std::move(url));
  // Text and params are one or the other.
  if (Json* post = request.find("postData"); post != nullptr) {
    const Json* const params = post->find("params");
    const bool has_params = params != nullptr && params->is_array() && !params->as_array().empty();
    if (!has_params) {
      post->erase("params");
    } else if ((*post)["text"].string_or("").empty()) {
      post->erase("text");
    } else {
      const bool told = (*post)["mimeType"].string_or("").find("urlencoded") != std::string_view::npos;
      if (!told)
        report_loss("request-postData-params", "the params are left out beside the text, which excludes them", place, report);
      post->erase("params");
    }
  }
  return true;
}

}  // namespace

const Shape kHar12{"har-1.2", {}, Shape::Messages::none, false, adapt};

}  // namespace har::format::dialect

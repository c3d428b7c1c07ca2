// Mocks as Dev Proxy itself knows them (its schemas mockresponseplugin and websocketmockresponseplugin), without what
// docs/mocks.md marks as ours.
#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <string_view>

#include "formats/losses.hpp"
#include "mock_parts.hpp"

namespace har::format {
namespace {

using stream::Json;
using stream::JsonMember;
using stream::Place;

class Keeper {
 public:
  Keeper(std::string_view url, const stream::FindingSink& report) : url_(url), report_(report) {}

  void only(Json* object, std::initializer_list<std::string_view> names) const {
    if (object == nullptr || !object->is_object()) return;
    std::erase_if(object->as_object(), [&](const JsonMember& member) {
      if (std::find(names.begin(), names.end(), member.name) != names.end()) return false;
      report_loss(fmt::format("mocks-{}", member.name),
                  fmt::format("{} is left out of the mock for {}: Dev Proxy does not know it", member.name, url_), {}, report_);
      return true;
    });
  }
  template <class Call>
  void each(Json* list, const Call& call) const {
    if (list == nullptr || !list->is_array()) return;
    for (Json& element : list->as_array()) call(&element);
  }

 private:
  std::string_view url_;
  const stream::FindingSink& report_;
};

}  // namespace

void keep_devproxy_members(Json& mock, const stream::FindingSink& report) {
  Json* const request = mock.find("request");
  const std::string url(request != nullptr ? (*request)["url"].string_or("") : mock["url"].string_or(""));
  const Keeper keep(url, report);
  if (request != nullptr) {
    keep.only(&mock, {"request", "response"});
    keep.only(mock.find("request"), {"url", "method", "nth", "bodyFragment"});
    keep.only(mock.find("response"), {"statusCode", "headers", "body"});
    return;
  }
  const auto messages = [&](Json* list) { keep.each(list, [&](Json* message) { keep.only(message, {"body", "messageType"}); }); };
  keep.only(&mock, {"url", "onConnect", "rules", "closeOnUnmatched"});
  messages(mock.find("onConnect"));
  keep.each(mock.find("rules"), [&](Json* rule) {
    keep.only(rule, {"match", "responses", "closeAfter"});
    keep.only(rule->find("match"), {"bodyJson", "bodyRegex", "bodyFragment"});
    messages(rule->find("responses"));
  });
}

}  // namespace har::format

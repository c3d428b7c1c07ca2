#include "har/query/drop_bodies.hpp"

#include <algorithm>
#include <initializer_list>
#include <string_view>
#include <vector>

namespace har {
namespace {

using stream::JsonArrayView;
using stream::JsonObjectView;
using stream::RawJson;

/// Pieces of a text that are left out.
class Cuts {
 public:
  explicit Cuts(std::string_view text) : text_(text) {}

  /// Members of an object, each with one of the commas beside it.
  void members(RawJson object, std::initializer_list<std::string_view> names) {
    JsonObjectView view(object);
    const auto& all = view.members();
    if (view.broken()) return;
    const auto goes = [&](const JsonObjectView::Member& member) {
      return std::find(names.begin(), names.end(), member.name) != names.end();
    };
    std::size_t kept = all.size();  // one behind the last that stays
    while (kept > 0 && goes(all[kept - 1])) --kept;
    for (std::size_t i = 0; i < kept; ++i) {
      if (goes(all[i])) cut(name_at(all[i]), name_at(all[i + 1]));
    }
    if (kept == all.size()) return;
    cut(kept == 0 ? offset(object.text) + 1 : end(all[kept - 1]), end(all.back()));
  }

  bool none() const { return cuts_.empty(); }

  void write(std::string& out) {
    std::sort(cuts_.begin(), cuts_.end());
    std::size_t at = 0;
    for (const auto& [from, to] : cuts_) {
      if (from < at) continue;  // of an object that stands twice
      out += text_.substr(at, from - at);
      at = to;
    }
    out += text_.substr(at);
  }

 private:
  std::size_t offset(std::string_view piece) const { return static_cast<std::size_t>(piece.data() - text_.data()); }
  std::size_t name_at(const JsonObjectView::Member& member) const { return offset(member.name) - 1; }
  std::size_t end(const JsonObjectView::Member& member) const { return offset(member.value.text) + member.value.text.size(); }
  void cut(std::size_t from, std::size_t to) { cuts_.emplace_back(from, to); }

  std::string_view text_;
  std::vector<std::pair<std::size_t, std::size_t>> cuts_{};
};

}  // namespace

bool drop_bodies(EntryView& entry, const BodyParts& parts, std::string& out) {
  Cuts cuts(entry.text());
  if (parts.response && entry.find(EntryPart::content, "text").is_string())
    cuts.members(entry.find(EntryPart::response, "content"), {"text", "encoding"});
  if (parts.request && entry.find(EntryPart::request, "postData").is_object())
    cuts.members(entry.find(EntryPart::request, "postData"), {"text", "params", "encoding", "_encoding"});
  if (parts.messages) {
    for (const std::string_view name : {"_webSocketMessages", "_eventSourceMessages"}) {
      JsonArrayView messages(entry.find(EntryPart::entry, name));
      while (const RawJson message = messages.next()) cuts.members(message, {"data"});
    }
  }
  if (cuts.none()) return false;
  cuts.write(out);
  return true;
}

}  // namespace har

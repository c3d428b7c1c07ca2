// An expression, and behind the input's first byte 0 an entry. What compiles has the same value however it is written: negated it
// is the opposite, and asked again the same. An entry without its bodies is JSON where it was JSON before.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "har/query/drop_bodies.hpp"
#include "har/query/query.hpp"
#include "stream/text/json.hpp"

namespace {

constexpr std::string_view kEntry =
    R"x({"startedDateTime":"2026-01-02T03:04:05.678Z","time":12.5,"request":{"method":"PUT","url":"https://u@a.test:1/a?x=1&y=%26#f",)x"
    R"x("headers":[{"name":"A","value":"1"},{"name":"a","value":"2"},{"name":"Cookie","value":"c=1; d=2"}],"postData":{"mimeType":"m","text":"{\"q\":1}"}},)x"
    R"x("response":{"status":404,"headers":[{"name":"Set-Cookie","value":"a=1"}],"content":{"size":-1,"mimeType":"application/json","text":"{\"a\":[1,\"b\",null,{}]}"}},)x"
    R"x("timings":{"wait":7},"_webSocketMessages":[{"type":"send","time":1767323045.7,"opcode":1,"data":"{\"t\":1}"},{"type":"receive","time":1767323046,"opcode":2,"data":"AQ=="}],)x"
    R"x("_eventSourceMessages":[{"time":1767323045.8,"eventName":"e","eventId":"1","data":"d"}]})x";

void require(bool condition) {
  if (!condition) std::abort();
}

bool holds(const har::query::Query& query, std::string_view entry) {
  har::EntryView view(entry);
  har::query::Query::Scratch scratch;
  const har::query::Subject subject{view, 3, "in.har"};
  const bool out = query.matches(subject, scratch);
  require(query.matches(subject, scratch) == out);
  return out;
}

void check_expression(const std::string& text, std::string_view entry) {
  using har::query::Query;
  using har::query::Scope;
  const auto query = Query::compile(text);
  const auto opposite = Query::compile("!(" + text + ")");
  const auto wrapped = Query::compile("(false || (" + text + ")) && true");
  if (query && opposite && wrapped) {  // the others may be too long, or too deep
    for (const std::string_view one : {kEntry, entry}) {
      const bool is = holds(*query, one);
      require(holds(*opposite, one) != is);
      require(holds(*wrapped, one) == is);
    }
  }
  if (!query) require(!query.error().message.empty() && query.error().place.column >= 1);
  if (const auto messages = Query::compile(text, Scope::message)) {
    har::query::Query::Scratch scratch;
    for (const std::string_view one : {kEntry, entry}) {
      har::EntryView view(one);
      std::size_t count = 0;
      messages->messages({view}, scratch, [&](const har::query::Message&) {
        ++count;
        return true;
      });
      require(messages->matches({view}, scratch) == (count != 0));
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t cut = text.find('\0');
  const std::string_view entry = cut == std::string_view::npos ? std::string_view("{}") : text.substr(cut + 1);
  check_expression(std::string(text.substr(0, cut)), entry);

  har::EntryView view(entry);
  std::string dropped;
  if (har::drop_bodies(view, {}, dropped)) {
    require(dropped.size() < entry.size());
    if (stream::parse_json(entry)) require(stream::parse_json(dropped).has_value());
  }
  return 0;
}

#include "har/query/query.hpp"

#include "query/node.hpp"
#include "query/parser.hpp"

namespace har::query {

struct Query::Impl {
  std::string text{};
  Scope scope = Scope::entry;
  NodePtr root{};
  bool uses_index = false;

  /// Shows the messages that it is true of until `take` wants no more.
  bool each(const Subject& subject, Work& work, FunctionRef<bool(const FoundMessage&)> take) const {
    Context context{&subject, &work, nullptr};
    for (const Work::Which which : {Work::Which::websocket, Work::Which::events}) {
      for (const FoundMessage& message : work.messages(subject, which)) {
        context.message = &message;
        const std::size_t mark = work.mark();
        const bool go_on = !root->test(context) || take(message);
        work.release(mark);
        if (!go_on) return false;
      }
    }
    return true;
  }
};

struct Query::Scratch::Impl {
  Work work{};
};

Query::Scratch::Scratch() : impl_(std::make_unique<Impl>()) {}
Query::Scratch::Scratch(Scratch&&) noexcept = default;
Query::Scratch& Query::Scratch::operator=(Scratch&&) noexcept = default;
Query::Scratch::~Scratch() = default;

Query::Query(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Query::Query(Query&&) noexcept = default;
Query& Query::operator=(Query&&) noexcept = default;
Query::~Query() = default;

stream::Result<Query> Query::compile(std::string_view text, Scope scope, std::string_view source) {
  STREAM_ASSIGN(Parsed parsed, parse(text, scope, source));
  auto impl = std::make_unique<Impl>();
  impl->text = text;
  impl->scope = scope;
  impl->root = std::move(parsed.root);
  impl->uses_index = parsed.uses_index;
  return Query(std::move(impl));
}

bool Query::matches(const Subject& subject, Scratch& scratch) const {
  Work& work = scratch.impl_->work;
  work.begin();
  if (impl_->scope == Scope::message) return !impl_->each(subject, work, [](const FoundMessage&) { return false; });
  Context context{&subject, &work, nullptr};
  return impl_->root->test(context);
}

void Query::messages(const Subject& subject, Scratch& scratch, const std::function<bool(const Message&)>& take) const {
  Work& work = scratch.impl_->work;
  work.begin();
  (void)impl_->each(subject, work, [&](const FoundMessage& found) {
    Message message = found.message;
    message.data = data_of(found, work);
    return take(message);
  });
}

std::optional<stream::WallTime> parse_moment(std::string_view text) {
  constexpr std::size_t kDate = 10;  // "2026-11-28"
  const auto time = text.size() == kDate ? stream::parse_iso8601(std::string(text) + "T00:00:00Z") : stream::parse_iso8601(text);
  return time ? std::optional(time->time) : std::nullopt;
}

bool Query::uses_index() const { return impl_->uses_index; }
const std::string& Query::text() const { return impl_->text; }

}  // namespace har::query

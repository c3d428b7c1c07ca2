#include "formats/exchange_writer.hpp"

#include <fmt/format.h>

#include <utility>

#include "har/exchange.hpp"

namespace har::format {

using stream::fail;
using stream::Json;
using stream::Status;

Status ExchangeWriter::write_head() {
  if (std::exchange(begun_, true)) return {};
  const std::string text = head();
  return text.empty() ? Status() : sink_.write(text);
}

Status ExchangeWriter::begin(const Item&, const LogInfo&) { return write_head(); }

Status ExchangeWriter::render(const Item& item, const RenderContext& context, std::string& out) const {
  const ReadOptions read{options_.limits, context.report};
  std::optional<Json> entry;
  stream::WallTime start{};
  if (item.exchange) {
    start = item.exchange->start.value_or(start);
    if (context.report && !held().empty()) entry = to_entry(*item.exchange);
  } else {
    STREAM_ASSIGN(entry, entry_of(item, read));
    start = started_at(*entry).value_or(start);
  }
  if (entry && !held().empty()) report_losses(*entry, held(), format_name(), item.where(), context.report);
  auto exchange = item.exchange ? exchange_of(item, context.info, context.files, item.exchange->id, start, read)
                                : exchange_of_entry(std::move(*entry), item, context.info, context.files, "", start, read);
  if (!exchange) return fail(std::move(exchange).error());
  const std::size_t before = out.size();
  auto status = render_exchange(*exchange, item, context, out);
  if (!status) out.resize(before);
  return status;
}

Status ExchangeWriter::write(std::string_view rendered) { return rendered.empty() ? Status() : sink_.write(rendered); }
Status ExchangeWriter::end_input(const LogInfo& info) {
  if (held().empty()) return {};
  for (const stream::JsonMember& member : info.log) {
    if (member.name == "version" || member.name == "creator" || !says_something(member.value)) continue;
    report_loss("log-" + member.name, fmt::format("log.{} is left out: {} has no place for it", member.name, format_name()), {},
                options_.report);
  }
  return {};
}

Status ExchangeWriter::finish() {
  STREAM_TRY(write_head());
  const std::string text = tail();
  return text.empty() ? Status() : sink_.write(text);
}

}  // namespace har::format

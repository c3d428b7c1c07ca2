#include "store/indexer.hpp"

#include <fmt/format.h>

#include <utility>

#include "har/exchange.hpp"
#include "stream/text/json_find.hpp"

namespace har::store {

using stream::Error;
using stream::ErrorCode;
using stream::Exchange;
using stream::fail;
using stream::Json;
using stream::Place;
using stream::Result;

std::string creator_of(const LogInfo& info) {
  std::string creator;
  for (const auto& member : info.log) {
    if (member.name == "creator")
      creator = fmt::format("{} {}", member.value["name"].string_or(""), member.value["version"].string_or(""));
  }
  return creator;
}

stream::WallTime start_of(std::string_view entry) {
  const auto text = stream::find_raw_value(entry, {"startedDateTime"});
  const auto value = text ? stream::parse_json(*text) : Result<Json>(Json());
  const auto time = value ? stream::parse_iso8601(value->string_or("")) : std::nullopt;
  return time ? time->time : stream::WallTime{};
}

Result<Exchange> read_whole(const Reading& of, std::string_view text, std::size_t number, const Place& place,
                            const stream::FindingSink& report) {
  auto entry = stream::parse_json(text, of.limits);
  if (!entry) return fail(locate(std::move(entry).error(), place));
  return to_exchange(std::move(*entry), {std::to_string(number + 1), of.start, place, report, of.files.get(), of.creator});
}

void Indexer::work(const Piece& piece, Tools& tools, const std::function<Place()>& place_of, Made& out) const {
  Made::Entry& made = out.entries.emplace_back();
  made.unwanted = where_ != nullptr && !where_->wants({piece.text, nullptr, piece.number, of_.path, piece.info, of_.files.get()});
  if (made.unwanted) return;
  const auto wrong = [&](Error error) { made.messages.emplace_back(std::move(error)); };
  if (piece.number >= kMostEntries || piece.text.size() > UINT32_MAX)
    return wrong({ErrorCode::limit, "more entries, or a larger one, than can be served", place_of(), "split the file"});
  if (whole_ || !read_head(piece.text, of_.limits, tools.head)) {
    auto read = read_whole(of_, piece.text, piece.number, place_of(),
                           [&](const stream::Finding& finding) { made.messages.emplace_back(finding); });
    if (!read) return wrong(std::move(read).error());
    tools.head = {match::recorded_of(*read), read->kind()};
  }
  const EntryHead& head = tools.head;
  made.prepared = tools.preparer->prepare(head.recorded);
  made.slot.offset = piece.offset;
  made.slot.size = static_cast<std::uint32_t>(piece.text.size());
  made.slot.number = piece.number & 0xfffffffU;
  made.slot.kind = head.kind ? static_cast<std::uint32_t>(*head.kind) & 0xfU : kUnknownKind;
  made.good = true;
}

std::unique_ptr<Indexer::Tools> Indexer::lend() {
  {
    const std::lock_guard lock(mutex_);
    if (!free_.empty()) {
      auto one = std::move(free_.back());
      free_.pop_back();
      return one;
    }
  }
  auto tools = std::make_unique<Tools>();
  tools->preparer = std::move(match::Preparer::make(options_).value());  // the matcher has been made with these options
  return tools;
}

void Indexer::give_back(std::unique_ptr<Tools> tools) {
  const std::lock_guard lock(mutex_);
  free_.push_back(std::move(tools));
}

}  // namespace har::store

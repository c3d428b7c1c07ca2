#include "har/stat/summary.hpp"

#include <algorithm>

namespace har::stat {
namespace {

void add_time(Quantiles& quantiles, std::int64_t time) {
  if (time != kNoTime) quantiles.add(static_cast<std::uint64_t>(std::max<std::int64_t>(0, time)));
}

void add_all(Quantiles& quantiles, const std::vector<std::uint64_t>& values) {
  for (const std::uint64_t value : values) quantiles.add(value);
}

/// Whether a cache may keep such an answer.
bool may_be_kept(CacheClass kind) {
  return kind == CacheClass::fresh || kind == CacheClass::heuristic || kind == CacheClass::revalidate ||
         kind == CacheClass::unusable;
}

}  // namespace

void SocketSummary::add(const SocketFacts& facts) {
  ++connections;
  for (std::size_t i = 0; i < 2; ++i) {
    messages[i] += facts.messages[i];
    bytes[i] += facts.bytes[i];
  }
  control += facts.control;
  errors += facts.errors;
  if (!facts.timed && facts.messages[0] + facts.messages[1] != 0) ++untimed;
  if (facts.close_code) ++closes[*facts.close_code];
  add_time(duration, facts.duration);
  add_time(first, facts.first);
  add_all(gap, facts.gaps);
}

void SocketSummary::add(const SocketSummary& other) {
  connections += other.connections;
  for (std::size_t i = 0; i < 2; ++i) {
    messages[i] += other.messages[i];
    bytes[i] += other.bytes[i];
  }
  control += other.control;
  errors += other.errors;
  untimed += other.untimed;
  for (const auto& [code, count] : other.closes) closes[code] += count;
  duration.add(other.duration);
  first.add(other.first);
  gap.add(other.gap);
}

void StreamSummary::add(const StreamFacts& facts, std::uint64_t body_bytes) {
  ++streams;
  events += facts.events;
  bytes += body_bytes;
  chunks += facts.chunks;
  add_time(duration, facts.duration);
  add_time(first, facts.first);
  add_all(gap, facts.gaps);
  add_all(chunk_gap, facts.chunk_gaps);
}

void StreamSummary::add(const StreamSummary& other) {
  streams += other.streams;
  events += other.events;
  bytes += other.bytes;
  chunks += other.chunks;
  duration.add(other.duration);
  first.add(other.first);
  gap.add(other.gap);
  chunk_gap.add(other.chunk_gap);
}

void Summary::add(const EntryFacts& facts, const EntryFactsList& list) {
  ++entries;
  if (facts.status == 0) ++errors;
  if (facts.status >= 100 && facts.status < 600) ++status_classes[static_cast<std::size_t>(facts.status / 100 - 1)];
  ++statuses[facts.status];
  request_bytes += facts.request_bytes;
  response_bytes += facts.response_bytes;
  transferred += facts.transferred;
  from_cache += facts.from_cache ? 1 : 0;
  CacheCount& kind = cache[static_cast<std::size_t>(facts.cache)];
  ++kind.responses;
  kind.bytes += facts.response_bytes;
  if (may_be_kept(facts.cache) && !facts.validator) {
    ++without_validator.responses;
    without_validator.bytes += facts.response_bytes;
  }
  for (std::size_t i = 0; i < kPhases; ++i) add_time(phases[i], facts.phases[i]);
  if (facts.status != 0) size.add(facts.response_bytes);
  if (facts.socket >= 0) {
    if (!sockets) sockets = std::make_unique<SocketSummary>(exact_up_to_);
    sockets->add(list.sockets[static_cast<std::size_t>(facts.socket)]);
  }
  if (facts.stream >= 0) {
    const StreamFacts& stream = list.streams[static_cast<std::size_t>(facts.stream)];
    streams.try_emplace(stream.kind, exact_up_to_).first->second.add(stream, facts.response_bytes);
  }
}

void Summary::add(const Summary& other) {
  entries += other.entries;
  errors += other.errors;
  for (std::size_t i = 0; i < status_classes.size(); ++i) status_classes[i] += other.status_classes[i];
  for (const auto& [status, count] : other.statuses) statuses[status] += count;
  request_bytes += other.request_bytes;
  response_bytes += other.response_bytes;
  transferred += other.transferred;
  from_cache += other.from_cache;
  for (std::size_t i = 0; i < kCacheClasses; ++i) {
    cache[i].responses += other.cache[i].responses;
    cache[i].bytes += other.cache[i].bytes;
  }
  without_validator.responses += other.without_validator.responses;
  without_validator.bytes += other.without_validator.bytes;
  for (std::size_t i = 0; i < kPhases; ++i) phases[i].add(other.phases[i]);
  size.add(other.size);
  if (other.sockets) {
    if (!sockets) sockets = std::make_unique<SocketSummary>(exact_up_to_);
    sockets->add(*other.sockets);
  }
  for (const auto& [kind, stream] : other.streams) streams.try_emplace(kind, exact_up_to_).first->second.add(stream);
}

bool Summary::operator==(const Summary& other) const {
  const bool same_sockets = sockets ? other.sockets && *sockets == *other.sockets : !other.sockets;
  return entries == other.entries && errors == other.errors && status_classes == other.status_classes &&
         statuses == other.statuses && request_bytes == other.request_bytes && response_bytes == other.response_bytes &&
         transferred == other.transferred && from_cache == other.from_cache && cache == other.cache &&
         without_validator == other.without_validator && phases == other.phases && size == other.size && same_sockets &&
         streams == other.streams;
}

}  // namespace har::stat

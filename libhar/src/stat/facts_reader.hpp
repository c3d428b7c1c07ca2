#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "har/stat/facts.hpp"
#include "stat/json_walk.hpp"
#include "stream/text/json_view.hpp"

namespace har::stat {

struct FactsReader::Impl {
  bool read(std::string_view entry, const Context& context, EntryFactsList& out);

 private:
  bool entry_member(JsonWalk& walk, std::string_view name);
  bool request_member(JsonWalk& walk, std::string_view name);
  bool response_member(JsonWalk& walk, std::string_view name);
  bool content_member(JsonWalk& walk, std::string_view name);
  bool headers(JsonWalk& walk);
  bool timing(JsonWalk& walk, std::string_view name);
  bool messages(JsonWalk& walk);
  bool message(JsonWalk& walk);
  template <class Member>
  static bool into(JsonWalk& walk, const Member& member) {
    return walk.at_object() ? walk.object(member) : walk.skip();
  }

  void begin();
  void times(EntryFacts& facts) const;
  void sizes(EntryFacts& facts);
  void hash_request(EntryFacts& facts);
  void timeline(std::string_view entry, const Context& context, EntryFacts& facts, EntryFactsList& out);
  bool socket(SocketFacts& facts);
  bool stream(StreamFacts& facts);
  std::string_view body();
  std::int64_t answer_after() const;
  std::int64_t duration(std::int64_t last) const;
  static FactText keep(EntryFactsList& out, std::string_view text);

  // What was found in the entry: views of its text.
  stream::RawJson page_, started_, type_, time_, from_cache_, address_;
  stream::RawJson chunks_, progress_, server_events_, recording_events_, close_, stream_kind_, incomplete_;
  stream::RawJson method_, url_, request_version_, request_size_, post_data_;
  stream::RawJson status_, version_, body_size_, headers_size_, transferred_, disk_cache_, prefetch_cache_;
  stream::RawJson content_size_, mime_, text_, encoding_, file_, content_type_header_;
  std::array<stream::RawJson, kPhases> timings_{};
  CacheFields cache_{};
  bool has_response_ = false;
  bool has_messages_ = false;
  bool odd_messages_ = false;  ///< not as Chrome writes them
  SocketFacts socket_{};
  std::vector<std::int64_t> message_times_{};  ///< of data, ns since 1970
  std::vector<double> all_times_{};            ///< of all there are, as they are written
  std::int64_t first_message_ = 0;             ///< in the order of the list
  std::int64_t first_received_ = 0;
  std::int64_t last_message_ = 0;

  std::string url_text_, method_text_, mime_text_, type_text_, name_, value_, scratch_, body_, decoded_;
  std::optional<std::int64_t> started_at_{};
  std::vector<std::int64_t> event_times_{};
};

}  // namespace har::stat

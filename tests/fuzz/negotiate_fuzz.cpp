// An answer as a request asks for it, whatever the request's fields say: framing that fits, times that do not go back, bytes that
// were recorded, and no line of a head that is not one.
#include <algorithm>
#include <array>

#include "stream/replay/adapt.hpp"
#include "wire_cuts.hpp"

using namespace stream::replay;

namespace {

constexpr std::array<std::string_view, 12> kNames{
    "range",           "if-range", "if-none-match", "if-match",      "if-modified-since", "if-unmodified-since",
    "accept-encoding", "origin",   "etag",          "last-modified", "location",          "set-cookie"};

void check(const Answer& answer) {
  require(!answer.steps.empty() && answer.steps.front().kind == StepKind::head, "a head first");
  require(is_last(answer.steps.back().kind), "an end last");
  std::uint64_t size = 0;
  for (std::size_t i = 0; i < answer.steps.size(); ++i) {
    const Step& step = answer.steps[i];
    require(i == 0 || answer.steps[i - 1].at <= step.at, "time goes back");
    require(step.kind != StepKind::data || !step.bytes.empty(), "a piece of nothing would end a chunked body");
    if (step.kind == StepKind::data) size += step.bytes.size();
  }
  require(size == answer.body_size, "the size is that of the pieces");
  for (const HeaderField& field : answer.headers)
    require(field.value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos, "a line in a field");
}

}  // namespace

/// Lines "N value", where N chooses a field; those of the answer are even with a "+" in front. The rest is the body.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  std::vector<HeaderField> asked;
  auto answer = std::make_shared<Answer>();
  answer->headers.push_back({"Content-Type", "text/html"});
  while (!bytes.empty()) {
    const auto end = bytes.find('\n');
    if (end == std::string_view::npos || end < 1) break;
    std::string_view line = bytes.substr(0, end);
    const bool ours = line.front() == '+';
    if (ours) line.remove_prefix(1);
    if (line.empty() || line.front() < 'a' || line.front() > 'l') break;
    const std::string_view name = kNames[static_cast<std::size_t>(line.front() - 'a')];
    std::string value(line.substr(1));
    std::replace_if(
        value.begin(), value.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
    (ours ? answer->headers : asked).push_back({std::string(name), std::move(value)});
    bytes.remove_prefix(end + 1);
  }
  const std::string body(bytes.substr(0, 2000));
  answer->status = 200;
  answer->steps.push_back({stream::Nanos(5), StepKind::head, 0, {}});
  Cuts cuts(bytes);
  std::size_t at = 0;
  for (std::int64_t time = 10; at < body.size(); time += 10) {
    const std::size_t piece = std::min<std::size_t>(body.size() - at, 1 + cuts.below(20));
    answer->steps.push_back({stream::Nanos(time), StepKind::data, 0, std::string_view(body).substr(at, piece)});
    at += piece;
  }
  answer->steps.push_back({stream::Nanos(100'000), StepKind::end, 0, {}});
  answer->body_size = body.size();
  answer->complete = true;
  answer->recorded_coding = "gzip";
  answer->recorded_at = stream::WallTime{};
  const Ask ask{"GET", &asked};
  const auto negotiated = negotiate(ask, answer, HttpTime{});
  check(*negotiated);
  require(negotiated->status != 206 || negotiated->body_size > 0, "a part of nothing");
  Naming naming;
  naming.bodies = true;
  naming.origin = [](std::string_view, std::string_view authority) {
    return authority.size() % 2 == 0 ? std::optional<std::string>("http://x.local:1") : std::nullopt;
  };
  auto changed = refresh_dates(rewrite_names(answer, naming), {HttpTime(std::chrono::seconds(1000)), {}});
  check(*changed);
  changed = with_cors(ask, encode_for(ask, negotiate(ask, changed, HttpTime{})));
  check(*changed);
  check(*decode_for(ask, changed, Encode::identity));
  return 0;
}

#include "streamserve/ws_options.hpp"

#include <CLI/CLI.hpp>

#include "stream/compare/noise_file.hpp"
#include "stream/io/byte_source.hpp"

namespace tools::streamserve {
namespace {

using stream::replay::ClientMessage;
using stream::replay::Mismatch;
using stream::replay::WsMode;

constexpr const char* kGroup = "WebSocket";
constexpr std::size_t kMaxFile = std::size_t{16} << 20;
constexpr std::size_t kMostShown = 80;

stream::Exchange exchange_of(int opcode, std::string_view bytes) {
  stream::Exchange exchange;
  stream::Event message;
  message.kind = stream::EventKind::message;
  message.direction = stream::Direction::send;
  message.opcode = opcode;
  message.data = bytes;
  exchange.timeline.push_back(std::move(message));
  exchange.end.emplace().kind = stream::EventKind::end;
  return exchange;
}

std::string shown(const stream::ShownValue& value) {
  if (value.form == stream::ShownValue::Form::none) return "nothing";
  if (value.form != stream::ShownValue::Form::json) {
    return stream::replay::shown_message(value.form == stream::ShownValue::Form::text ? 1 : 2, value.text);
  }
  if (value.text.size() <= kMostShown) return value.text;
  std::size_t end = kMostShown;
  while (end > 0 && (static_cast<unsigned char>(value.text[end]) & 0xC0) == 0x80) --end;
  return value.text.substr(0, end) + "…";
}

}  // namespace

void declare_websockets(CLI::App& app, WsGroup& group) {
  add_choice(app, "--ws", group.mode, {{"timed", WsMode::timed}, {"lockstep", WsMode::lockstep}, {"both", WsMode::both}},
             "When a recorded WebSocket server's messages are sent. At their times, whatever the client says; each as soon as "
             "the client has sent what came before it in the recording (lockstep); or so, and not before the recorded pause "
             "behind that is over (both). Messages of the client's that are not the recorded ones are told in the log.")
      ->default_str("timed")
      ->group(kGroup);
  add_choice(app, "--ws-match", group.match, {{"json", WsMatch::json}, {"exact", WsMatch::exact}},
             "How the client's messages are compared with the recorded ones: JSON by its meaning and everything else to the "
             "byte, or all to the byte.")
      ->default_str("json")
      ->group(kGroup);
  app.add_option("--ws-ignore", group.ignore,
                 "Leave out what PATTERN names in the client's JSON messages: /a/*/b, /**/name. May be repeated.")
      ->type_name("PATTERN")
      ->group(kGroup);
  app.add_option("--ws-noise", group.noise,
                 "Read rules of noise for the client's messages from FILE, see docs/noise.md. May be repeated.")
      ->type_name("FILE")
      ->group(kGroup);
  add_size(app, "--ws-max-message", group.max_message, "Close the connection of a client that sends a larger message, with 1009.")
      ->group(kGroup);
}

MessageComparer::MessageComparer(stream::NoiseRules rules) {
  options_.values.noise = std::move(rules);
  options_.kind = stream::StreamKind::websocket;
  options_.max_differences = 1;
  options_.count_all = false;
}

std::optional<Mismatch> MessageComparer::operator()(const ClientMessage& expected, int opcode, std::string_view bytes) const {
  if (!stream::replay::match_exactly(expected, opcode, bytes)) return std::nullopt;
  const auto compared =
      stream::compare_exchanges(exchange_of(expected.opcode, expected.bytes), exchange_of(opcode, bytes), options_);
  if (compared && compared->equal()) return std::nullopt;
  Mismatch out;
  if (!compared || compared->differences.empty()) return out;
  const stream::Difference& difference = compared->differences.front();
  const bool extra = difference.change == stream::ValueChange::extra;
  const std::string& pointer = extra ? difference.actual_pointer : difference.pointer;
  if (difference.subject != stream::Subject::data || pointer.empty()) return out;  // the whole messages
  out.where = pointer;
  out.expected = shown(difference.expected_value);
  out.actual = shown(difference.actual_value);
  return out;
}

stream::Result<Conversations> Conversations::make(const WsGroup& group, const stream::FindingSink& findings) {
  const bool with_rules = !group.ignore.empty() || !group.noise.empty();
  const auto refuse = [](std::string message, std::string hint) {
    return stream::fail({stream::ErrorCode::usage, std::move(message), {}, std::move(hint)});
  };
  if (group.mode == WsMode::timed && (with_rules || group.match != WsMatch::unset)) {
    return refuse("--ws timed does not look at what the client says, so there is nothing to match",
                  "use --ws lockstep or --ws both");
  }
  if (with_rules && group.match == WsMatch::exact)
    return refuse("--ws-match exact lets nothing pass: it does not go with --ws-ignore and --ws-noise", {});
  Conversations out;
  out.mode_ = group.mode;
  out.matches_ = stream::replay::match_exactly;
  if (group.match == WsMatch::exact) return out;
  stream::NoiseRules rules;
  for (const std::string& path : group.noise) {
    STREAM_ASSIGN(const auto source, stream::open_input(path));
    STREAM_ASSIGN(const std::string text, stream::read_all(*source, kMaxFile, "a noise file may be no larger"));
    STREAM_TRY(read_noise_file(rules, text, {source->name(), {}, findings}));
  }
  for (const std::string& pattern : group.ignore) {
    if (auto added = rules.ignore(pattern); !added) {
      added.error().message.insert(0, "--ws-ignore: ");
      return tl::unexpected(std::move(added.error()));
    }
  }
  out.matches_ = [comparer = std::make_shared<const MessageComparer>(std::move(rules))](const ClientMessage& expected, int opcode,
                                                                                        std::string_view bytes) {
    return (*comparer)(expected, opcode, bytes);
  };
  return out;
}

std::unique_ptr<stream::replay::Conversation> Conversations::start(std::shared_ptr<const stream::replay::Answer> answer) const {
  return stream::replay::make_conversation(std::move(answer), mode_, matches_);
}

}  // namespace tools::streamserve

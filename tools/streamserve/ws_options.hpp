#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/tool.hpp"
#include "stream/compare/compare.hpp"
#include "stream/replay/conversation.hpp"

/// How recorded WebSocket conversations are played, and what the client may say in them.
namespace tools::streamserve {

enum class WsMatch { unset, json, exact };

struct WsGroup {
  stream::replay::WsMode mode = stream::replay::WsMode::timed;
  WsMatch match = WsMatch::unset;  ///< without a word: json
  std::vector<std::string> ignore{};
  std::vector<std::string> noise{};
  std::size_t max_message = std::size_t{64} << 20;
};

/// --ws, --ws-match, --ws-ignore, --ws-noise, --ws-max-message
void declare_websockets(CLI::App& app, WsGroup& group);

/// Whether a client's message is the recorded one: JSON by its meaning, with what noise rules let pass; everything else to the
/// byte. Belongs to one thread.
class MessageComparer {
 public:
  explicit MessageComparer(stream::NoiseRules rules);
  std::optional<stream::replay::Mismatch> operator()(const stream::replay::ClientMessage& expected, int opcode,
                                                     std::string_view bytes) const;

 private:
  stream::CompareOptions options_;
};

/// The conversations that these options ask for. Errors: `usage` (options that do not go together, a pattern that is none), and
/// those of reading files.
class Conversations {
 public:
  static stream::Result<Conversations> make(const WsGroup& group, const stream::FindingSink& findings);
  std::unique_ptr<stream::replay::Conversation> start(std::shared_ptr<const stream::replay::Answer> answer) const;

 private:
  Conversations() = default;
  stream::replay::WsMode mode_ = stream::replay::WsMode::timed;
  stream::replay::MessageMatcher matches_{};
};

}  // namespace tools::streamserve

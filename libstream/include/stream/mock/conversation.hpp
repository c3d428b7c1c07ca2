#pragma once

#include <memory>
#include <string>

#include "stream/mock/websocket_mocks.hpp"
#include "stream/replay/conversation.hpp"

/// A mocked WebSocket as a server plays it.
namespace stream::mock {

/// What becomes of a message of the client's that no rule of its mock fits.
enum class Unmatched : std::uint8_t {
  drop,    ///< nothing, as in Dev Proxy
  report,  ///< a deviation
  close,   ///< a deviation, and the server closes with 1008
};

/// The answer to the handshake: 101 with the mock's subprotocol. `id` names it in logs.
std::shared_ptr<const replay::Answer> handshake_answer(const WebSocketConversation& mock, std::string id);

/// Whether the mock is still to be played behind a handshake_answer() that was changed: with other fields, later, or slower.
/// Where it has another end, or is another answer, that is to be played instead.
bool leaves_mock(const replay::Answer& handshake);

/// Plays the mock, as late and as slow as `handshake`, which leaves it, says. A message that it cannot answer (a file that can't
/// be read) is a deviation, and the server closes with 1011. A client that leaves never has left too early.
std::unique_ptr<replay::Conversation> make_conversation(std::unique_ptr<WebSocketConversation> mock, Unmatched unmatched,
                                                        const replay::Answer& handshake);

}  // namespace stream::mock

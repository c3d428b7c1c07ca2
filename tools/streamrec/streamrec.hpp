#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/tool.hpp"
#include "stream/net/client.hpp"
#include "streamrec/recorder.hpp"
#include "streamrec/watch.hpp"

/// streamrec: record what arrives, when it arrives.
namespace tools::streamrec {

struct Options {
  std::string source;  ///< a URL, or "-"

  // the request, as curl has it
  std::optional<std::string> method;
  std::vector<std::string> headers;
  std::vector<std::string> data;         ///< -d
  std::vector<std::string> data_binary;  ///< --data-binary
  std::vector<std::string> json;         ///< --json
  std::string user_agent;
  std::string user;
  bool follow = false;
  bool fail = false;

  // the connection
  bool insecure = false;
  std::string ca_file;
  std::optional<stream::Nanos> connect_timeout;
  std::optional<stream::Nanos> max_time;
  std::optional<stream::Nanos> idle_timeout;

  // streams
  bool reconnect = false;
  std::vector<std::string> send;
  std::vector<std::string> subprotocols;
  bool deflate = false;

  // until when
  std::optional<stream::Nanos> duration;
  WatchOptions watch;

  // standard input
  bool lines = false;
  std::optional<stream::StreamKind> kind;

  // the output
  RecorderOptions output;
  bool no_tee = false;
};

ToolInfo info();
/// Declares the options on the tool.
void declare(Tool& tool, Options& options);

/// The request that the options ask for. Errors: `usage`, `io` (a file that is to be sent).
stream::Result<stream::net::ClientRequest> make_request(const Options& options);
/// What --send says, one message each; true in `input` if standard input is to be sent, too. Errors: `io`.
stream::Result<std::vector<std::string>> make_messages(const Options& options, bool& input);

/// Records; the exit status.
int run(Tool& tool, const Options& options);
int record_url(Tool& tool, const Options& options, Recorder& recorder, Watch& watch);
int record_input(Tool& tool, const Options& options, Recorder& recorder, Watch& watch);

int main(int argc, const char* const* argv);

}  // namespace tools::streamrec

#include "streamserve/streamserve.hpp"

#include <fmt/format.h>
#include <malloc.h>

#include <chrono>
#include <cstdio>

#include "common/pace_options.hpp"
#include "common/service.hpp"
#include "streamserve/mocks.hpp"
#include "streamserve/repertoire.hpp"
#include "streamserve/request_log.hpp"
#include "streamserve/serving.hpp"
#include "streamserve/signals.hpp"
#include "streamserve/status_page.hpp"

namespace tools::streamserve {
namespace {

namespace net = stream::net;

constexpr stream::Nanos kDrain = std::chrono::seconds(10);
constexpr stream::Nanos kFollowPeriod = std::chrono::milliseconds(20);
constexpr stream::Nanos kMocksPeriod = std::chrono::milliseconds(500);

/// Large pieces of memory go back to the system when they are freed, instead of being cut up among thousands of connections.
void keep_heap_whole() { mallopt(M_MMAP_THRESHOLD, 32 * 1024); }

stream::Status check(const Options& options) {
  if (const auto error = check_pace(options.pace.pace)) return stream::fail(*error);
  const auto usage = [](std::string message) { return stream::fail({stream::ErrorCode::usage, std::move(message), {}, {}}); };
  if (options.timeout && *options.timeout <= stream::Nanos{}) return usage("--timeout: expected a time greater than 0");
  if (options.inputs.empty() && options.service.mocks.empty()) {
    return stream::fail({stream::ErrorCode::usage, "RECORDING is required, or --mocks", {}, "see 'streamserve --help'"});
  }
  if (options.inputs.empty() && options.service.once) return usage("--once: there is no RECORDING to be given once");
  if (options.follow && options.service.once) return usage("--follow and --once exclude each other: there is no last exchange");
  return {};
}

void warn_of_rounds(Messages& messages, Recording& recording, std::uint64_t rounds) {
  for (std::size_t i = 0; rounds != 1 && i < recording.size(); ++i) {
    if (recording.kind(i) == stream::StreamKind::http) continue;
    const auto answer = recording.answer(i);
    if (answer && (*answer)->rounds != rounds)
      messages.warning(fmt::format("exchange {} is not repeated: all of it is due at once", recording.name(i)));
  }
}

net::ServerOptions server_options(const Options& options, Repertoire& repertoire) {
  net::ServerOptions where;
  where.host = options.host;
  where.port = options.port;
  where.tls = options.tls;
  if (options.timeout) where.idle_timeout = *options.timeout;
  where.max_message = options.websockets.max_message;
  where.kept_body = repertoire.finder().body_size();
  return where;
}

}  // namespace

int run(Tool& tool, Options options) {
  Messages& messages = tool.messages();
  if (options.certificates.print_authority) return print_authority(tool, options.certificates);
  if (const auto usable = check(options); !usable) return failed(tool, usable.error());
  const ServiceOptions& service = options.service;
  if (service.once) options.match.match.repeat = har::match::Repeat::consume;
  stream::replay::Pace& pace = options.pace.pace;
  pace.seed = choose_seed(messages, options.pace.seed, pace.jitter || hangs_on_chance(options.faults));
  const auto conversations = Conversations::make(options.websockets, messages.findings());
  if (!conversations) return failed(tool, conversations.error());

  std::unique_ptr<Mocks> mocks;
  if (!service.mocks.empty()) {
    auto opened = Mocks::open(service.mocks, pace.seed, messages.findings());
    if (!opened) return failed(tool, opened.error());
    mocks = std::move(*opened);
  }
  auto repertoire = Repertoire::load(options, messages);
  if (!repertoire) return failed(tool, repertoire.error());
  warn_of_rounds(messages, (*repertoire)->recording(), pace.rounds);
  const auto log = RequestLog::open(service.log, messages);
  if (!log) return failed(tool, log.error());

  keep_heap_whole();
  raise_descriptor_limit();
  const auto started = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  Changes changes(options.faults, pace.seed, Fitting(options.answers, options.match, started));
  std::unique_ptr<Upstream> upstream;
  if (options.match.upstream.active()) {
    auto opened = Upstream::open(options.match.upstream);
    if (!opened) return failed(tool, opened.error());
    upstream = std::move(*opened);
  }
  Serving serving(options, messages, *repertoire, {**log, changes, *conversations, mocks.get(), upstream.get()});
  net::ServerOptions where = server_options(options, **repertoire);
  // In tunnels only, TLS may never be wanted.
  const bool surely = options.tls || !options.certificates.authority.empty();
  const auto certificates = make_certificates(options.certificates, surely ? When::now : When::on_first_use);
  if (!certificates) return failed(tool, certificates.error());
  where.certificates = certificates->get();
  const auto server = net::Server::listen(where, serving);
  if (!server) return failed(tool, server.error());
  serving.serves(**server);
  if (upstream) upstream->serves(**server);
  StatusPage status_page(serving, **server);
  std::string addresses = (*server)->url() + "\n";
  if (service.status_port) {
    net::ServerOptions page;
    page.host = service.status_host;
    page.port = *service.status_port;
    const auto url = (*server)->also_listen(page, status_page);
    if (!url) return failed(tool, url.error());
    messages.note("status: " + *url);
  }
  const ServerSignals signals(**server);
  (*server)->on_notify([&](int number) {
    if (number == static_cast<int>(Notice::drain)) return serving.drain(service.drain.value_or(kDrain));
    signals.terminal_gone() ? (*server)->stop() : serving.reload();
  });
  if (options.follow) (*server)->every(kFollowPeriod, [&] { serving.follow(); });
  if (mocks) (*server)->every(kMocksPeriod, [&] { serving.refresh_mocks(); });

  // The address is what scripts wait for: they may connect from now on.
  std::fputs(addresses.c_str(), stdout);
  std::fflush(stdout);
  std::unique_ptr<ReadyFile> ready;
  if (!service.ready_file.empty()) {
    auto written = ReadyFile::write(service.ready_file, addresses);
    if (!written) return failed(tool, written.error());
    ready = std::move(*written);
  }
  const Recording& recording = (*repertoire)->recording();
  if (recording.size() != 0) {
    messages.verbose(
        fmt::format("{} exchanges, {} bytes of memory for each", recording.size(), recording.memory() / recording.size()));
  }
  for (std::size_t i = 0; messages.verbosity > 0 && i < recording.size(); ++i) {
    const har::match::Request request = recording.request(i);
    messages.verbose(
        fmt::format("exchange {}: {} {}", recording.name(i), request.websocket ? "WebSocket" : request.method, request.target()));
  }
  repertoire->reset();  // when the inputs are read anew, this one is to go
  const auto status = (*server)->run();
  upstream.reset();  // what goes on there speaks to the server
  if (!status) return failed(tool, status.error());
  if (service.verify && !verify(serving, **log, messages)) return kNo;
  return kYes;
}

int main(int argc, const char* const* argv) {
  Tool tool(info());
  Options options;
  declare(tool, options);
  return tool.run(argc, argv, [&] { return run(tool, options); });
}

}  // namespace tools::streamserve

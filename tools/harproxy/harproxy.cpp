#include "harproxy/harproxy.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "common/mocks_files.hpp"
#include "common/pace_options.hpp"
#include "common/service.hpp"
#include "harproxy/ca_help.hpp"
#include "harproxy/child.hpp"
#include "harproxy/gate.hpp"
#include "harproxy/opening.hpp"
#include "harproxy/recording.hpp"
#include "harproxy/signals.hpp"
#include "harproxy/status_page.hpp"
#include "harproxy/trust_files.hpp"

namespace tools::harproxy {
namespace {

namespace net = stream::net;
namespace capture = har::capture;
using stream::ErrorCode;
using stream::proxy::Proxy;
using stream::proxy::ProxyOptions;

constexpr std::uint16_t kPort = 8080;
constexpr stream::Nanos kDrain = std::chrono::seconds(5);
/// What a program has left behind that has ended: nobody waits for it any more.
constexpr stream::Nanos kDrainAfterCommand = std::chrono::seconds(1);
constexpr stream::Nanos kMocksPeriod = std::chrono::milliseconds(500);
constexpr stream::Nanos kProgressPeriod = std::chrono::milliseconds(100);

stream::Status usage(std::string message, std::string hint = {}) {
  return stream::fail({ErrorCode::usage, std::move(message), {}, std::move(hint)});
}

stream::Status check(const Options& options) {
  const bool runs = !options.command.empty();
  if (options.record.outputs.empty() && options.record.keploy.empty() && !options.listen.status_port &&
      options.mocks.files.empty() && options.mocks.faults.rules.empty()) {
    return usage("nothing would be recorded",
                 "use -o FILE.har, -o FILE.rec.ndjson or --keploy DIR; with --status, --mocks or --fault it may be left out");
  }
  if (runs && !options.listen.target.empty()) return usage("--target: 'harproxy run' tells the command of a forward proxy");
  if (runs && !options.listen.certificates.certificate.empty())
    return usage("--cert: the command is told of the tools' own authority", "use --ca DIR");
  if (runs && options.record.standard_output()) return usage("-o -: standard output is the command's");
  return {};
}

/// Whether TLS to a host is opened.
std::function<bool(std::string_view, std::uint16_t)> opening(const Options& options, const capture::Watch& watch) {
  return [tunnel = options.origins.tunnel, urls = watch.urls](std::string_view host, std::uint16_t port) {
    for (const std::string& glob : tunnel) {
      if (capture::matches_glob(glob, host)) return false;
    }
    return may_be_watched(urls, host, port);
  };
}

stream::Result<std::unique_ptr<net::Authority>> open_authority(const TlsGroup& group) {
  net::AuthorityOptions options;
  options.folder = group.authority;
  if (options.folder.empty()) {
    STREAM_ASSIGN(options.folder, net::default_authority_folder());
  }
  return net::Authority::open(std::move(options));
}

/// The proxy's address as a program on this machine calls it.
std::string local_url(const Proxy& proxy, const std::string& host) {
  if (host == "0.0.0.0" || host.empty()) return fmt::format("http://127.0.0.1:{}", proxy.port());
  if (host == "::") return fmt::format("http://[::1]:{}", proxy.port());
  return proxy.url();
}

/// One run of the tool, from its options to its exit status.
class Session {
 public:
  Session(Tool& tool, const Options& options)
      : tool_(tool), options_(options), console_(tool.messages(), runs() ? Console::Notes::verbose : Console::Notes::shown) {}

  int run() {
    if (auto ready = prepare(); !ready) return failed(tool_, ready.error());
    signals_.emplace(*proxy_);
    proxy_->on_notify([this](int number) {
      if (number == static_cast<int>(Notify::drain)) return drain();
      if (recorder_) gate_.rotate();
    });
    if (!runs() && shows_progress(options_.progress, tool_.messages())) proxy_->every(kProgressPeriod, [this] { show_counts(); });
    if (mocks_) proxy_->every(kMocksPeriod, [this] { refresh_mocks(); });
    if (auto told = tell_address(); !told) return failed(tool_, told.error());
    if (runs()) {
      const auto variables = environment();
      if (!variables) return failed(tool_, variables.error());
      auto child = Child::start(options_.command, *variables, [this] { proxy_->post([this] { command_ended(); }); });
      if (!child) {
        tool_.messages().error(child.error());
        finish();
        return child.error().system == ENOENT ? kNotFound : kNotRunnable;
      }
      child_ = std::move(*child);
    }
    raise_descriptor_limit();  // not for the command, which may use select()
    const stream::Status status = proxy_->run();
    if (!status && child_) child_->terminate();
    const int of_command = child_ ? child_->wait() : kYes;
    const int of_recording = finish();
    if (!status) return failed(tool_, status.error());
    return of_command != kYes ? of_command : of_recording;
  }

 private:
  bool runs() const { return !options_.command.empty(); }

  stream::Status prepare() {
    STREAM_TRY(check(options_));
    ProxyOptions proxy;
    STREAM_TRY(apply(options_.listen, proxy));
    if (!options_.listen.port) proxy.port = runs() ? 0 : kPort;
    STREAM_ASSIGN(proxy.origin, origin_options(options_.origins));
    STREAM_ASSIGN(auto recording, recorder_options(options_.record, !options_.listen.target.empty()));
    STREAM_TRY(make_certificates(proxy));
    STREAM_TRY(open_mocks(proxy));
    proxy.opens = opening(options_, recording.watch);
    proxy.tap = &gate_;
    proxy.incident = [this](const stream::proxy::Incident& incident) { console_.incident(incident); };
    STREAM_ASSIGN(proxy_, Proxy::listen(proxy));
    if (!recording.outputs.empty()) {
      STREAM_ASSIGN(recorder_, open_recorder(std::move(recording), console_));
      gate_.records_to(recorder_.get());
    }
    if (options_.listen.status_port) {
      page_ = std::make_unique<StatusPage>(*proxy_, gate_, options_.listen.status_host);
      net::ServerOptions where;
      where.host = options_.listen.status_host;
      where.port = *options_.listen.status_port;
      STREAM_ASSIGN(status_url_, proxy_->also_listen(where, *page_));
      console_.note("status: " + status_url_);
    }
    return {};
  }

  stream::Status make_certificates(ProxyOptions& proxy) {
    const TlsGroup& group = options_.listen.certificates;
    if (runs()) {
      STREAM_ASSIGN(auto authority, open_authority(group));
      certificate_file_ = authority->certificate_file();
      certificates_ = std::move(authority);
    } else {
      const bool surely = options_.listen.tls || !group.authority.empty() || !group.certificate.empty();
      STREAM_ASSIGN(certificates_, tools::make_certificates(group, surely ? When::now : When::on_first_use));
    }
    proxy.certificates = certificates_.get();
    return {};
  }

  stream::Status open_mocks(ProxyOptions& proxy) {
    const std::uint64_t seed = choose_seed(tool_.messages(), options_.mocks.seed, hangs_on_chance(options_.mocks.faults));
    proxy.faults = options_.mocks.faults.rules;
    proxy.fault_seed = seed;
    if (options_.mocks.files.empty()) return {};
    stream::mock::PlayOptions play;
    play.seed = seed;
    STREAM_ASSIGN(mocks_, MocksFiles::open(options_.mocks.files, std::move(play), tool_.messages().findings()));
    proxy.mocks = &mocks_->set();
    proxy.on_unmatched = options_.mocks.unmatched;
    return {};
  }

  void refresh_mocks() {
    for (const MocksFiles::Reload& reload : mocks_->refresh()) {
      if (reload.error)
        console_.warning("the mocks stay as they were: " + to_string(*reload.error));
      else
        console_.note(reload.path + " was read anew");
    }
  }

  /// The address is what scripts wait for: they may connect from now on.
  stream::Status tell_address() {
    if (runs() || options_.record.standard_output()) {
      console_.note("listening: " + proxy_->url());
    } else {
      std::fputs((proxy_->url() + "\n").c_str(), stdout);
      std::fflush(stdout);
    }
    if (options_.listen.ready_file.empty()) return {};
    const std::string second = status_url_.empty() ? "" : status_url_ + "\n";
    STREAM_ASSIGN(ready_, ReadyFile::write(options_.listen.ready_file, proxy_->url() + "\n" + second));
    return {};
  }

  stream::Result<std::vector<std::pair<std::string, std::string>>> environment() {
    ClientEnvironment client;
    client.proxy = local_url(*proxy_, options_.listen.host);
    std::string note;
    STREAM_ASSIGN(client.files, write_trust_files(certificate_file_, note));
    if (!note.empty()) console_.warning(note);
    if (const char* const java = std::getenv("JAVA_TOOL_OPTIONS"); java != nullptr) client.java_options = java;
    return client_environment(client);
  }

  void drain() {
    const stream::proxy::ProxyStats stats = proxy_->stats();
    if (stats.open_exchanges != 0)
      console_.note(
          stats.open_exchanges == 1
              ? "no more connections; an exchange goes on, and a second signal ends it"
              : fmt::format("no more connections; {} exchanges go on, and a second signal ends them", stats.open_exchanges));
    proxy_->drain(options_.listen.drain.value_or(kDrain));
  }

  void command_ended() { proxy_->drain(options_.listen.drain.value_or(kDrainAfterCommand)); }

  void show_counts() {
    if (!recorder_) return console_.line(counts(proxy_->stats(), nullptr));
    const capture::Summary summary = recorder_->summary();
    console_.line(counts(proxy_->stats(), &summary));
  }

  int finish() {
    stream::proxy::ProxyStats stats = proxy_->stats();
    signals_.reset();
    page_.reset();
    proxy_.reset();  // what is open is over now, and told to be
    console_.end_line();
    if (!recorder_) {
      tell(console_, stats, nullptr);
      return stats.deviations == 0 ? kYes : kNo;
    }
    const capture::Summary summary = recorder_->finish();
    tell(console_, stats, &summary);
    if (lost(summary) != 0) return kFailure;
    return stats.deviations == 0 ? kYes : kNo;
  }

  Tool& tool_;
  const Options& options_;
  Console console_;
  Gate gate_;
  std::unique_ptr<net::CertificateSource> certificates_;
  std::string certificate_file_;
  std::unique_ptr<MocksFiles> mocks_;
  std::unique_ptr<capture::Recorder> recorder_;
  std::unique_ptr<Proxy> proxy_;
  std::unique_ptr<StatusPage> page_;
  std::string status_url_;
  std::unique_ptr<ReadyFile> ready_;
  std::optional<ProxySignals> signals_;
  std::unique_ptr<Child> child_;
};

}  // namespace

int proxy(Tool& tool, const Options& options) {
  if (options.listen.certificates.print_authority) return print_authority(tool, options.listen.certificates);
  return Session(tool, options).run();
}

int ca(Tool& tool, const TlsGroup& options) {
  const auto authority = open_authority(options);
  if (!authority) return failed(tool, authority.error());
  if (options.print_authority) {
    std::puts((*authority)->certificate_file().c_str());
  } else {
    std::fputs(ca_help((*authority)->certificate_file()).c_str(), stdout);
  }
  return kYes;
}

int main(int argc, const char* const* argv) {
  const std::string_view verb = argc > 1 ? argv[1] : "";
  if (verb == "ca") {
    Tool tool(ca_info());
    TlsGroup options;
    declare_ca(tool, options);
    return tool.run(argc - 1, argv + 1, [&] { return ca(tool, options); });
  }
  Options options;
  if (verb == "run") {
    Tool tool(run_info());
    declare_run(tool, options);
    // The command's words are its own: nothing in them is an option or a list of ours.
    int end = 1;
    while (end < argc && std::string_view(argv[end]) != "--") ++end;
    for (int i = end + 1; i < argc; ++i) options.command.emplace_back(argv[i]);
    return tool.run(end - 1, argv + 1, [&] {
      if (options.listen.certificates.print_authority || !options.command.empty()) return proxy(tool, options);
      return failed(tool, {ErrorCode::usage, "COMMAND is required, behind --", {}, "harproxy run -o FILE -- COMMAND"});
    });
  }
  Tool tool(info());
  declare(tool, options);
  return tool.run(argc, argv, [&] { return proxy(tool, options); });
}

}  // namespace tools::harproxy

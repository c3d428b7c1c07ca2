#include "hardiff/against/against.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "common/signals.hpp"
#include "har/diff/phases.hpp"
#include "har/exchange.hpp"
#include "har/match/request.hpp"
#include "hardiff/against/comparable.hpp"
#include "hardiff/against/got.hpp"
#include "hardiff/against/live_exchange.hpp"
#include "hardiff/against/targets.hpp"
#include "stream/replay/resend.hpp"
#include "stream/text/ascii.hpp"
#include "stream/text/base64.hpp"
#include "stream/text/units.hpp"

namespace tools::hardiff {
namespace {

using stream::ascii::lower_case;

namespace diff = har::diff;
namespace net = stream::net;
namespace replay = stream::replay;
using stream::Error;
using stream::ErrorCode;
using stream::Exchange;
using stream::Json;
using stream::Nanos;
using stream::Result;
using stream::Status;
using Clock = std::chrono::steady_clock;

constexpr Nanos kMargin = std::chrono::seconds(5);
constexpr std::size_t kMostAtOnce = 256;  // requests that are made, or wait for one before them

replay::HttpTime wall_now() { return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()); }

/// A request that is sent, and what came of it.
struct Job {
  std::size_t index = 0;   ///< in the recording
  std::size_t number = 0;  ///< of those that are sent, from 1
  std::string expected_text{};
  Exchange recorded{};
  std::string method{};
  net::Url recorded_url{};
  LiveRequest live{};
  std::string host{};  ///< as recorded
  std::string live_host{};
  std::vector<replay::CookiePair> cookies{};  ///< as recorded
  bool own_cookies = false;                   ///< the command line has them
  std::thread thread{};
  // Under the lock:
  bool answered = false;
  bool done = false;
  std::optional<Result<LiveOutcome>> outcome{};

  bool is_long() const {
    return live.websocket || (recorded.kind() != stream::StreamKind::http && recorded.kind() != stream::StreamKind::binary);
  }
  Nanos begin() const { return recorded.begin(); }
  Nanos end() const { return recorded.begin() + live_duration; }
  Nanos live_duration{};
};

/// Ctrl-C, in a thread where locks may be taken.
class Interrupt {
 public:
  explicit Interrupt(std::function<void()> act) : descriptor_(::eventfd(0, EFD_CLOEXEC)) {
    thread_ = std::thread([this, act = std::move(act)] {
      std::uint64_t count = 0;
      while (::read(descriptor_, &count, sizeof count) < 0 && errno == EINTR) {
      }
      if (!quiet_) act();
    });
    signals_.emplace([this] { wake(); });
  }
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;
  ~Interrupt() {
    signals_.reset();
    quiet_ = true;
    wake();
    thread_.join();
    ::close(descriptor_);
  }

 private:
  void wake() const noexcept {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(descriptor_, &one, sizeof one);
  }
  int descriptor_;
  std::atomic<bool> quiet_ = false;
  std::thread thread_{};
  std::optional<StopOnSignals> signals_{};
};

class Runner {
 public:
  Runner(Tool& tool, const AgainstOptions& options, const AgainstRun& run)
      : messages_(tool.messages()), options_(options), run_(run), comparer_(*run.diff), phases_(run.diff->timing) {}

  Result<AgainstResult> go() {
    STREAM_TRY(prepare());
    STREAM_ASSIGN(got_, Got::open(run_, messages_));
    out_.diff.expected.inputs = {run_.session};
    out_.diff.actual.inputs = {options_.url};
    out_.diff.expected.live = out_.diff.actual.live = true;
    STREAM_TRY(run_.sink->begin(out_.diff.expected, out_.diff.actual));
    Status status;
    {
      const Interrupt interrupt([this] { stop("interrupted"); });
      status = send_all();
      if (!status) stop({});
      const Status rest = finish_all();
      if (status) status = rest;
    }
    for (const auto& job : jobs_) {
      if (job->thread.joinable()) job->thread.join();
    }
    if (status && fatal_) status = stream::fail(*fatal_);
    // What came until now is kept, whatever ended it; but nothing is written where there was nobody.
    if (got_ && !fatal_ && (status || out_.diff.actual.entries != 0)) {
      if (auto written = got_->finish(); !written && status) status = std::move(written);
    }
    STREAM_TRY(status);
    tell();
    if (run_.diff->timing.compare) {
      out_.diff.phases = phases_.totals();
      out_.diff.thresholds = phases_.results();
    }
    STREAM_TRY(run_.sink->end(out_.diff));
    return std::move(out_);
  }

 private:
  Status prepare() {
    STREAM_ASSIGN(auto targets, Targets::create(options_.url, run_.map_hosts));
    targets_.emplace(std::move(targets));
    for (const std::string& text : options_.headers) {
      auto change = replay::parse_header_change(text);
      if (!change) return stream::fail({ErrorCode::usage, "--header: " + change.error().message, {}, change.error().hint});
      resend_.headers.push_back(std::move(*change));
    }
    resend_.conditional = !options_.no_conditional;
    resend_.origin = [this](std::string_view origin) { return targets_->live_origin(origin); };
    client_.verify = !options_.insecure;
    client_.ca_file = options_.ca_file;
    if (options_.connect_timeout) client_.connect_timeout = *options_.connect_timeout;
    client_.max_message = run_.input.limits.max_entry;
    // Only an address with TLS needs them, and it may be one of --map-host.
    STREAM_ASSIGN(client_.certificates, net::read_certificates(client_));
    compare_.values = run_.diff->values;
    compare_.align = run_.diff->align;
    compare_.limits = run_.diff->limits;
    compare_.max_differences = 1;
    return {};
  }

  // ---- reading and sending

  Status send_all() {
    har::ReadOptions read;
    read.limits = run_.input.limits;
    read.report = messages_.findings();
    STREAM_ASSIGN(auto input, har::open_items(run_.session, run_.from, run_.input, read));
    while (!stopped()) {
      auto item = input.reader->next();
      if (!item) {
        out_.incomplete = out_.diff.expected.broken = true;
        messages_.error(item.error());
        if (input.reader->can_continue()) continue;
        return {};
      }
      if (!*item) return {};
      STREAM_ASSIGN(auto job, job_of(**item, input, read));
      if (!job) continue;
      STREAM_TRY(wait_for_turn(*job));
      if (stopped()) return {};
      start(std::move(job));
      STREAM_TRY(deliver());
    }
    return {};
  }

  /// The request of an item; null: it is not sent.
  Result<std::unique_ptr<Job>> job_of(const har::Item& item, const har::Input& input, const har::ReadOptions& read) {
    auto job = std::make_unique<Job>();
    job->index = item.index;
    if (!item.text.empty()) {
      job->expected_text = item.text;
    } else {
      job->expected_text = to_json(har::to_entry(*item.exchange));
    }
    if (run_.choose) {
      view_.reset(job->expected_text, input.files.get());
      if (!run_.choose(view_, item.index, input, &input.reader->info())) return std::unique_ptr<Job>();
    }
    auto exchange =
        har::exchange_of(item, input.reader->info(), input.files.get(), std::to_string(item.index + 1), start_of(item), read);
    if (!exchange) {
      out_.incomplete = out_.diff.expected.broken = true;
      messages_.error(exchange.error());
      return std::unique_ptr<Job>();
    }
    job->recorded = std::move(*exchange);
    job->live_duration = recorded_duration(job->recorded);
    har::match::Request request = har::match::request_of(job->recorded);
    if (const auto can = replay::check_resend(job->recorded, request.body); !can) {
      ++skipped_[can.error().message];
      return std::unique_ptr<Job>();
    }
    auto url = net::parse_url(job->recorded.url());
    if (!url) {
      ++skipped_["its address cannot be read"];
      return std::unique_ptr<Job>();
    }
    // The first one decides what --against is for, and so what the recorded addresses in it become.
    const auto live = targets_->live(job->recorded.url(), replay::opens_websocket(job->recorded));
    if (!live) {
      ++other_hosts_[url->authority()];
      return std::unique_ptr<Job>();
    }
    STREAM_ASSIGN(auto resend, replay::make_resend(job->recorded, std::move(request.body), resend_));
    job->method = resend.method;
    job->recorded_url = std::move(*url);
    job->number = ++sent_;
    fill(*job, *live, std::move(resend));
    return job;
  }

  stream::WallTime start_of(const har::Item& item) {
    if (!recording_start_) {
      if (item.exchange) {
        recording_start_ = item.exchange->start.value_or(stream::WallTime{});
      } else {
        view_.reset(item.text);
        recording_start_ = view_.started().value_or(stream::WallTime{});
      }
    }
    return *recording_start_;
  }

  void fill(Job& job, const net::Url& live, replay::Resend resend) {
    net::ClientRequest& request = job.live.request;
    request.method = std::move(resend.method);
    request.url = live.text();
    request.headers = std::move(resend.headers);
    request.body = std::move(resend.body);
    request.subprotocols = std::move(resend.subprotocols);
    request.deflate = resend.deflate;
    if (!live.user.empty() && replay::find_header(request.headers, "Authorization").empty()) {
      const bool password = live.user.find(':') != std::string::npos;
      request.headers.push_back({"Authorization", "Basic " + stream::base64_encode(password ? live.user : live.user + ":")});
    }
    job.live.recorded = &job.recorded;
    job.live.id = std::to_string(job.number);
    job.live.websocket = resend.websocket;
    job.live.client = client_;
    job.live.margin = options_.margin.value_or(kMargin);
    job.live.speed_millionths = options_.recorded_pace ? options_.speed_millionths : replay::kRecordedSpeed;
    job.live.recorded_pace = options_.recorded_pace;
    job.live.allow_extra = options_.allow_extra;
    job.live.compare = compare_;
    job.live.max_bytes = run_.input.limits.max_entry;
    job.cookies = std::move(resend.cookies);
    job.own_cookies = resend.cookies_changed;
    job.live_host = lower_case(live.host);
    job.host = lower_case(job.recorded_url.host);
    Job* const that = &job;
    job.live.on_head = [this, that](const net::ClientEvent& head) { on_head(*that, head); };
  }

  replay::CookiePlace place_of(const Job& job) const {
    return {job.host, job.recorded_url.target, job.recorded_url.secure(), job.live_host};
  }

  /// On any thread.
  void on_head(Job& job, const net::ClientEvent& head) {
    const std::lock_guard lock(mutex_);
    for (const auto& field : head.headers) {
      if (replay::iequals(field.name, "Set-Cookie")) jar_.set(field.value, place_of(job), wall_now());
    }
    job.answered = true;
    reached_ = true;
    changed_.notify_all();
  }

  /// Waits until the request may be sent; what is done meanwhile is delivered.
  Status wait_for_turn(const Job& job) {
    if (first_begin_ && options_.recorded_pace) {
      const Nanos since = std::max(Nanos{}, job.begin() - *first_begin_);
      const auto due = origin_ + Nanos(static_cast<std::int64_t>(static_cast<double>(since.count()) * 1e6 /
                                                                 static_cast<double>(options_.speed_millionths)));
      return wait([&] { return Clock::now() >= due && jobs_.size() < kMostAtOnce; }, due);
    }
    // Those before it have been answered; and are over, but for what was still going on in the recording.
    return wait(
        [&] {
          return jobs_.size() < kMostAtOnce && std::all_of(jobs_.begin(), jobs_.end(), [&](const auto& before) {
                   if (before->done) return true;
                   return before->is_long() && before->end() > job.begin() && before->answered;
                 });
        },
        {});
  }

  /// Until `ready` (which is asked under the lock), or it is stopped.
  template <class Ready>
  Status wait(Ready ready, std::optional<Clock::time_point> until) {
    for (;;) {
      STREAM_TRY(deliver());
      std::unique_lock lock(mutex_);
      if (stopped_ || ready()) return {};
      if (!jobs_.empty() && jobs_.front()->done) continue;
      if (until && Clock::now() < *until) {
        changed_.wait_until(lock, *until);
      } else {
        changed_.wait(lock);
      }
    }
  }

  void start(std::unique_ptr<Job> owned) {
    Job& job = *owned;
    if (!first_begin_) {
      first_begin_ = job.begin();
      origin_ = Clock::now();
      wall_origin_ = std::chrono::time_point_cast<Nanos>(std::chrono::system_clock::now());
    }
    job.live.origin = origin_;
    {
      const std::lock_guard lock(mutex_);
      if (!job.own_cookies) {
        const auto cookies = jar_.over_recorded(job.cookies, place_of(job), wall_now());
        if (!cookies.empty()) job.live.request.headers.push_back({"Cookie", replay::to_cookie_header(cookies)});
      }
      jobs_.push_back(std::move(owned));
    }
    messages_.verbose(fmt::format("{} {}", job.method, job.live.request.url));
    if (options_.recorded_pace || job.is_long()) {
      job.thread = std::thread([this, &job] { perform(job); });
    } else {
      perform(job);
    }
  }

  /// On any thread.
  void perform(Job& job) {
    auto outcome = run_live(job.live, clients_);
    const std::lock_guard lock(mutex_);
    reached_ = reached_ || (outcome && !outcome->unreachable);
    if (outcome && outcome->unreachable && !reached_ && !stopped_) {
      fatal_ = *outcome->unreachable;
      fatal_->hint = "nothing has been compared";
      stopped_ = true;
      clients_.stop();
    }
    job.outcome.emplace(std::move(outcome));
    job.done = true;
    changed_.notify_all();
  }

  // ---- results

  bool stopped() {
    const std::lock_guard lock(mutex_);
    return stopped_;
  }
  bool unreachable() {
    const std::lock_guard lock(mutex_);
    return fatal_.has_value();
  }

  void stop(std::string_view why) {
    const std::lock_guard lock(mutex_);
    if (!why.empty()) interrupted_ = true;
    stopped_ = true;
    clients_.stop();
    changed_.notify_all();
  }

  /// What is done, as far as everything before it is.
  Status deliver() {
    for (;;) {
      std::unique_ptr<Job> job;
      {
        const std::lock_guard lock(mutex_);
        if (jobs_.empty() || !jobs_.front()->done) return {};
        job = std::move(jobs_.front());
        jobs_.pop_front();
      }
      if (job->thread.joinable()) job->thread.join();
      STREAM_TRY(deliver(*job));
    }
  }

  Status finish_all() {
    for (;;) {
      STREAM_TRY(deliver());
      std::unique_lock lock(mutex_);
      if (jobs_.empty()) return {};
      if (!jobs_.front()->done) changed_.wait(lock);
    }
  }

  Status deliver(Job& job) {
    if (unreachable()) return {};
    if (!*job.outcome) {
      const Error& error = job.outcome->error();
      ++skipped_["it cannot be sent: " + error.message];
      return {};
    }
    LiveOutcome& outcome = **job.outcome;
    outcome.got.start = wall_origin_;
    if (outcome.interrupted) {
      // It is no answer that could be compared.
      if (!outcome.got.request) return {};
      ++out_.diff.actual.entries;
      return got_ ? got_->write(std::move(outcome.got), job.index) : Status();
    }
    ++out_.diff.expected.entries;
    ++out_.diff.actual.entries;
    STREAM_TRY(compare(job, outcome));
    return got_ ? got_->write(std::move(outcome.got), job.index) : Status();
  }

  Status compare(const Job& job, const LiveOutcome& outcome) {
    auto expected = stream::parse_json(job.expected_text);
    if (!expected) return stream::fail(std::move(expected).error());
    const std::string actual = comparable_entry(*expected, outcome, *targets_, job.recorded_url.text());
    diff::EntryDifferences differences = comparer_.compare(job.expected_text, actual);
    add_ending(outcome, differences);
    if (run_.diff->timing.compare) add_phases(out_.diff.expected.entries, differences);
    diff::EntryRef e{out_.diff.expected.entries, 0, job.index, job.expected_text, job.method, job.recorded.url(),
                     job.recorded.status()};
    diff::EntryRef a{out_.diff.actual.entries, 0, job.index, actual, job.method, job.live.request.url, outcome.got.status()};
    diff::DiffStep step;
    step.kind = differences.equal() ? diff::DiffStep::Kind::equal : diff::DiffStep::Kind::changed;
    step.expected = &e;
    step.actual = &a;
    step.differences = &differences;
    out_.diff.differences += differences.total;
    for (const auto& difference : differences.differences) ++out_.diff.fields[static_cast<std::size_t>(difference.field)];
    if (differences.equal()) {
      ++out_.diff.equal;
      return run_.sink->wants_equal() ? run_.sink->step(step) : run_.sink->skip(1);
    }
    ++out_.diff.changed;
    STREAM_TRY(run_.sink->step(step));
    if (out_.diff.changed >= run_.max_steps) {
      out_.diff.stopped = true;
      stop({});
    }
    return {};
  }

  void add_phases(std::size_t number, const diff::EntryDifferences& differences) {
    diff::Phases expected;
    diff::Phases actual;
    expected.fill(-1);
    actual.fill(-1);
    for (const diff::PhasePair& pair : differences.phases) {
      const auto at =
          static_cast<std::size_t>(std::find(diff::kPhases.begin(), diff::kPhases.end(), pair.phase) - diff::kPhases.begin());
      expected[at] = pair.expected.value_or(-1);
      actual[at] = pair.actual.value_or(-1);
    }
    phases_.add(number, expected, actual);
  }

  /// Why there is no answer, or no whole one, if nothing else says so.
  static void add_ending(const LiveOutcome& outcome, diff::EntryDifferences& differences) {
    const auto& end = outcome.got.end;
    const bool wrong = outcome.timed_out || outcome.unreachable || (end && end->reason != "eof" && end->reason != "abort");
    if (!wrong || outcome.met || !end) return;
    for (diff::FieldDifference& each : differences.differences) {
      if (each.field != diff::Field::ending) continue;
      if (!end->data.empty()) each.actual = {stream::ShownValue::Form::text, end->data, 0};
      if (each.expected.text.empty()) each.expected = {stream::ShownValue::Form::text, "complete", 0};
      return;
    }
    if (differences.equal() && !outcome.timed_out && !outcome.unreachable) return;  // it ended as it had
    diff::FieldDifference difference;
    difference.half = diff::Half::response;
    difference.field = diff::Field::ending;
    difference.place = "ending";
    difference.expected = {stream::ShownValue::Form::text, "complete", 0};
    difference.actual = {stream::ShownValue::Form::text, end->data.empty() ? end->reason : end->data, 0};
    differences.differences.push_back(std::move(difference));
    ++differences.total;
  }

  // ---- what is said at the end

  void tell() {
    for (const auto& [why, count] : skipped_) {
      messages_.note(fmt::format("{} not sent: {}", requests(count), why));
    }
    if (!other_hosts_.empty()) {
      std::size_t count = 0;
      std::string hosts;
      std::size_t shown = 0;
      for (const auto& [host, times] : other_hosts_) {
        count += times;
        if (++shown <= 5) hosts.append(hosts.empty() ? "" : ", ").append(host);
      }
      if (shown > 5) hosts += fmt::format(" and {} others", shown - 5);
      messages_.note(fmt::format("{} not sent: {} went to {}; --map-host says where {} to go", requests(count),
                                 count == 1 ? "it" : "they", hosts, count == 1 ? "it is" : "they are"));
    }
    if (out_.diff.expected.entries == 0 && !interrupted_) {
      // A test that tests nothing must not pass.
      out_.incomplete = true;
      messages_.error("no request of the recording was sent: nothing has been compared");
    }
    if (interrupted_) {
      out_.incomplete = true;
      messages_.error(fmt::format("interrupted after {}", requests(out_.diff.actual.entries)));
    }
  }

  static std::string requests(std::size_t count) { return count == 1 ? "1 request" : fmt::format("{} requests", count); }

  Messages& messages_;
  const AgainstOptions& options_;
  const AgainstRun& run_;
  diff::EntryComparer comparer_;
  diff::PhaseGatherer phases_;
  std::optional<Targets> targets_{};
  replay::ResendOptions resend_{};
  net::ClientOptions client_{};
  stream::CompareOptions compare_{};
  std::unique_ptr<Got> got_{};
  AgainstResult out_{};
  har::EntryView view_{};
  std::optional<stream::WallTime> recording_start_{};
  std::size_t sent_ = 0;
  std::map<std::string, std::size_t> skipped_{};
  std::map<std::string, std::size_t> other_hosts_{};
  std::optional<Nanos> first_begin_{};
  Clock::time_point origin_{};
  stream::WallTime wall_origin_{};

  std::mutex mutex_{};  ///< of what follows
  std::condition_variable changed_{};
  std::deque<std::unique_ptr<Job>> jobs_{};  ///< in the order of the recording; those that were delivered are gone
  replay::CookieJar jar_{};
  Clients clients_{};
  bool stopped_ = false;
  bool interrupted_ = false;
  bool reached_ = false;  ///< somebody has answered
  std::optional<Error> fatal_{};
};

}  // namespace

Result<AgainstResult> run_against(Tool& tool, const AgainstOptions& options, const AgainstRun& run) {
  return Runner(tool, options, run).go();
}

}  // namespace tools::hardiff

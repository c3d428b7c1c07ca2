#include "capture/ndjson_output.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "capture/fields.hpp"
#include "capture/head_text.hpp"
#include "stream/record/writer.hpp"

namespace har::capture {
namespace {

using stream::Nanos;
using stream::Status;

/// Lines that wait for a disk that takes none; beyond that they are lost.
constexpr std::size_t kKeep = std::size_t{8} << 20;
constexpr std::size_t kWrite = std::size_t{256} << 10;  ///< stays in the cache between being made and being written
constexpr Nanos kRetry = std::chrono::milliseconds(200);

std::string_view name_of(Captured::Kind kind) {
  switch (kind) {
    case Captured::Kind::request:
      return "request";
    case Captured::Kind::response:
      return "response";
    case Captured::Kind::data:
      return "data";
    case Captured::Kind::message:
      return "message";
    case Captured::Kind::close:
      return "close";
    case Captured::Kind::end:
      return "end";
    case Captured::Kind::trailers:
    case Captured::Kind::interim:
      break;
  }
  return "mark";
}

stream::Error system_error(int number, std::string_view action, const std::string& path) {
  return {number == EEXIST ? stream::ErrorCode::exists : stream::ErrorCode::io,
          number == EEXIST ? std::string("the file exists")
                           : fmt::format("cannot {}: {}", action, std::system_category().message(number)),
          {path},
          number == EEXIST ? "use --overwrite to replace it" : "",
          number};
}

void put_truncated(Text& out, std::uint64_t size) {
  out << R"("_truncated":true,"_size":)";
  put_number(out, size);
}

}  // namespace

stream::Result<std::unique_ptr<NdjsonOutput>> NdjsonOutput::open(const RecorderOptions& options, const std::string& path) {
  std::unique_ptr<NdjsonOutput> output(new NdjsonOutput(options, path));
  const Nanos now = options.clock ? options.clock() : options.zero;
  STREAM_TRY(output->open_next(now));
  // The header is there before anything is relayed, and what is wrong with the disk is said at once.
  output->try_to_write(now);
  if (output->failing_) return stream::fail({stream::ErrorCode::io, output->summary_.error, {output->path_}});
  if (options.fsync == Fsync::interval && output->regular_) output->syncer_ = std::make_unique<Syncer>();
  return output;
}

NdjsonOutput::~NdjsonOutput() { close_file(); }

Status NdjsonOutput::open_file(const std::string& path) {
  if (path == "-") {
    descriptor_ = ::dup(STDOUT_FILENO);
    regular_ = false;
    if (descriptor_ < 0) return stream::fail(system_error(errno, "write", "<stdout>"));
    return {};
  }
  struct stat status {};
  const bool special = ::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode);
  const int exclusive = special ? 0 : options_.overwrite == stream::Overwrite::yes ? O_CREAT | O_TRUNC : O_CREAT | O_EXCL;
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | exclusive, 0600);
  if (descriptor < 0) return stream::fail(system_error(errno, "open", path));
  if (!special) ::fchmod(descriptor, 0600);  // a file that was replaced
  descriptor_ = descriptor;
  regular_ = !special;
  size_ = 0;
  return {};
}

Status NdjsonOutput::open_next(Nanos now) {
  auto path = names_.next(options_.overwrite, [&](const std::string& name) { return open_file(name); });
  if (!path) return stream::fail(std::move(path).error());
  path_ = std::move(*path);
  opened_ = now;
  summary_.files.push_back(path_);
  put_header();
  return {};
}

void NdjsonOutput::put_header() {
  std::string line;
  write_event(line, stream::make_header(options_.start, options_.creator));
  text_ << line;
}

void NdjsonOutput::open_line(std::string_view name, Id id, Nanos t) {
  text_ << R"({"ev":")" << name << R"(","id":")";
  put_number(text_, id);
  text_ << R"(","t":)";
  put_seconds(text_, t);
}

void NdjsonOutput::take(const Captured& captured) {
  last_t_ = captured.t;
  const auto lose = [&] {
    ++lost_now_;
    ++summary_.lost;
  };
  if (losing_) {
    lose();
    if (captured.kind == Captured::Kind::end) begun_.erase(captured.id);
    last_ = nullptr;
    return;
  }
  if (captured.kind == Captured::Kind::request) {
    last_ = &begun_[captured.id];
    last_id_ = captured.id;
  } else if (last_ == nullptr || last_id_ != captured.id) {
    const auto found = begun_.find(captured.id);
    if (found == begun_.end()) return lose();  // its request is not in the file
    last_ = &found->second;
    last_id_ = captured.id;
  }
  put(captured, *last_);
  ++waiting_;
  if (captured.kind == Captured::Kind::end) {
    begun_.erase(captured.id);
    last_ = nullptr;
  }
  if (text_.size() > kKeep && (failing_ || gone_)) losing_ = true;
  if (text_.size() >= kWrite && !failing_) try_to_write(last_t_ + options_.zero);
}

void NdjsonOutput::put(const Captured& captured, Begun& begun) {
  if (captured.kind == Captured::Kind::message) return put_message(captured);
  const std::size_t from = text_.size();
  open_line(name_of(captured.kind), captured.id, captured.t);
  switch (captured.kind) {
    case Captured::Kind::message:
      break;
    case Captured::Kind::request:
      begun.websocket = captured.request.websocket;
      text_ << R"(,"request":)";
      put_request(text_, captured);
      text_ << R"(},"entry":{)";
      put_request_members(text_, captured);
      text_ << "}}\n";
      begun.heads = text_.view().substr(from);
      begun.request = begun.heads.size();
      return;
    case Captured::Kind::response:
      begun.responded = true;
      begun.response_head = captured.response.head_size;
      text_ << R"(,"kind":")" << to_string(kind_of(captured, begun.websocket)) << R"(","response":)";
      put_response(text_, captured);
      text_ << R"(,"content":{)";
      if (const std::string_view type = field_value(captured.response.fields, "content-type"); !type.empty()) {
        text_ << R"("mimeType":)";
        put_string(text_, type);
      }
      text_ << R"(}},"timings":)";
      put_timings(text_, captured.response.timings);
      text_ << R"(},"entry":{)";
      put_response_members(text_, captured);
      text_ << "}}\n";
      begun.heads.resize(begun.request);
      begun.heads += text_.view().substr(from);
      return;
    case Captured::Kind::data:
      text_ << (captured.direction == stream::Direction::send ? R"(,"dir":"send",)" : ",");
      put_octets(text_, captured.bytes);
      break;
    case Captured::Kind::close:
      text_ << R"(,"dir":")" << to_string(captured.close.direction) << '"';
      if (captured.close.code) {
        text_ << R"(,"code":)";
        put_number(text_, static_cast<std::uint64_t>(std::clamp(*captured.close.code, 0, 65535)));
      }
      if (!captured.close.reason.empty()) {
        text_ << R"(,"reason":)";
        put_string(text_, captured.close.reason);
      }
      if (captured.close.mocked) text_ << R"(,"_mocked":true)";
      break;
    case Captured::Kind::trailers:
    case Captured::Kind::interim:
      text_ << ',';
      put_mark(text_, captured);
      break;
    case Captured::Kind::end:
      put_end(captured, begun);
      break;
  }
  text_ << "}\n";
}

void NdjsonOutput::put_message(const Captured& captured) {
  const stream::TapMessage& message = captured.message;
  const bool sent = message.direction == stream::Direction::send;
  MessageHead& head = message_heads_[sent ? 1 : 0];
  if (head.id == captured.id && head.t == captured.t && head.opcode == message.opcode) {
    text_ << head.text;
  } else {
    const std::size_t from = text_.size();
    open_line("message", captured.id, captured.t);
    text_ << (sent ? R"(,"dir":"send","opcode":)" : R"(,"dir":"receive","opcode":)");
    put_number(text_, static_cast<std::uint64_t>(message.opcode));
    text_ << ',';
    head.id = captured.id;
    head.t = captured.t;
    head.opcode = message.opcode;
    head.text = text_.view().substr(from);
  }
  put_octets(text_, message.data);
  if (message.mocked) text_ << R"(,"mocked":true)";
  if (message.truncated) {
    text_ << ',';
    put_truncated(text_, message.size);
  }
  text_ << "}\n";
}

void NdjsonOutput::put_end(const Captured& captured, const Begun& begun) {
  text_ << R"(,"reason":)";
  put_string(text_, captured.end.reason);
  if (!captured.end.error.empty()) {
    text_ << R"(,"error":)";
    put_string(text_, captured.end.error);
  }
  if (!captured.end.trailers.empty()) {
    text_ << R"(,"trailers":)";
    put_headers(text_, captured.end.trailers);
  }
  text_ << R"(,"request":{"bodySize":)";
  put_number(text_, captured.sent.size);
  if (captured.sent.cut() && captured.sent.kept != 0) {
    text_ << R"(,"postData":{)";
    put_truncated(text_, captured.sent.size);
    text_ << '}';
  }
  text_ << '}';
  if (begun.responded) {
    text_ << R"(,"response":{"bodySize":)";
    put_number(text_, captured.received.size);
    text_ << R"(,"_transferSize":)";
    put_number(text_, begun.response_head + captured.end.response_body_wire);
    if (captured.received.cut()) {
      text_ << R"(,"content":{)";
      put_truncated(text_, captured.received.size);
      text_ << '}';
    } else if (!captured.received.wanted) {
      text_ << R"(,"content":{"size":)";
      put_number(text_, captured.received.size);
      text_ << '}';
    }
    text_ << '}';
  }
  if (captured.dropped != 0) {
    text_ << R"(,"entry":{"_dropped":)";
    put_number(text_, captured.dropped);
  }
  if (!captured.end.fault.empty()) {
    text_ << (captured.dropped != 0 ? "," : R"(,"entry":{)") << R"("_fault":)";
    put_string(text_, captured.end.fault);
  }
  if (captured.dropped != 0 || !captured.end.fault.empty()) text_ << '}';
}

void NdjsonOutput::failed(int number, Nanos now) {
  retry_ = now + kRetry;
  summary_.error = fmt::format("cannot write: {}", std::system_category().message(number));
  if (number == EPIPE) {
    gone_ = true;
    losing_ = true;
  }
  if (std::exchange(failing_, true)) return;
  if (options_.report) {
    options_.report({Notice::Kind::trouble,
                     fmt::format("{}: {}; what happens meanwhile is {}", path_, summary_.error,
                                 gone_ ? "not recorded" : "kept for a while and then lost, until there is room again")});
  }
}

void NdjsonOutput::try_to_write(Nanos now) {
  std::size_t done = 0;
  while (done < text_.size() && !gone_) {
    const ssize_t written = ::write(descriptor_, text_.view().data() + done, text_.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      // Whole lines stay in the file, a part of one goes, so that it can be read as it is and the next write is a line again.
      const int number = errno;
      const std::size_t line = text_.view().substr(0, done).rfind('\n');
      const std::size_t whole = line == std::string_view::npos ? 0 : line + 1;
      if (regular_) {
        if (::ftruncate(descriptor_, static_cast<off_t>(size_ + whole)) == 0) done = whole;
      }
      failed(number, now);
      break;
    }
    done += static_cast<std::size_t>(written);
  }
  if (done == 0) return;
  size_ += done;
  summary_.bytes += done;
  unsynced_ = true;
  if (done < text_.size()) {
    const auto lines = static_cast<std::uint64_t>(
        std::count(text_.view().begin(), text_.view().begin() + static_cast<std::ptrdiff_t>(done), '\n'));
    const std::uint64_t events = std::min(lines, waiting_);
    summary_.events += events;
    waiting_ -= events;
    text_.drop_front(done);
    return;
  }
  summary_.events += waiting_;
  waiting_ = 0;
  text_.clear();
  if (!std::exchange(failing_, false)) return;
  losing_ = false;
  const std::uint64_t lost = std::exchange(lost_now_, 0);
  if (lost != 0) {
    text_ << R"({"ev":"mark","t":)";
    put_seconds(text_, last_t_);
    text_ << R"(,"text":)";
    put_string(text_, fmt::format("{} events are not in this recording: {}", lost, summary_.error));
    text_ << R"(,"_lost":)";
    put_number(text_, lost);
    text_ << "}\n";
  }
  if (options_.report) {
    options_.report({Notice::Kind::recovered, fmt::format("{}: can be written again; {} events were lost", path_, lost)});
  }
}

void NdjsonOutput::sync(Nanos now) {
  if (!unsynced_ || !regular_ || options_.fsync == Fsync::never) return;
  if (syncer_) {
    if (now - synced_ < options_.fsync_interval) return;
    if (const int number = syncer_->take_failure(); number != 0) failed(number, now);
    if (!syncer_->begin(descriptor_)) return;
    synced_ = now;
    unsynced_ = false;
    return;
  }
  synced_ = now;
  unsynced_ = false;
  if (::fdatasync(descriptor_) != 0 && errno != EINVAL) failed(errno, now);
}

void NdjsonOutput::flush(Nanos now) {
  if (!text_.empty() && !gone_ && (!failing_ || now >= retry_)) try_to_write(now);
  sync(now);
  const bool large = options_.rotation.size != 0 && size_ >= options_.rotation.size;
  const bool old = options_.rotation.age.count() != 0 && now - opened_ >= options_.rotation.age;
  if ((large || old) && !failing_) rotate(now);
}

void NdjsonOutput::sync_now(Nanos now) {
  if (!text_.empty() && !gone_) try_to_write(now);
  if (!unsynced_ || !regular_) return;
  synced_ = now;
  unsynced_ = false;
  if (::fdatasync(descriptor_) != 0 && errno != EINVAL) failed(errno, now);
}

void NdjsonOutput::rotate(Nanos now) {
  if (!regular_) return;
  try_to_write(now);
  if (failing_) return;  // the next file would be on the same disk
  const int before = std::exchange(descriptor_, -1);
  const std::uint64_t size = size_;
  if (auto opened = open_next(now); !opened) {
    descriptor_ = before;  // better a file that is too large than none
    size_ = size;
    opened_ = now;
    if (options_.report) options_.report({Notice::Kind::trouble, to_string(opened.error())});
    return;
  }
  if (options_.fsync != Fsync::never) ::fdatasync(before);
  ::close(before);
  // Each file can be read by itself: what is going on begins again in it.
  std::vector<Id> open;
  open.reserve(begun_.size());
  for (const auto& [id, begun] : begun_) open.push_back(id);
  std::sort(open.begin(), open.end());
  for (const Id id : open) {
    const Begun& begun = begun_[id];
    const std::string_view heads = begun.heads;
    text_ << heads.substr(0, begun.request - 3) << R"(,"_continued":true}})" << '\n' << heads.substr(begun.request);
  }
  last_ = nullptr;
  try_to_write(now);
  if (options_.report) options_.report({Notice::Kind::rotated, path_});
}

void NdjsonOutput::close_file() {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

void NdjsonOutput::finish(Nanos now) {
  if (!text_.empty() && !gone_) try_to_write(now);
  if (!text_.empty() && !failing_) try_to_write(now);  // the mark of what was lost
  summary_.lost += waiting_;
  waiting_ = 0;
  if (options_.fsync != Fsync::never && regular_ && unsynced_) {
    if (::fdatasync(descriptor_) != 0 && errno != EINVAL) failed(errno, now);
  }
  if (syncer_) {
    if (const int number = syncer_->take_failure(); number != 0) failed(number, now);
  }
  close_file();
}

}  // namespace har::capture

#include "capture/har_output.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace har::capture {

using stream::Nanos;
using stream::Status;

namespace {

/// How long a disk that was full is left alone.
constexpr Nanos kRetry = std::chrono::milliseconds(200);

}  // namespace

HarOutput::HarOutput(const RecorderOptions& options, const std::string& path)
    : options_(options),
      names_(path, options.rotation.size != 0 || options.rotation.age.count() != 0),
      spool_(options.spill_folder) {
  summary_.form = OutputForm::har;
}

stream::Result<std::unique_ptr<HarOutput>> HarOutput::open(const RecorderOptions& options, const std::string& path) {
  std::unique_ptr<HarOutput> output(new HarOutput(options, path));
  STREAM_ASSIGN(output->file_, output->open_next(options.clock ? options.clock() : options.zero));
  return output;
}

stream::Result<std::unique_ptr<HarFile>> HarOutput::open_next(Nanos now) {
  std::string head = R"({"log":{"version":"1.2","creator":)";
  const stream::Json creator =
      options_.creator.is_object() ? options_.creator : stream::Json(stream::Json::Object{{"name", ""}, {"version", ""}});
  write_json(head, creator);
  head += R"(,"pages":[],"entries":[)";  // Firefox takes no log without pages
  std::unique_ptr<HarFile> file;
  STREAM_ASSIGN(path_, names_.next(options_.overwrite, [&](const std::string& name) -> Status {
    STREAM_ASSIGN(file, HarFile::create(name, head, options_.overwrite));
    return {};
  }));
  opened_ = committed_ = now;
  summary_.files.push_back(path_);
  summary_.bytes = before_ + file->size();
  return file;
}

void HarOutput::take(const Captured& captured) {
  if (captured.kind == Captured::Kind::request) {
    auto& entry = open_[captured.id];
    entry = std::make_unique<EntryText>(spool_, options_.start, captured);
    last_ = entry.get();
    last_id_ = captured.id;
    return;
  }
  if (last_ == nullptr || last_id_ != captured.id) {
    const auto found = open_.find(captured.id);
    if (found == open_.end()) return;
    last_ = found->second.get();
    last_id_ = captured.id;
  }
  if (captured.kind != Captured::Kind::end) {
    const std::uint64_t before = last_->weight();
    last_->take(captured);
    open_bytes_ += last_->weight() - before;
    return;
  }
  write(*last_, &captured);
  open_bytes_ -= last_->weight();
  open_.erase(captured.id);
  last_ = nullptr;
}

/// Whether it worked; what a person should know of it is said once.
bool HarOutput::said(const Status& done) {
  if (done) {
    if (std::exchange(failing_, false) && options_.report) {
      options_.report(
          {Notice::Kind::recovered, fmt::format("{}: can be written again; {} entries were lost", path_, summary_.lost)});
    }
    return true;
  }
  summary_.error = done.error().message;
  retry_ = now_ + kRetry;
  if (!std::exchange(failing_, true) && options_.report) {
    options_.report({Notice::Kind::trouble,
                     fmt::format("{}; the entries of exchanges that end meanwhile are lost", to_string(done.error()))});
  }
  return false;
}

/// The entry is there, but not all of it: what it needs until its end had no room.
void HarOutput::say_incomplete(const EntryText& entry) {
  summary_.lost += entry.lost();
  summary_.error = entry.trouble();
  if (std::exchange(incomplete_said_, true) || !options_.report) return;
  options_.report({Notice::Kind::trouble, fmt::format("{}: entries are incomplete (_dropped): {}", path_, entry.trouble())});
}

void HarOutput::write(EntryText& entry, const Captured* end) {
  if (failing_ && now_ < retry_) {
    ++summary_.lost;
    return;
  }
  Status written = entry.write(end, [&](std::string_view piece) { return file_->append(piece); });
  if (written) written = file_->keep();
  if (written) {
    ++uncommitted_;
    summary_.bytes = before_ + file_->size();
    if (entry.lost() != 0) say_incomplete(entry);
    return;
  }
  file_->drop();
  ++summary_.lost;
  said(written);
}

void HarOutput::flush(Nanos now) {
  now_ = now;
  if (file_->dirty() && (!failing_ || now >= retry_) && now - committed_ >= options_.commit_interval) {
    const bool due =
        options_.fsync == Fsync::always || (options_.fsync == Fsync::interval && now - synced_ >= options_.fsync_interval);
    if (said(file_->commit(due))) summary_.events += std::exchange(uncommitted_, 0);
    committed_ = now;
    if (due) synced_ = now;
  }
  const bool large = options_.rotation.size != 0 && file_->size() + open_bytes_ >= options_.rotation.size;
  const bool old = options_.rotation.age.count() != 0 && now - opened_ >= options_.rotation.age;
  if ((large || old) && !failing_) rotate(now);
}

void HarOutput::sync_now(Nanos now) {
  if (!file_->dirty()) return;
  if (said(file_->commit(true))) uncommitted_ = 0;
  committed_ = synced_ = now;
}

/// What is going on, as far as it has come.
void HarOutput::write_open() {
  std::vector<Id> ids;
  ids.reserve(open_.size());
  for (const auto& [id, entry] : open_) ids.push_back(id);
  std::sort(ids.begin(), ids.end());
  for (const Id id : ids) write(*open_[id], nullptr);
}

void HarOutput::rotate(Nanos now) {
  const std::string before = path_;
  auto next = open_next(now);
  if (!next) {
    opened_ = now;  // better a file that is too large than none
    if (options_.report) options_.report({Notice::Kind::trouble, to_string(next.error())});
    return;
  }
  write_open();
  for (const auto& [id, entry] : open_) entry->go_on();
  open_bytes_ = 0;
  finish_file();
  before_ += file_->size();
  file_ = std::move(*next);
  summary_.bytes = before_ + file_->size();
  if (options_.report) options_.report({Notice::Kind::rotated, path_});
}

void HarOutput::finish_file() {
  const bool finished = said(file_->finish(options_.fsync != Fsync::never));
  (finished ? summary_.events : summary_.lost) += std::exchange(uncommitted_, 0);
}

void HarOutput::finish(Nanos now) {
  now_ = std::max(now, retry_);
  write_open();
  open_.clear();
  last_ = nullptr;
  finish_file();
}

}  // namespace har::capture

#include "formats/zip/archive.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <zip.h>

#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include "formats/zip/io_source.hpp"

namespace har::format::zip {
namespace {

using stream::Error;
using stream::ErrorCode;
using stream::fail;
using stream::Place;
using stream::Result;
using stream::Status;

/// Archives up to this size of their directory are read whatever the limits are.
constexpr std::uint64_t kSmallDirectory = std::uint64_t{64} << 10;
/// Before this nothing is said of how much comes out of how little, as with other compressed input.
constexpr std::uint64_t kExpansionFrom = std::uint64_t{64} << 20;

struct ErrorText {
  ErrorText() { zip_error_init(&error); }
  ErrorText(const ErrorText&) = delete;
  ErrorText& operator=(const ErrorText&) = delete;
  ~ErrorText() { zip_error_fini(&error); }
  std::string text() { return zip_error_strerror(&error); }
  zip_error_t error{};
};

std::uint64_t little_endian(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = size; i-- > 0;) value = value << 8U | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

struct Closing {
  void operator()(zip_t* archive) const { zip_discard(archive); }
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};

class Reading;

class MemberSource final : public stream::ByteSource {
 public:
  MemberSource(Reading& archive, std::unique_ptr<zip_file_t, Closing> file, std::string name, std::string member)
      : archive_(archive), file_(std::move(file)), name_(std::move(name)), member_(std::move(member)) {}

  Result<std::size_t> read(std::span<char> buffer) override;
  const std::string& name() const override { return name_; }

 private:
  Reading& archive_;
  std::unique_ptr<zip_file_t, Closing> file_;
  std::string name_;
  std::string member_;
};

class Reading final : public Archive {
 public:
  Reading(std::string name, const stream::Limits& limits) : name_(std::move(name)), limits_(limits) {}

  Status open(stream::ByteSource& source) {
    STREAM_TRY(check_start(source));
    STREAM_TRY(file_.append_all(source));
    STREAM_TRY(check_directory());
    io_.emplace(file_, 0, file_.size());
    ErrorText error;
    zip_source_t* const raw = io_->make(error.error);
    if (raw == nullptr) return fail({ErrorCode::io, error.text(), {name_}});
    archive_.reset(zip_open_from_source(raw, ZIP_RDONLY, &error.error));
    if (archive_ == nullptr) {
      zip_source_free(raw);
      if (io_->failure()) return fail(*io_->failure());
      return fail({ErrorCode::syntax,
                   fmt::format("this is no whole zip archive: {}", error.text()),
                   {name_},
                   "an archive that was cut off has lost the directory at its end"});
    }
    return list();
  }

  const std::vector<Member>& members() const override { return members_; }

  std::string_view comment() const override {
    int size = 0;
    const char* const text = zip_get_archive_comment(archive_.get(), &size, 0);
    return text != nullptr && size > 0 ? std::string_view(text, static_cast<std::size_t>(size)) : std::string_view();
  }

  const Member* find(std::string_view name) const override {
    const auto found = std::lower_bound(by_name_.begin(), by_name_.end(), name, [&](std::size_t number, std::string_view wanted) {
      return members_[number].name < wanted;
    });
    return found != by_name_.end() && members_[*found].name == name ? &members_[*found] : nullptr;
  }

  Result<std::string> read(const Member& member, std::size_t max_size) override {
    STREAM_ASSIGN(const auto source, open_member(member));
    std::string out;
    out.reserve(static_cast<std::size_t>(std::min<std::uint64_t>({member.size, max_size, std::uint64_t{1} << 20})));
    std::array<char, std::size_t{16} << 10> buffer;
    for (;;) {
      STREAM_ASSIGN(const std::size_t count, source->read(buffer));
      if (count == 0) return out;
      if (count > max_size - out.size()) {
        return fail({ErrorCode::limit,
                     fmt::format("\"{}\" in the archive is larger than {} bytes", member.name, max_size),
                     {name_},
                     "raise the limit with --max-entry"});
      }
      out.append(buffer.data(), count);
    }
  }

  Result<std::unique_ptr<stream::ByteSource>> open_member(const Member& member) override {
    std::unique_ptr<zip_file_t, Closing> file(zip_fopen_index(archive_.get(), member.index, 0));
    if (file == nullptr) return fail(damaged(member.name, *zip_get_error(archive_.get())));
    return std::make_unique<MemberSource>(*this, std::move(file), name_ + "/" + member.name, member.name);
  }

  Error damaged(const std::string& member, zip_error_t& error) {
    if (io_->failure()) return *io_->failure();
    const bool unknown = zip_error_code_zip(&error) == ZIP_ER_COMPNOTSUPP;
    return {unknown ? ErrorCode::unsupported : ErrorCode::syntax,
            fmt::format("\"{}\" in the archive cannot be read: {}", member, zip_error_strerror(&error)),
            {name_}};
  }

  /// So many bytes more have come out.
  Status count(std::uint64_t bytes) {
    produced_ += bytes;
    if (limits_.max_expansion == 0 || produced_ <= kExpansionFrom || produced_ / limits_.max_expansion <= file_.size()) return {};
    return fail({ErrorCode::limit,
                 fmt::format("more than {} bytes came out of each byte of the archive", limits_.max_expansion),
                 {name_},
                 "raise the limit with --max-expansion"});
  }

 private:
  std::uint64_t most_bytes() const { return std::max<std::uint64_t>(limits_.max_entry / 8, kSmallDirectory); }
  Status too_many() const {
    return fail({ErrorCode::limit, "the archive has too many members", {name_}, "raise the limit with --max-entry"});
  }

  /// So that what is no archive at all need not be spooled. (One with something before it is none here.)
  Status check_start(stream::ByteSource& source) {
    constexpr std::string_view kStart = "PK";
    std::array<char, kStart.size()> start{};
    for (std::size_t at = 0; at < start.size();) {
      STREAM_ASSIGN(const std::size_t count, source.read(std::span(start).subspan(at)));
      if (count == 0) return fail({ErrorCode::syntax, "expected a zip archive, found the end of the input", {name_}});
      at += count;
    }
    const std::string_view found(start.data(), start.size());
    if (found != kStart) return fail({ErrorCode::syntax, "expected a zip archive, which begins with PK", {name_}});
    return file_.append(found);
  }

  /// libzip reads the directory as a whole: how large it says to be (APPNOTE §4.3.14, §4.3.16) is looked at before.
  Status check_directory() {
    constexpr std::uint64_t kEnd = 22;
    constexpr std::uint64_t kTail = kEnd + 0xFFFF + 20;  // with the longest comment, and a locator before it
    const std::uint64_t from = file_.size() - std::min(file_.size(), kTail);
    std::string tail(static_cast<std::size_t>(file_.size() - from), '\0');
    STREAM_TRY(file_.read(from, tail));
    for (std::size_t at = 0; (at = tail.find("PK\5\6", at)) != std::string::npos; at += 4) {
      if (tail.size() - at < kEnd) break;
      const std::uint64_t size = little_endian(tail, at + 12, 4);
      if (size != 0xFFFFFFFF && size > most_bytes()) return too_many();
    }
    for (std::size_t at = 0; (at = tail.find("PK\6\7", at)) != std::string::npos; at += 4) {
      constexpr std::uint64_t kEnd64 = 56;
      if (tail.size() - at < 20) break;
      const std::uint64_t offset = little_endian(tail, at + 8, 8);
      if (file_.size() < kEnd64 || offset > file_.size() - kEnd64) continue;
      std::string end(kEnd64, '\0');
      STREAM_TRY(file_.read(offset, end));
      if (little_endian(end, 40, 8) > most_bytes()) return too_many();
    }
    return {};
  }

  Status refuse(std::string_view member, std::string_view why, std::string hint = {}) const {
    return fail({ErrorCode::unsupported,
                 fmt::format("the archive is refused: its member \"{}\" {}", member, why),
                 {name_},
                 std::move(hint)});
  }

  Status list() {
    const auto count = static_cast<std::uint64_t>(zip_get_num_entries(archive_.get(), 0));
    if (count > most_bytes() / 64) return too_many();
    std::vector<std::string> folders;
    for (std::uint64_t index = 0; index < count; ++index) {
      zip_stat_t about;
      if (zip_stat_index(archive_.get(), index, 0, &about) != 0 || (about.valid & ZIP_STAT_NAME) == 0) {
        return fail({ErrorCode::syntax,
                     fmt::format("member {} of the archive cannot be read: {}", index, zip_strerror(archive_.get())),
                     {name_}});
      }
      Member member;
      member.name = about.name;
      member.index = index;
      member.size = (about.valid & ZIP_STAT_SIZE) != 0 ? about.size : 0;
      member.packed = (about.valid & ZIP_STAT_COMP_SIZE) != 0 ? about.comp_size : 0;
      if (const std::string_view why = refused_name(member.name); !why.empty()) return refuse(member.name, why);
      zip_uint8_t system = 0;
      zip_uint32_t attributes = 0;
      if (zip_file_get_external_attributes(archive_.get(), index, 0, &system, &attributes) == 0 && system != ZIP_OPSYS_DOS) {
        const zip_uint32_t type = attributes >> 16U & S_IFMT;  // as Info-ZIP keeps a file's mode
        if (type == S_IFLNK) return refuse(member.name, "is a symbolic link");
        if (type != 0 && type != S_IFREG && type != S_IFDIR) return refuse(member.name, "is no file");
      }
      if ((about.valid & ZIP_STAT_ENCRYPTION_METHOD) != 0 && about.encryption_method != ZIP_EM_NONE)
        return refuse(member.name, "is encrypted", "save it again without a password");
      if (member.name.ends_with('/')) {
        folders.push_back(std::move(member.name));
      } else {
        members_.push_back(std::move(member));
      }
    }
    for (std::size_t i = 0; i < members_.size(); ++i) by_name_.push_back(i);
    std::sort(by_name_.begin(), by_name_.end(),
              [&](std::size_t a, std::size_t b) { return members_[a].name < members_[b].name; });
    const auto twice = std::adjacent_find(by_name_.begin(), by_name_.end(),
                                          [&](std::size_t a, std::size_t b) { return members_[a].name == members_[b].name; });
    if (twice != by_name_.end()) return refuse(members_[*twice].name, "stands in it twice");
    return {};
  }

  std::string name_;
  stream::Limits limits_;
  stream::TemporaryFile file_;
  std::optional<FileSource> io_;
  std::unique_ptr<zip_t, Closing> archive_;
  std::vector<Member> members_;
  std::vector<std::size_t> by_name_;
  std::uint64_t produced_ = 0;
};

Result<std::size_t> MemberSource::read(std::span<char> buffer) {
  const zip_int64_t count = zip_fread(file_.get(), buffer.data(), buffer.size());
  if (count < 0) return fail(archive_.damaged(member_, *zip_file_get_error(file_.get())));
  STREAM_TRY(archive_.count(static_cast<std::uint64_t>(count)));
  return static_cast<std::size_t>(count);
}

}  // namespace

std::string_view refused_name(std::string_view name) {
  if (name.empty()) return "has no name";
  if (name.find('\0') != std::string_view::npos) return "has a NUL in its name";
  if (name.front() == '/') return "has an absolute name";
  if (name.find('\\') != std::string_view::npos) return "has a backslash in its name";
  const auto letter = static_cast<unsigned char>(name.front() | 0x20);
  if (name.size() > 1 && name[1] == ':' && letter >= 'a' && letter <= 'z') return "names a drive";
  for (std::string_view rest = name; !rest.empty();) {
    const std::string_view part = rest.substr(0, rest.find('/'));
    if (part == "..") return "leaves its folder";
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
  }
  return {};
}

Result<std::unique_ptr<Archive>> Archive::open(stream::ByteSource& source, const stream::Limits& limits) {
  auto archive = std::make_unique<Reading>(source.name(), limits);
  STREAM_TRY(archive->open(source));
  return archive;
}

Status ArchiveWriter::add(std::string name, std::string_view bytes) {
  const std::uint64_t begin = spool_.size();
  STREAM_TRY(spool_.append(bytes));
  parts_.push_back({std::move(name), &spool_, begin, bytes.size(), false});
  return {};
}

void ArchiveWriter::add_file(std::string name, stream::TemporaryFile& file) {
  parts_.push_back({std::move(name), &file, 0, 0, true});
}

void ArchiveWriter::add_folder(std::string name) { parts_.push_back({std::move(name), nullptr, 0, 0, false}); }

Status ArchiveWriter::write_to(stream::ByteSink& sink) {
  stream::TemporaryFile file;
  FileSource out(file);
  std::deque<FileSource> sources;
  ErrorText error;
  const auto failed = [&](std::string text) {
    for (const FileSource& source : sources) {
      if (source.failure()) return fail(*source.failure());
    }
    if (out.failure()) return fail(*out.failure());
    return fail({ErrorCode::io, fmt::format("the archive cannot be written: {}", text), {sink.name()}});
  };
  zip_source_t* const target = out.make(error.error);
  if (target == nullptr) return failed(error.text());
  std::unique_ptr<zip_t, Closing> archive(zip_open_from_source(target, ZIP_CREATE | ZIP_TRUNCATE, &error.error));
  if (archive == nullptr) {
    zip_source_free(target);
    return failed(error.text());
  }
  constexpr zip_flags_t kUtf8 = ZIP_FL_ENC_UTF_8;
  for (const Part& part : parts_) {
    zip_int64_t index = -1;
    if (part.file == nullptr) {
      index = zip_dir_add(archive.get(), part.name.c_str(), kUtf8);
    } else {
      sources.emplace_back(*part.file, part.begin, part.whole_file ? part.file->size() : part.size);
      zip_source_t* const source = sources.back().make(error.error);
      if (source == nullptr) return failed(error.text());
      index = zip_file_add(archive.get(), part.name.c_str(), source, kUtf8);
      if (index < 0) zip_source_free(source);
    }
    constexpr zip_uint16_t kFirstDate = 1U << 5U | 1U;  // 1980-01-01
    if (index < 0 || zip_file_set_dostime(archive.get(), static_cast<zip_uint64_t>(index), 0, kFirstDate, 0) != 0)
      return failed(zip_strerror(archive.get()));
  }
  if (!comment_.empty() &&
      zip_set_archive_comment(archive.get(), comment_.data(), static_cast<zip_uint16_t>(comment_.size())) != 0)
    return failed(zip_strerror(archive.get()));
  if (zip_close(archive.get()) != 0) return failed(zip_strerror(archive.get()));
  (void)archive.release();  // closed, and gone
  return file.write_to(sink);
}

}  // namespace har::format::zip

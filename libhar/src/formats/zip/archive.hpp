#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "stream/io/byte_sink.hpp"
#include "stream/io/byte_source.hpp"
#include "stream/io/error.hpp"
#include "stream/io/limits.hpp"
#include "stream/io/temporary_file.hpp"

/// Zip archives (PKWARE APPNOTE 6.3), read with the care that what comes from others needs, and written.
namespace har::format::zip {

/// A file in an archive. Folders are none.
struct Member {
  std::string name{};
  std::uint64_t index = 0;   ///< in the archive's directory
  std::uint64_t size = 0;    ///< as the directory says, which may lie
  std::uint64_t packed = 0;  ///< bytes that it takes in the archive, as the directory says
};

/// An archive that is read. What comes is spooled into a temporary file. An archive is refused as a whole if a member's name
/// would leave the folder it is unpacked to, stands twice, or is a symbolic link's, or if a member is encrypted.
class Archive {
 public:
  /// Memory grows with the number of members, which Limits::max_entry bounds. Errors: `syntax`, `unsupported`, `limit`, `io`.
  static stream::Result<std::unique_ptr<Archive>> open(stream::ByteSource& source, const stream::Limits& limits);
  Archive(const Archive&) = delete;
  Archive& operator=(const Archive&) = delete;
  virtual ~Archive() = default;

  /// In the order of the directory.
  virtual const std::vector<Member>& members() const = 0;
  /// Of the archive as a whole.
  virtual std::string_view comment() const = 0;
  /// By its whole name; null if it is not there.
  virtual const Member* find(std::string_view name) const = 0;
  /// The member's bytes, at most `max_size`. Errors: `syntax` if it is damaged, `limit` also where all that was read of the
  /// archive is beyond Limits::max_expansion.
  virtual stream::Result<std::string> read(const Member& member, std::size_t max_size) = 0;
  /// The same piece by piece. The archive outlives the source; others can be read meanwhile.
  virtual stream::Result<std::unique_ptr<stream::ByteSource>> open_member(const Member& member) = 0;

 protected:
  Archive() = default;
};

/// Why a name may not stand in an archive ("is absolute"); empty: it may.
std::string_view refused_name(std::string_view name);

/// An archive that is written: its members are gathered in temporary files, and written as one at the end. The same members give
/// the same bytes: their date is always 1980-01-01, the first that zip has.
class ArchiveWriter {
 public:
  stream::Status add(std::string name, std::string_view bytes);
  /// `file` outlives this; more may be written to it until write_to().
  void add_file(std::string name, stream::TemporaryFile& file);
  void add_folder(std::string name);
  /// The comment of the archive as a whole.
  void set_comment(std::string comment) { comment_ = std::move(comment); }
  /// Once, and last.
  stream::Status write_to(stream::ByteSink& sink);

 private:
  struct Part {
    std::string name{};
    stream::TemporaryFile* file = nullptr;  ///< null: a folder
    std::uint64_t begin = 0;
    std::uint64_t size = 0;
    bool whole_file = false;
  };
  stream::TemporaryFile spool_;
  std::vector<Part> parts_;
  std::string comment_;
};

}  // namespace har::format::zip

#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "capture/text.hpp"
#include "stream/io/byte_sink.hpp"
#include "stream/io/error.hpp"

namespace har::capture {

/// A HAR that grows, and is whole at every moment: whoever opens it by its name, after whatever has stopped us, finds a valid
/// document with all entries up to the last commit().
///
/// Bytes cannot be put before the closing brackets in one step: a write that spans pages can be cut by SIGKILL between them,
/// and behind a document JSON allows nothing but white space. So there are two files, the one that has the name and a spare one
/// beside it. New entries and the brackets are written to the spare; then the two change names in one step (renameat2 with
/// RENAME_EXCHANGE; else a second link to the old file and rename), which is atomic. What had the name is the spare now, and gets
/// the entries that it lacks before the next ones. At no moment is a file written to while it has the name. Each byte is written
/// twice, however often it is committed.
///
/// A program that still reads the file that has become the spare would see it change: a write lease, which the kernel only gives
/// where nobody else has the file open, tells; then the spare is left to its reader, and another is made.
class HarFile {
 public:
  /// `head` is all up to the first entry; what closes it is "\n]}}\n". Errors: `exists`, `io`; nothing stays then.
  static stream::Result<std::unique_ptr<HarFile>> create(const std::string& path, std::string_view head,
                                                         stream::Overwrite overwrite);
  HarFile(const HarFile&) = delete;
  HarFile& operator=(const HarFile&) = delete;
  /// Without finish(): entries behind the last commit() are not in it.
  ~HarFile();

  /// Of the entry that is being written. Errors: `io`: then drop() it.
  stream::Status append(std::string_view bytes);
  /// The entry is whole.
  stream::Status keep();
  void drop();
  /// All whole entries appear. Errors: `io`; what has the name stays as it is, and a later commit() may do it.
  stream::Status commit(bool sync);
  /// commit(), and the spare is removed.
  stream::Status finish(bool sync);

  bool dirty() const { return whole_ != ends_[live_]; }
  /// Bytes of whole entries and the head.
  std::uint64_t size() const { return whole_; }

 private:
  HarFile(std::string path, std::string spare) : path_(std::move(path)), spare_path_(std::move(spare)) {}
  std::size_t spare() const { return 1 - live_; }
  stream::Status make_spare();
  stream::Status prepare_spare();
  stream::Status copy(std::uint64_t from, std::uint64_t to);
  stream::Status put(std::string_view bytes, std::uint64_t offset);
  stream::Status flush();
  stream::Status exchange();
  stream::Error error(int number, std::string_view action) const;

  std::string path_;
  std::string spare_path_;
  std::array<int, 2> files_{-1, -1};
  std::array<std::uint64_t, 2> ends_{};  ///< of the entries in each
  std::size_t live_ = 0;
  std::uint64_t first_ = 0;    ///< where entries begin
  std::uint64_t whole_ = 0;    ///< the end of the last whole entry in the spare
  std::uint64_t written_ = 0;  ///< how far the spare is written
  std::uint64_t longest_ = 0;  ///< how far it ever was
  bool ready_ = false;         ///< the spare has all that the other has
  bool begun_ = false;         ///< an entry is being written
  Text buffer_;                ///< behind written_
};

}  // namespace har::capture

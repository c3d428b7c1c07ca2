#pragma once

#include <optional>
#include <string>

#include "stream/io/error.hpp"

/// Where the authority lies, and who may see it.
namespace stream::net {

/// A file that has no business to be large (1 MiB). Errors: `io`, `limit`.
Result<std::string> read_small_file(const std::string& file);

class AuthorityFiles {
 public:
  explicit AuthorityFiles(std::string folder) : folder_(std::move(folder)) {}

  std::string key_file() const { return folder_ + "/ca-key.pem"; }
  std::string certificate_file() const { return folder_ + "/ca.pem"; }

  /// Makes the folder where it is not there. Errors: `io`; `usage` where others may write into it.
  Status prepare_folder() const;
  /// Nothing: there is no authority yet. Errors: `io`; `usage` where others may read it; `syntax` where there is only the
  /// certificate.
  Result<std::optional<std::string>> read_key() const;
  /// Puts the file there, whole, unless another process has done so.
  Status add_key(const std::string& text) const;
  /// Writes the certificate where it is not there. Errors: `io`, `syntax` (there is another).
  Status keep_certificate(const std::string& text) const;

 private:
  std::string folder_;
};

}  // namespace stream::net

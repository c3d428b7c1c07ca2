#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "stream/io/error.hpp"

/// Who a server is, for TLS: a certificate that it was given, or one of the tools' own authority.
namespace stream::net {

/// A certificate with its key and its chain. What is in it is known inside of this library only.
struct Certificate;

/// Has a certificate for a name.
class CertificateSource {
 public:
  CertificateSource() = default;
  CertificateSource(const CertificateSource&) = delete;
  CertificateSource& operator=(const CertificateSource&) = delete;
  virtual ~CertificateSource() = default;

  /// `name` is a host's name or IP address, as a client says it. From any thread. Errors: `usage` (it is no name), `io`, and
  /// whatever is wrong with the files.
  virtual Result<std::shared_ptr<const Certificate>> certificate(const std::string& name) = 0;
};

/// The certificate in a file, whatever the name: PEM, its own certificate first, then those between it and the root. The key,
/// PEM too and without a passphrase, may be in the same file. Errors: `io`, `syntax`, `usage` (the key is another's).
Result<std::unique_ptr<CertificateSource>> read_certificate(const std::string& certificate_file, const std::string& key_file);

struct AuthorityOptions {
  std::string folder{};  ///< see default_authority_folder()
  /// The authority's certificate is made in this one's name: "anna@laptop". Empty: the user's and the machine's.
  std::string owner{};
  std::function<std::chrono::system_clock::time_point()> clock = std::chrono::system_clock::now;
  std::size_t cached = 1024;  ///< certificates that are kept to be given out again
};

/// The tools' own certificate authority: it signs a certificate for any name, for programs that were told to trust it. It is
/// made on first use, and never installed anywhere.
///
/// In its folder (0700) lie `ca-key.pem` (0600; the key, and the certificate to it) and `ca.pem` (the certificate alone, for
/// those who are to trust it). The first is made whole or not at all, so that of two processes that begin at once one finds
/// what the other has made. Keys are ECDSA on P-256. The authority is valid for ten years and signs no further one; what it
/// signs is valid from the day before for 90 days, for servers only, with a random serial number (RFC 5280, and what browsers
/// ask beyond: a subject alternative name, less than 398 days). All of what one object signs has one key, which is never written.
class Authority final : public CertificateSource {
 public:
  /// Reads the authority, or makes it. Errors: `io`; `usage` where somebody else could read or replace the key; `syntax`,
  /// `unsupported` where what is there is no authority, or expired. Each says what to do.
  static Result<std::unique_ptr<Authority>> open(AuthorityOptions options);
  ~Authority() override;

  Result<std::shared_ptr<const Certificate>> certificate(const std::string& name) override;
  /// What is to be trusted, "…/ca.pem".
  const std::string& certificate_file() const;

 private:
  struct Impl;
  explicit Authority(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// $XDG_DATA_HOME/hartape/ca, or ~/.local/share/hartape/ca. Errors: `usage` (there is no home).
Result<std::string> default_authority_folder();

}  // namespace stream::net

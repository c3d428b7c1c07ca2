#include "common/tls_options.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <mutex>
#include <utility>

namespace tools {
namespace {

namespace net = stream::net;
using stream::Result;

constexpr const char* kGroup = "TLS";

Result<std::unique_ptr<net::Authority>> open_authority(const TlsGroup& group) {
  net::AuthorityOptions options;
  options.folder = group.authority;
  if (options.folder.empty()) {
    STREAM_ASSIGN(options.folder, net::default_authority_folder());
  }
  return net::Authority::open(std::move(options));
}

/// An authority that is not there before somebody wants a certificate. One that cannot be opened is tried again: it may have been
/// mended.
class LateAuthority final : public net::CertificateSource {
 public:
  explicit LateAuthority(TlsGroup group) : group_(std::move(group)) {}

  Result<std::shared_ptr<const net::Certificate>> certificate(const std::string& name) override {
    {
      const std::lock_guard lock(mutex_);
      if (!authority_) {
        STREAM_ASSIGN(authority_, open_authority(group_));
      }
    }
    return authority_->certificate(name);
  }

 private:
  const TlsGroup group_;
  std::mutex mutex_;
  std::unique_ptr<net::Authority> authority_;
};

}  // namespace

void add_tls_options(CLI::App& app, TlsGroup& group) {
  auto* certificate =
      app.add_option(
             "--cert", group.certificate,
             "The certificate, in PEM. Its own first, then those that signed it. Without it the tools' own authority signs "
             "one for each name that is asked for.")
          ->type_name("FILE")
          ->group(kGroup);
  auto* key =
      app.add_option("--key", group.key, "The key to --cert, in PEM. Without a passphrase.")->type_name("FILE")->group(kGroup);
  certificate->needs(key);
  key->needs(certificate);
  app.add_option("--ca", group.authority,
                 "The folder of the tools' own certificate authority. It is made on first use. $XDG_DATA_HOME/hartape/ca or "
                 "~/.local/share/hartape/ca without it.")
      ->type_name("DIR")
      ->group(kGroup)
      ->excludes(certificate);
  app.add_flag("--print-ca", group.print_authority,
               "Print the file that a client is to trust, and end. Makes the certificate authority where there is none.")
      ->group(kGroup)
      ->excludes(certificate);
}

Result<std::unique_ptr<net::CertificateSource>> make_certificates(const TlsGroup& group, When when) {
  if (!group.certificate.empty()) return net::read_certificate(group.certificate, group.key);
  if (when == When::on_first_use) return std::unique_ptr<net::CertificateSource>(std::make_unique<LateAuthority>(group));
  STREAM_ASSIGN(auto authority, open_authority(group));
  return std::unique_ptr<net::CertificateSource>(std::move(authority));
}

int print_authority(Tool& tool, const TlsGroup& group) {
  const auto authority = open_authority(group);
  if (!authority) return failed(tool, authority.error());
  std::puts((*authority)->certificate_file().c_str());
  return kYes;
}

}  // namespace tools

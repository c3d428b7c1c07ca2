#include "stream/net/authority.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <list>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>

#include "authority_files.hpp"
#include "certificate.hpp"

namespace stream::net {
namespace {

constexpr auto kBackdated = std::chrono::hours(24);
constexpr auto kServerTime = std::chrono::hours(24 * 90);
constexpr auto kRenewed = std::chrono::hours(24);  // before the end

constexpr std::string_view kMakeAnother =
    "delete that folder, and another authority will be made; what trusts the old one must be told of the new one";

std::string user_name() {
  std::array<char, 4096> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  if (getpwuid_r(geteuid(), &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) return found->pw_name;
  return fmt::format("user-{}", geteuid());
}

std::string user_and_machine() {
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) != 0) return user_name();
  return fmt::format("{}@{}", user_name(), host.data());
}

ChainPointer chain_of(X509& certificate) {
  ChainPointer chain(sk_X509_new_null());
  if (!chain || X509_add_cert(chain.get(), &certificate, X509_ADD_FLAG_UP_REF) != 1) return nullptr;
  return chain;
}

KeyPointer another(EVP_PKEY& key) {
  EVP_PKEY_up_ref(&key);
  return KeyPointer(&key);
}

/// The authority's key and certificate out of its file.
Result<Certificate> parse_authority(const std::string& text, const std::string& file, Instant now) {
  const auto refuse = [&](ErrorCode code, std::string message) {
    return stream::fail({code, std::move(message), {file}, std::string(kMakeAnother)});
  };
  PemContent content = read_pem(text);
  if (content.encrypted) return refuse(ErrorCode::unsupported, "the key asks for a passphrase");
  if (!content.key || content.certificates.size() != 1)
    return refuse(ErrorCode::syntax, "expected a private key and a certificate in PEM");
  X509& certificate = *content.certificates.front();
  if (X509_check_private_key(&certificate, content.key.get()) != 1)
    return refuse(ErrorCode::syntax, "the key is not that of the certificate");
  if (X509_check_ca(&certificate) != 1 || (X509_get_key_usage(&certificate) & KU_KEY_CERT_SIGN) == 0)
    return refuse(ErrorCode::unsupported, "the certificate is not that of an authority");
  if (now > valid_to(certificate))
    return refuse(ErrorCode::unsupported, fmt::format("the authority expired on {}", day_text(valid_to(certificate))));
  if (now < valid_from(certificate)) {
    return refuse(ErrorCode::unsupported, fmt::format("the authority is valid from {} on, and today is {}: is the clock right?",
                                                      day_text(valid_from(certificate)), day_text(now)));
  }
  return Certificate{std::move(content.certificates.front()), std::move(content.key), nullptr};
}

/// The text of a new authority's file.
Result<std::string> make_authority(const std::string& owner, Instant now) {
  const KeyPointer key = make_key();
  if (!key) return stream::fail({ErrorCode::io, "cannot make a key: " + openssl_error_text(), {}, {}});
  STREAM_ASSIGN(const X509Pointer certificate, make_authority_certificate(*key, owner, now));
  return write_pem(*certificate, key.get());
}

/// A certificate that was given.
class GivenCertificate final : public CertificateSource {
 public:
  explicit GivenCertificate(std::shared_ptr<const Certificate> given) : given_(std::move(given)) {}
  Result<std::shared_ptr<const Certificate>> certificate(const std::string&) override { return given_; }

 private:
  std::shared_ptr<const Certificate> given_;
};

}  // namespace

struct Authority::Impl {
  struct Signed {
    std::string name;
    std::shared_ptr<const Certificate> certificate;
    Instant end;
  };

  Result<std::shared_ptr<const Certificate>> sign(const HostName& name, Instant now, Instant& end) {
    const Instant from = std::max(now - kBackdated, valid_from(*own.certificate));
    end = std::min(from + kServerTime, valid_to(*own.certificate));
    STREAM_ASSIGN(X509Pointer certificate, make_server_certificate(*key, name, *own.certificate, *own.key, from, end));
    ChainPointer chain = chain_of(*own.certificate);
    if (!chain) return stream::fail({ErrorCode::io, "out of memory", {}, {}});
    return std::make_shared<const Certificate>(Certificate{std::move(certificate), another(*key), std::move(chain)});
  }

  AuthorityOptions options;
  std::string certificate_file;
  Certificate own;
  KeyPointer key;  // of everything that is signed
  std::mutex mutex;
  std::list<Signed> used;  // the last one first
  std::unordered_map<std::string, std::list<Signed>::iterator> by_name;
};

Authority::Authority(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Authority::~Authority() = default;
const std::string& Authority::certificate_file() const { return impl_->certificate_file; }

Result<std::unique_ptr<Authority>> Authority::open(AuthorityOptions options) {
  const AuthorityFiles files(options.folder);
  const Instant now = options.clock();
  STREAM_TRY(files.prepare_folder());
  STREAM_ASSIGN(std::optional<std::string> text, files.read_key());
  if (!text) {
    STREAM_ASSIGN(const std::string made, make_authority(options.owner.empty() ? user_and_machine() : options.owner, now));
    STREAM_TRY(files.add_key(made));
    STREAM_ASSIGN(text, files.read_key());  // another process may have been first
    if (!text) return stream::fail({ErrorCode::io, "it was deleted meanwhile", {files.key_file()}, {}});
  }
  auto impl = std::make_unique<Impl>();
  STREAM_ASSIGN(impl->own, parse_authority(*text, files.key_file(), now));
  STREAM_ASSIGN(const std::string certificate, write_pem(*impl->own.certificate, nullptr));
  STREAM_TRY(files.keep_certificate(certificate));
  impl->certificate_file = files.certificate_file();
  impl->key = make_key();
  if (!impl->key) return stream::fail({ErrorCode::io, "cannot make a key: " + openssl_error_text(), {}, {}});
  impl->options = std::move(options);
  return std::unique_ptr<Authority>(new Authority(std::move(impl)));
}

Result<std::shared_ptr<const Certificate>> Authority::certificate(const std::string& name) {
  STREAM_ASSIGN(const HostName host, parse_host_name(name));
  const std::lock_guard lock(impl_->mutex);
  const Instant now = impl_->options.clock();
  auto& used = impl_->used;
  if (const auto found = impl_->by_name.find(host.text); found != impl_->by_name.end()) {
    used.splice(used.begin(), used, found->second);
    const Impl::Signed& known = used.front();
    if (now + kRenewed < known.end || known.end == valid_to(*impl_->own.certificate)) return known.certificate;
    impl_->by_name.erase(found);
    used.pop_front();
  }
  Instant end{};
  STREAM_ASSIGN(auto made, impl_->sign(host, now, end));
  if (impl_->options.cached == 0) return made;
  if (used.size() >= impl_->options.cached) {
    impl_->by_name.erase(used.back().name);
    used.pop_back();
  }
  used.push_front({host.text, made, end});
  impl_->by_name.emplace(host.text, used.begin());
  return made;
}

Result<std::unique_ptr<CertificateSource>> read_certificate(const std::string& certificate_file, const std::string& key_file) {
  STREAM_ASSIGN(const std::string certificate_text, read_small_file(certificate_file));
  STREAM_ASSIGN(const std::string key_text, read_small_file(key_file));
  PemContent certificates = read_pem(certificate_text);
  PemContent keys = read_pem(key_text);
  if (certificates.certificates.empty())
    return stream::fail({ErrorCode::syntax, "expected a certificate in PEM", {certificate_file}, {}});
  if (keys.encrypted) {
    return stream::fail({ErrorCode::unsupported,
                         "the key asks for a passphrase",
                         {key_file},
                         "take it off: openssl pkey -in " + key_file + " -out key.pem"});
  }
  if (!keys.key) return stream::fail({ErrorCode::syntax, "expected a private key in PEM", {key_file}, {}});
  auto given = std::make_shared<Certificate>();
  given->certificate = std::move(certificates.certificates.front());
  if (X509_check_private_key(given->certificate.get(), keys.key.get()) != 1) {
    return stream::fail({ErrorCode::usage,
                         "the key is not that of the first certificate in " + certificate_file,
                         {key_file},
                         "the server's own certificate stands first, and then those that signed it"});
  }
  given->key = std::move(keys.key);
  given->chain.reset(sk_X509_new_null());
  for (std::size_t i = 1; i < certificates.certificates.size() && given->chain; ++i) {
    if (X509_add_cert(given->chain.get(), certificates.certificates[i].get(), X509_ADD_FLAG_UP_REF) != 1) given->chain.reset();
  }
  if (!given->chain) return stream::fail({ErrorCode::io, "out of memory", {}, {}});
  return std::unique_ptr<CertificateSource>(std::make_unique<GivenCertificate>(std::move(given)));
}

Result<std::string> default_authority_folder() {
  // The XDG Base Directory Specification: a path that is not absolute is to be ignored.
  if (const char* const data = std::getenv("XDG_DATA_HOME"); data != nullptr && *data == '/') {
    return std::string(data) + "/hartape/ca";
  }
  if (const char* const home = std::getenv("HOME"); home != nullptr && *home == '/') {
    return std::string(home) + "/.local/share/hartape/ca";
  }
  return stream::fail({ErrorCode::usage, "there is no home to keep the certificate authority in", {}, "name a folder: --ca DIR"});
}

}  // namespace stream::net

#include "certificate.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <ctime>
#include <utility>

namespace stream::net {
namespace {

constexpr auto kBackdated = std::chrono::hours(48);  // for clocks that are behind ours
constexpr auto kAuthorityTime = std::chrono::hours(24 * 3652);
constexpr std::size_t kSerialSize = 16;
constexpr std::size_t kMaxCommonName = 64;  // RFC 5280 appendix A.1
constexpr std::size_t kMaxHostName = 253;

tl::unexpected<Error> openssl_failed(std::string_view action) {
  return stream::fail({ErrorCode::io, fmt::format("cannot {}: {}", action, openssl_error_text()), {}, {}});
}

struct BioFree {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using BioPointer = std::unique_ptr<BIO, BioFree>;

std::time_t seconds(Instant moment) { return std::chrono::system_clock::to_time_t(moment); }

bool set_validity(X509& certificate, Instant from, Instant to) {
  return ASN1_TIME_set(X509_getm_notBefore(&certificate), seconds(from)) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(&certificate), seconds(to)) != nullptr;
}

/// 126 random bits behind a first one that is set, so that it is positive and has always the same size.
bool set_random_serial(X509& certificate) {
  std::array<unsigned char, kSerialSize> bytes{};
  if (RAND_bytes(bytes.data(), bytes.size()) != 1) return false;
  bytes[0] = static_cast<unsigned char>((bytes[0] & 0x7fU) | 0x40U);
  BIGNUM* const number = BN_bin2bn(bytes.data(), bytes.size(), nullptr);
  const bool set = number != nullptr && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(&certificate)) != nullptr;
  BN_free(number);
  return set;
}

bool add_name(X509_NAME* name, int field, const std::string& value) {
  return X509_NAME_add_entry_by_NID(name, field, MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(value.data()),
                                    static_cast<int>(value.size()), -1, 0) == 1;
}

/// `value` in the language of OpenSSL's configuration: only texts of our own.
bool add_extension(X509& certificate, X509& issuer, int kind, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, &issuer, &certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value);
  const bool added = extension != nullptr && X509_add_ext(&certificate, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return added;
}

/// RFC 5280 §4.2.1.6. Critical where the subject has no name.
bool add_alternative_name(X509& certificate, const HostName& name, bool critical) {
  GENERAL_NAMES* const names = GENERAL_NAMES_new();
  GENERAL_NAME* const one = GENERAL_NAME_new();
  ASN1_STRING* const value = ASN1_STRING_type_new(name.bytes.empty() ? V_ASN1_IA5STRING : V_ASN1_OCTET_STRING);
  const std::string& bytes = name.bytes.empty() ? name.text : name.bytes;
  bool added = names != nullptr && one != nullptr && value != nullptr &&
               ASN1_STRING_set(value, bytes.data(), static_cast<int>(bytes.size())) == 1;
  if (added) {
    GENERAL_NAME_set0_value(one, name.bytes.empty() ? GEN_DNS : GEN_IPADD, value);
    added = sk_GENERAL_NAME_push(names, one) > 0;
  }
  if (added) {
    added = X509_add1_ext_i2d(&certificate, NID_subject_alt_name, names, critical ? 1 : 0, X509V3_ADD_DEFAULT) == 1;
  } else {
    ASN1_STRING_free(value);
    GENERAL_NAME_free(one);
  }
  GENERAL_NAMES_free(names);
  return added;
}

/// What a certificate's name can be made of without anybody stumbling over it.
std::string plain(std::string_view text, std::size_t most) {
  std::string out(text.substr(0, most));
  for (char& c : out) {
    const bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '@' || c == '-' ||
                      c == '_' || c == '.';
    if (!fine) c = '-';
  }
  return out;
}

int refuse_passphrase(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

Instant instant(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
  return std::chrono::system_clock::from_time_t(timegm(&parts));
}

bool is_host_name(std::string_view name) {
  if (name.empty() || name.size() > kMaxHostName) return false;
  for (std::size_t begin = 0; begin <= name.size();) {
    const std::size_t end = std::min(name.find('.', begin), name.size());
    if (end == begin || end - begin > 63) return false;
    begin = end + 1;
  }
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.'; });
}

}  // namespace

void OpensslFree::operator()(X509* certificate) const { X509_free(certificate); }
void OpensslFree::operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
void OpensslFree::operator()(STACK_OF(X509) * chain) const { sk_X509_pop_free(chain, X509_free); }

std::string openssl_error_text() {
  const unsigned long code = ERR_peek_last_error();
  const char* const reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "OpenSSL fails" : reason;
}

std::string day_text(Instant moment) {
  const std::chrono::year_month_day day(std::chrono::floor<std::chrono::days>(moment));
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(day.year()), static_cast<unsigned>(day.month()),
                     static_cast<unsigned>(day.day()));
}

KeyPointer make_key() { return KeyPointer(EVP_EC_gen("P-256")); }

Result<X509Pointer> make_authority_certificate(EVP_PKEY& key, const std::string& owner, Instant now) {
  ERR_clear_error();
  X509Pointer made(X509_new());
  if (!made || X509_set_version(made.get(), X509_VERSION_3) != 1 || !set_random_serial(*made) ||
      !set_validity(*made, now - kBackdated, now + kAuthorityTime) || X509_set_pubkey(made.get(), &key) != 1) {
    return openssl_failed("make a certificate authority");
  }
  const unsigned char* const serial = ASN1_STRING_get0_data(X509_get0_serialNumber(made.get()));
  const std::string name =
      fmt::format("hartape {} {} {:02x}{:02x}{:02x}", plain(owner, 30), day_text(now), serial[13], serial[14], serial[15]);
  X509_NAME* const subject = X509_get_subject_name(made.get());
  const bool done = add_name(subject, NID_organizationName, "hartape") && add_name(subject, NID_commonName, name) &&
                    X509_set_issuer_name(made.get(), subject) == 1 &&
                    add_extension(*made, *made, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
                    add_extension(*made, *made, NID_key_usage, "critical,keyCertSign,cRLSign") &&
                    add_extension(*made, *made, NID_subject_key_identifier, "hash") &&
                    add_extension(*made, *made, NID_authority_key_identifier, "keyid:always") &&
                    X509_sign(made.get(), &key, EVP_sha256()) > 0;
  if (!done) return openssl_failed("make a certificate authority");
  return made;
}

Result<HostName> parse_host_name(std::string_view name) {
  HostName host;
  const bool brackets = name.size() > 2 && name.front() == '[' && name.back() == ']';
  host.text = std::string(brackets ? name.substr(1, name.size() - 2) : name);
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  for (const int family : {AF_INET, AF_INET6}) {
    if (host.text.find('\0') != std::string::npos || inet_pton(family, host.text.c_str(), bytes.data()) != 1) continue;
    std::array<char, INET6_ADDRSTRLEN> text{};
    inet_ntop(family, bytes.data(), text.data(), text.size());
    host.text = text.data();
    host.bytes.assign(reinterpret_cast<const char*>(bytes.data()), family == AF_INET ? sizeof(in_addr) : sizeof(in6_addr));
    return host;
  }
  if (host.text.ends_with('.')) host.text.pop_back();
  for (char& c : host.text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  if (brackets || !is_host_name(host.text)) {
    return stream::fail({ErrorCode::usage, fmt::format("\"{}\" is no name of a host to make a certificate for", name), {}, {}});
  }
  return host;
}

Result<X509Pointer> make_server_certificate(EVP_PKEY& key, const HostName& name, X509& authority, EVP_PKEY& authority_key,
                                            Instant from, Instant to) {
  ERR_clear_error();
  X509Pointer made(X509_new());
  const bool named = name.text.size() <= kMaxCommonName;
  const bool done = made && X509_set_version(made.get(), X509_VERSION_3) == 1 && set_random_serial(*made) &&
                    set_validity(*made, from, to) && X509_set_pubkey(made.get(), &key) == 1 &&
                    (!named || add_name(X509_get_subject_name(made.get()), NID_commonName, name.text)) &&
                    X509_set_issuer_name(made.get(), X509_get_subject_name(&authority)) == 1 &&
                    add_extension(*made, authority, NID_basic_constraints, "critical,CA:FALSE") &&
                    add_extension(*made, authority, NID_key_usage, "critical,digitalSignature") &&
                    add_extension(*made, authority, NID_ext_key_usage, "serverAuth") &&
                    add_extension(*made, authority, NID_subject_key_identifier, "hash") &&
                    add_extension(*made, authority, NID_authority_key_identifier, "keyid:always") &&
                    add_alternative_name(*made, name, !named) && X509_sign(made.get(), &authority_key, EVP_sha256()) > 0;
  if (!done) return openssl_failed("make a certificate for " + name.text);
  return made;
}

PemContent read_pem(std::string_view text) {
  PemContent content;
  const auto open = [text] { return BioPointer(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); };
  ERR_clear_error();
  const BioPointer certificates = open();
  while (certificates) {
    X509Pointer one(PEM_read_bio_X509(certificates.get(), nullptr, nullptr, nullptr));
    if (!one) break;
    content.certificates.push_back(std::move(one));
  }
  const BioPointer keys = open();
  if (keys) content.key.reset(PEM_read_bio_PrivateKey(keys.get(), nullptr, refuse_passphrase, &content.encrypted));
  ERR_clear_error();
  return content;
}

Result<std::string> write_pem(X509& certificate, EVP_PKEY* key) {
  ERR_clear_error();
  const BioPointer out(BIO_new(BIO_s_mem()));
  const bool done =
      out && (key == nullptr || PEM_write_bio_PKCS8PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1) &&
      PEM_write_bio_X509(out.get(), &certificate) == 1;
  if (!done) return openssl_failed("write a certificate");
  char* data = nullptr;
  const long size = BIO_get_mem_data(out.get(), &data);
  return std::string(data, static_cast<std::size_t>(size));
}

Instant valid_from(const X509& certificate) { return instant(X509_get0_notBefore(&certificate)); }
Instant valid_to(const X509& certificate) { return instant(X509_get0_notAfter(&certificate)); }

}  // namespace stream::net

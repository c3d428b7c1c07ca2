#include "stream/net/authority.hpp"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>
#include <vector>

#include "certificate.hpp"
#include "tls_peer.hpp"

using namespace stream;
using namespace stream::net;
using stream::test::TemporaryFolder;
namespace fs = std::filesystem;

namespace {

const Instant kNow = std::chrono::sys_days(std::chrono::year(2026) / 11 / 28) + std::chrono::hours(12);
constexpr std::chrono::hours kDay(24);

AuthorityOptions options(const std::string& folder, Instant now = kNow) {
  AuthorityOptions made;
  made.folder = folder;
  made.owner = "anna@laptop";
  made.clock = [now] { return now; };
  return made;
}

Error refusal(AuthorityOptions wanted) {
  const auto opened = Authority::open(std::move(wanted));
  REQUIRE_FALSE(opened);
  return opened.error();
}

std::string text_of(const std::string& file) {
  std::ifstream in(file);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

void write(const std::string& file, const std::string& text, fs::perms mode = fs::perms(0600)) {
  std::ofstream(file) << text;
  fs::permissions(file, mode);
}

unsigned mode_of(const std::string& file) {
  struct stat info {};
  REQUIRE(::stat(file.c_str(), &info) == 0);
  return info.st_mode & 07777U;
}

X509Pointer certificate_in(const std::string& file) {
  PemContent content = read_pem(text_of(file));
  REQUIRE(content.certificates.size() == 1);
  return std::move(content.certificates.front());
}

std::string name_of(X509_NAME* name) {
  std::array<char, 512> text{};
  X509_NAME_oneline(name, text.data(), text.size());
  return text.data();
}

std::vector<std::string> files_in(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

std::string serial_of(const X509& certificate) {
  const ASN1_INTEGER* const serial = X509_get0_serialNumber(&certificate);
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(serial)), static_cast<std::size_t>(ASN1_STRING_length(serial))};
}

/// What OpenSSL says of the chain, at that moment; X509_V_OK is 0.
int verify(const Certificate& leaf, X509& trusted, Instant now, const std::string& host) {
  X509_STORE* const store = X509_STORE_new();
  X509_STORE_add_cert(store, &trusted);
  X509_STORE_CTX* const context = X509_STORE_CTX_new();
  X509_STORE_CTX_init(context, store, leaf.certificate.get(), leaf.chain.get());
  X509_VERIFY_PARAM* const wanted = X509_STORE_CTX_get0_param(context);
  X509_VERIFY_PARAM_set_time(wanted, std::chrono::system_clock::to_time_t(now));
  X509_VERIFY_PARAM_set_purpose(wanted, X509_PURPOSE_SSL_SERVER);
  X509_VERIFY_PARAM_set_flags(wanted, X509_V_FLAG_X509_STRICT);
  if (X509_VERIFY_PARAM_set1_ip_asc(wanted, host.c_str()) != 1) X509_VERIFY_PARAM_set1_host(wanted, host.data(), host.size());
  X509_verify_cert(context);
  const int result = X509_STORE_CTX_get_error(context);
  X509_STORE_CTX_free(context);
  X509_STORE_free(store);
  return result;
}

}  // namespace

TEST_CASE("an authority is made on first use, for its user alone, and is the same from then on") {
  const TemporaryFolder folder;
  const std::string place = folder / "a/b/ca";
  const auto first = Authority::open(options(place));
  REQUIRE(first);
  CHECK((*first)->certificate_file() == place + "/ca.pem");
  CHECK(files_in(place) == std::vector<std::string>{"ca-key.pem", "ca.pem"});
  CHECK(mode_of(folder / "a") == 0700);
  CHECK(mode_of(place) == 0700);
  CHECK(mode_of(place + "/ca-key.pem") == 0600);
  CHECK(text_of(place + "/ca.pem").find("PRIVATE") == std::string::npos);
  const std::string before = text_of(place + "/ca-key.pem") + text_of(place + "/ca.pem");
  REQUIRE(Authority::open(options(place)));
  CHECK(text_of(place + "/ca-key.pem") + text_of(place + "/ca.pem") == before);

  const X509Pointer certificate = certificate_in(place + "/ca.pem");
  CHECK(name_of(X509_get_subject_name(certificate.get())).starts_with("/O=hartape/CN=hartape anna@laptop 2026-11-28 "));
  CHECK(X509_check_ca(certificate.get()) == 1);
  CHECK(X509_get_pathlen(certificate.get()) == 0);
  CHECK(X509_get_key_usage(certificate.get()) == (KU_KEY_CERT_SIGN | KU_CRL_SIGN));
  CHECK(X509_get0_subject_key_id(certificate.get()) != nullptr);
  CHECK(X509_get0_authority_key_id(certificate.get()) != nullptr);
  CHECK(valid_from(*certificate) < kNow - kDay);
  CHECK(valid_to(*certificate) > kNow + 9 * 365 * kDay);
  CHECK(EVP_PKEY_get_bits(X509_get0_pubkey(certificate.get())) == 256);
}

TEST_CASE("two authorities of one user on one day have different names") {
  const TemporaryFolder folder;
  std::set<std::string> names;
  for (const char* place : {"1", "2", "3"}) {
    REQUIRE(Authority::open(options(folder / place)));
    names.insert(name_of(X509_get_subject_name(certificate_in(folder / place + "/ca.pem").get())));
  }
  CHECK(names.size() == 3);
}

TEST_CASE("threads and processes that begin at once get one authority") {
  const TemporaryFolder folder;
  for (int round = 0; round < 5; ++round) {
    const std::string place = folder / std::to_string(round);
    std::vector<pid_t> children;
    for (int i = 0; i < 4; ++i) {
      const pid_t child = ::fork();
      if (child == 0) ::_exit(Authority::open(options(place)) ? 0 : 1);
      children.push_back(child);
    }
    std::vector<std::string> found(4);
    std::vector<std::thread> threads;
    for (std::string& each : found) {
      threads.emplace_back([&each, &place] {
        const auto opened = Authority::open(options(place));
        each = opened ? text_of((*opened)->certificate_file()) : to_string(opened.error());
      });
    }
    for (std::thread& thread : threads) thread.join();
    for (const pid_t child : children) {
      int status = -1;
      REQUIRE(::waitpid(child, &status, 0) == child);
      CHECK(status == 0);
    }
    for (const std::string& each : found) CHECK(each == text_of(place + "/ca.pem"));
    CHECK(files_in(place) == std::vector<std::string>{"ca-key.pem", "ca.pem"});
  }
}

TEST_CASE("a key that others could read or replace is refused, with the way out") {
  const TemporaryFolder folder;
  const std::string place = folder / "ca";
  const std::string key = place + "/ca-key.pem";
  REQUIRE(Authority::open(options(place)));
  SECTION("mode of the key") {
    for (const unsigned mode : {0640U, 0604U, 0644U, 0610U, 0666U}) {
      fs::permissions(key, fs::perms(mode));
      const Error error = refusal(options(place));
      CHECK(error.message.starts_with("the key is open to others (mode 06"));
      CHECK(error.place.source == key);
      CHECK(error.hint == "if nobody can have read it: chmod 600 " + key);
    }
    fs::permissions(key, fs::perms(0400));
    CHECK(Authority::open(options(place)));
  }
  SECTION("mode of the folder") {
    fs::permissions(place, fs::perms(0770));
    const Error error = refusal(options(place));
    CHECK(error.message == "others may write into the folder of the certificate authority");
    CHECK(error.hint == "chmod go-w " + place);
    fs::permissions(place, fs::perms(0755));
    CHECK(Authority::open(options(place)));
  }
  SECTION("owner") {
    if (::geteuid() != 0) return;  // only root can give files away
    REQUIRE(::chown(key.c_str(), 12345, 12345) == 0);
    CHECK(refusal(options(place)).message == "the key belongs to another user");
    REQUIRE(::chown(place.c_str(), 12345, 12345) == 0);
    CHECK(refusal(options(place)).message == "the folder of the certificate authority belongs to another user");
  }
  SECTION("what it is") {
    fs::remove(key);
    fs::create_directory(key);
    CHECK(refusal(options(place)).message == "this is no file");
    CHECK(refusal(options(folder / "ca/ca.pem")).message == "this is no folder");
    CHECK(refusal(options("/proc/nowhere/ca")).message.starts_with("cannot make the folder: "));
    CHECK(refusal(options("")).message == "the certificate authority has no folder");
  }
}

TEST_CASE("broken and foreign files are refused, and it is said what to do") {
  const TemporaryFolder folder;
  const std::string place = folder / "ca";
  const std::string key = place + "/ca-key.pem";
  const std::string certificate = place + "/ca.pem";
  REQUIRE(Authority::open(options(place)));
  REQUIRE(Authority::open(options(folder / "other")));
  const std::string whole = text_of(key);
  const std::string other = text_of(folder / "other/ca-key.pem");
  const std::string another_certificate = text_of(folder / "other/ca.pem");
  const std::string hint =
      "delete that folder, and another authority will be made; what trusts the old one must be told of the new one";
  const auto refused_as = [&](const std::string& text, const std::string& message) {
    write(key, text);
    const Error error = refusal(options(place));
    CHECK(error.message == message);
    CHECK(error.place.source == key);
    CHECK(error.hint == hint);
  };
  const std::string own_key = whole.substr(0, whole.find("-----BEGIN CERTIFICATE"));
  refused_as("", "expected a private key and a certificate in PEM");
  refused_as(own_key, "expected a private key and a certificate in PEM");
  refused_as(whole.substr(0, whole.size() / 2), "expected a private key and a certificate in PEM");
  refused_as(text_of(certificate), "expected a private key and a certificate in PEM");
  refused_as(std::string(5000, '\0'), "expected a private key and a certificate in PEM");
  refused_as(own_key + another_certificate, "the key is not that of the certificate");
  write(key, std::string(std::size_t{2} << 20, 'x'));
  CHECK(refusal(options(place)).code == ErrorCode::limit);

  // A certificate of a server, with its key, in place of the authority's.
  const KeyPointer server_key = make_key();
  const PemContent authority = read_pem(other);
  const auto server = make_server_certificate(*server_key, *parse_host_name("h"), *authority.certificates.front(), *authority.key,
                                              kNow - kDay, kNow + kDay);
  REQUIRE(server);
  refused_as(*write_pem(**server, server_key.get()), "the certificate is not that of an authority");

  write(key, other);
  Error error = refusal(options(place));
  CHECK(error.message == "this is not the certificate of " + key);
  CHECK(error.place.source == certificate);
  fs::remove(certificate);
  REQUIRE(Authority::open(options(place)));
  CHECK(text_of(certificate) == another_certificate);
  fs::remove(key);
  error = refusal(options(place));
  CHECK(error.message == "there is a certificate, but no key to it");
  CHECK(error.hint.starts_with("delete " + certificate));
  CHECK_FALSE(fs::exists(key));
}

TEST_CASE("a key with a passphrase is refused without asking for it") {
  const TemporaryFolder folder;
  const std::string place = folder / "ca";
  REQUIRE(Authority::open(options(place)));
  const PemContent content = read_pem(text_of(place + "/ca-key.pem"));
  BIO* const out = BIO_new(BIO_s_mem());
  char passphrase[] = "secret";
  REQUIRE(PEM_write_bio_PKCS8PrivateKey(out, content.key.get(), EVP_aes_128_cbc(), passphrase, 6, nullptr, nullptr) == 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(out, &data);
  const std::string locked(data, static_cast<std::size_t>(size));
  BIO_free(out);
  write(place + "/ca-key.pem", locked + text_of(place + "/ca.pem"));
  CHECK(refusal(options(place)).message == "the key asks for a passphrase");

  write(folder / "key.pem", locked);
  const auto given = read_certificate(place + "/ca.pem", folder / "key.pem");
  REQUIRE_FALSE(given);
  CHECK(given.error().message == "the key asks for a passphrase");
  CHECK(given.error().hint.starts_with("take it off: openssl pkey -in "));
}

TEST_CASE("an authority that has expired, or is of the future, is refused with its day") {
  const TemporaryFolder folder;
  REQUIRE(Authority::open(options(folder / "ca")));
  CHECK(Authority::open(options(folder / "ca", kNow + 3600 * kDay)));
  CHECK(refusal(options(folder / "ca", kNow + 3653 * kDay)).message == "the authority expired on 2036-11-27");
  CHECK(Authority::open(options(folder / "ca", kNow - kDay)));
  CHECK(refusal(options(folder / "ca", kNow - 3 * kDay)).message ==
        "the authority is valid from 2026-11-26 on, and today is 2026-11-25: is the clock right?");
}

TEST_CASE("names and addresses get certificates that hold for them and for nothing else") {
  const TemporaryFolder folder;
  const auto authority = Authority::open(options(folder / "ca"));
  REQUIRE(authority);
  const X509Pointer trusted = certificate_in(folder / "ca/ca.pem");
  const std::string long_name = std::string(63, 'a') + "." + std::string(63, 'b') + ".example";
  const std::vector<std::string> hosts = {"api.example", "a_b.example", "localhost", "127.0.0.1",
                                          "::1",         "2001:db8::1", long_name,   "xn--bcher-kva.example"};
  for (const std::string& host : hosts) {
    INFO(host);
    const auto leaf = (*authority)->certificate(host);
    REQUIRE(leaf);
    const X509& certificate = *(*leaf)->certificate;
    CHECK(verify(**leaf, *trusted, kNow, host) == X509_V_OK);
    CHECK(verify(**leaf, *trusted, kNow, "other.example") == X509_V_ERR_HOSTNAME_MISMATCH);
    CHECK(verify(**leaf, *trusted, kNow, "10.0.0.1") == X509_V_ERR_IP_ADDRESS_MISMATCH);
    CHECK(verify(**leaf, *trusted, kNow - kDay, host) == X509_V_OK);
    CHECK(verify(**leaf, *trusted, kNow + 88 * kDay, host) == X509_V_OK);
    CHECK(verify(**leaf, *trusted, kNow + 91 * kDay, host) == X509_V_ERR_CERT_HAS_EXPIRED);
    CHECK(valid_to(certificate) - valid_from(certificate) < 398 * kDay);
    CHECK(serial_of(certificate).size() == 16);
    CHECK(X509_get_extension_flags((*leaf)->certificate.get()) != 0);
    CHECK((X509_get_extension_flags((*leaf)->certificate.get()) & (EXFLAG_CA | EXFLAG_INVALID)) == 0);
    CHECK(X509_get_key_usage((*leaf)->certificate.get()) == KU_DIGITAL_SIGNATURE);
    CHECK(X509_get_extended_key_usage((*leaf)->certificate.get()) == XKU_SSL_SERVER);
  }
  // One spelling for one host.
  const auto spelled = [&](const std::string& name) { return (*authority)->certificate(name)->get(); };
  CHECK(spelled("API.Example.") == spelled("api.example"));
  CHECK(spelled("[::1]") == spelled("0:0:0:0:0:0:0:1"));
  CHECK(spelled("api.example") != spelled("www.api.example"));
}

TEST_CASE("what is no name of a host gets no certificate") {
  const TemporaryFolder folder;
  const auto authority = Authority::open(options(folder / "ca"));
  REQUIRE(authority);
  for (const std::string& name : {std::string(), std::string("a b"), std::string("a..b"), std::string(".a"),
                                  std::string("*.example"), std::string("a,DNS:b"), std::string("a\nb"), std::string("a\0b", 3),
                                  std::string("b\xc3\xbc.example"), std::string("[a]"), std::string("fe80::1%lo"),
                                  std::string("a:1"), std::string(64, 'a'), std::string(200, 'a') + "." + std::string(60, 'b')}) {
    const auto leaf = (*authority)->certificate(name);
    INFO(name);
    REQUIRE_FALSE(leaf);
    CHECK(leaf.error().code == ErrorCode::usage);
    CHECK(leaf.error().message.ends_with("is no name of a host to make a certificate for"));
  }
}

TEST_CASE("certificates are kept, so many and no more, and renewed before they end") {
  const TemporaryFolder folder;
  Instant now = kNow;
  AuthorityOptions wanted = options(folder / "ca");
  wanted.clock = [&now] { return now; };
  wanted.cached = 3;
  const auto authority = Authority::open(wanted);
  REQUIRE(authority);
  const auto get = [&](const std::string& name) { return *(*authority)->certificate(name); };
  const auto first = get("a");
  get("b");
  get("c");
  CHECK(get("a") == first);  // now "b" is the oldest
  const auto c = get("c");
  get("d");
  CHECK(get("a") == first);
  CHECK(get("c") == c);
  const auto d = get("d");
  get("b");
  CHECK(get("a") != first);
  CHECK(get("d") == d);
  CHECK(serial_of(*get("a")->certificate) != serial_of(*first->certificate));

  const auto kept = get("a");
  now = kNow + 87 * kDay;
  CHECK(get("a") == kept);
  now = kNow + 89 * kDay - std::chrono::hours(1);
  const auto renewed = get("a");
  CHECK(renewed != kept);
  CHECK(valid_to(*renewed->certificate) > now + 80 * kDay);
  // Nothing is valid longer than who signed it.
  now = kNow + 3640 * kDay;
  CHECK(valid_to(*get("a")->certificate) == valid_to(*certificate_in(folder / "ca/ca.pem")));
  CHECK(get("a") == get("a"));
}

TEST_CASE("a given certificate is read with its chain, and its key must be its own") {
  const TemporaryFolder folder;
  const auto authority = Authority::open(options(folder / "ca"));
  REQUIRE(authority);
  const auto leaf = *(*authority)->certificate("given.example");
  const std::string pem = *write_pem(*leaf->certificate, leaf->key.get());
  const std::string key = pem.substr(0, pem.find("-----BEGIN CERTIFICATE"));
  write(folder / "chain.pem", pem.substr(key.size()) + text_of(folder / "ca/ca.pem"));
  write(folder / "key.pem", key);
  const auto source = read_certificate(folder / "chain.pem", folder / "key.pem");
  REQUIRE(source);
  const auto found = *(*source)->certificate("whatever");
  CHECK(X509_cmp(found->certificate.get(), leaf->certificate.get()) == 0);
  CHECK(sk_X509_num(found->chain.get()) == 1);
  CHECK(verify(*found, *certificate_in(folder / "ca/ca.pem"), kNow, "given.example") == X509_V_OK);

  write(folder / "both.pem", pem);
  CHECK(read_certificate(folder / "both.pem", folder / "both.pem"));
  const auto message = [&](const char* certificate_name, const char* key_name) {
    const auto read = read_certificate(folder / certificate_name, folder / key_name);
    return read ? "read" : read.error().message;
  };
  CHECK(message("missing.pem", "key.pem") == "cannot open: No such file or directory");
  CHECK(message("key.pem", "key.pem") == "expected a certificate in PEM");
  CHECK(message("chain.pem", "chain.pem") == "expected a private key in PEM");
  CHECK(message("chain.pem", "ca/ca-key.pem") == "the key is not that of the first certificate in " + (folder / "chain.pem"));
}

TEST_CASE("the usual folder is that of the XDG specification") {
  const char* const home = std::getenv("HOME");
  const char* const data = std::getenv("XDG_DATA_HOME");
  const std::string old_home = home != nullptr ? home : "";
  const std::string old_data = data != nullptr ? data : "";
  const auto set = [](const char* name, const char* value) { value != nullptr ? ::setenv(name, value, 1) : ::unsetenv(name); };
  set("HOME", "/home/anna");
  set("XDG_DATA_HOME", "/data");
  CHECK(*default_authority_folder() == "/data/hartape/ca");
  set("XDG_DATA_HOME", "relative");
  CHECK(*default_authority_folder() == "/home/anna/.local/share/hartape/ca");
  set("XDG_DATA_HOME", nullptr);
  CHECK(*default_authority_folder() == "/home/anna/.local/share/hartape/ca");
  set("HOME", nullptr);
  const auto none = default_authority_folder();
  REQUIRE_FALSE(none);
  CHECK(none.error().hint == "name a folder: --ca DIR");
  set("HOME", home != nullptr ? old_home.c_str() : nullptr);
  set("XDG_DATA_HOME", data != nullptr ? old_data.c_str() : nullptr);
}

#pragma once

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "stream/net/authority.hpp"

/// A client of TLS that is nothing but OpenSSL, of which every byte on the wire passes through the test's hands.
namespace stream::test {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "hartape-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = name;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }

 private:
  std::string path_;
};

/// An authority of this run of the tests.
inline net::Authority& test_authority() {
  static const TemporaryFolder folder;
  static const auto authority = [] {
    net::AuthorityOptions options;
    options.folder = folder / "ca";
    auto opened = net::Authority::open(options);
    if (!opened) throw std::runtime_error(to_string(opened.error()));
    return std::move(*opened);
  }();
  return *authority;
}

struct TlsClientOptions {
  std::string trusted = test_authority().certificate_file();  ///< empty: nothing is checked
  std::string name{};                                         ///< SNI
  std::string expected{};                                     ///< the host that the certificate must be of
  std::string protocols{};                                    ///< ALPN, as it goes over the wire
  int version = 0;                                            ///< the only version of TLS; 0: any
};

class TlsClient {
 public:
  using Send = std::function<void(std::string_view)>;
  using Receive = std::function<std::string()>;  ///< nothing: the end

  TlsClient(Send send, Receive receive, const TlsClientOptions& options = {})
      : send_(std::move(send)), receive_(std::move(receive)), context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free) {
    if (options.version != 0) {
      SSL_CTX_set_min_proto_version(context_.get(), options.version);
      SSL_CTX_set_max_proto_version(context_.get(), options.version);
    }
    if (!options.trusted.empty()) {
      SSL_CTX_load_verify_locations(context_.get(), options.trusted.c_str(), nullptr);
      SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
    }
    tls_.reset(SSL_new(context_.get()));
    if (!options.name.empty()) {
      std::string name = options.name;
      SSL_ctrl(tls_.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data());
    }
    if (!options.expected.empty()) {
      X509_VERIFY_PARAM* const wanted = SSL_get0_param(tls_.get());
      if (X509_VERIFY_PARAM_set1_ip_asc(wanted, options.expected.c_str()) != 1) {
        X509_VERIFY_PARAM_set1_host(wanted, options.expected.data(), options.expected.size());
      }
    }
    if (!options.protocols.empty()) {
      SSL_set_alpn_protos(tls_.get(), reinterpret_cast<const unsigned char*>(options.protocols.data()),
                          static_cast<unsigned>(options.protocols.size()));
    }
    SSL_set_bio(tls_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    BIO_set_mem_eof_return(SSL_get_rbio(tls_.get()), -1);
    SSL_set_connect_state(tls_.get());
  }

  /// The first bytes, which are not sent.
  std::string hello() {
    SSL_do_handshake(tls_.get());
    return outgoing();
  }
  bool handshake() {
    return loop([this] { return SSL_do_handshake(tls_.get()); });
  }
  void send(std::string_view bytes) {
    std::size_t size = 0;
    loop([&] { return SSL_write_ex(tls_.get(), bytes.data(), bytes.size(), &size); });
  }
  /// Some bytes; none at the end.
  std::string read_some() {
    std::string bytes(16384, '\0');
    std::size_t size = 0;
    if (!loop([&] { return SSL_read_ex(tls_.get(), bytes.data(), bytes.size(), &size); })) size = 0;
    bytes.resize(size);
    return bytes;
  }
  std::string read_all() {
    for (std::string more = read_some(); !more.empty(); more = read_some()) buffer_ += more;
    return take(buffer_.size());
  }
  /// Up to and with `mark`, or to the end.
  std::string read_to(std::string_view mark) {
    for (;;) {
      if (const auto end = buffer_.find(mark); end != std::string::npos) return take(end + mark.size());
      const std::string more = read_some();
      if (more.empty()) return take(buffer_.size());
      buffer_ += more;
    }
  }
  /// What was read beyond what was asked for, else some bytes.
  std::string receive() { return buffer_.empty() ? read_some() : take(buffer_.size()); }
  std::string exchange(std::string_view request) {
    send(request);
    return read_all();
  }
  /// Takes what comes in, and answers nothing.
  void feed(std::string_view bytes) { BIO_write(SSL_get_rbio(tls_.get()), bytes.data(), static_cast<int>(bytes.size())); }
  std::string outgoing() {
    std::string bytes(BIO_ctrl_pending(SSL_get_wbio(tls_.get())), '\0');
    if (!bytes.empty()) BIO_read(SSL_get_wbio(tls_.get()), bytes.data(), static_cast<int>(bytes.size()));
    return bytes;
  }
  void shutdown() {
    SSL_shutdown(tls_.get());
    send_(outgoing());
  }
  /// The server has said that nothing more comes.
  bool heard_farewell() const { return (SSL_get_shutdown(tls_.get()) & SSL_RECEIVED_SHUTDOWN) != 0; }
  /// Why the last call failed: "tlsv1 alert no application protocol".
  const std::string& failure() const { return failure_; }
  SSL* tls() { return tls_.get(); }
  std::string protocol() const {
    const unsigned char* name = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(tls_.get(), &name, &size);
    return {reinterpret_cast<const char*>(name), size};
  }

 private:
  std::string take(std::size_t size) {
    std::string bytes = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return bytes;
  }
  template <class Call>
  bool loop(Call call) {
    for (;;) {
      ERR_clear_error();
      const int result = call();
      const int error = SSL_get_error(tls_.get(), result);
      if (const std::string bytes = outgoing(); !bytes.empty()) send_(bytes);
      if (result == 1) return true;
      if (error != SSL_ERROR_WANT_READ) {
        const char* const reason = ERR_reason_error_string(ERR_peek_last_error());
        failure_ = error == SSL_ERROR_ZERO_RETURN ? "" : reason != nullptr ? reason : "the end";
        return false;
      }
      const std::string bytes = receive_();
      if (bytes.empty()) BIO_set_mem_eof_return(SSL_get_rbio(tls_.get()), 0);
      if (bytes.empty() && ended_) return false;
      ended_ = bytes.empty();
      feed(bytes);
    }
  }

  struct Free {
    void operator()(SSL* tls) const { SSL_free(tls); }
  };
  Send send_;
  Receive receive_;
  std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context_;
  std::unique_ptr<SSL, Free> tls_;
  bool ended_ = false;
  std::string buffer_;
  std::string failure_;
};

/// TLS over anything that sends and reads: a Client, or another TlsClient.
template <class Peer>
TlsClient tls_over(Peer& peer, const TlsClientOptions& options = {}) {
  return TlsClient([&peer](std::string_view bytes) { peer.send(bytes); }, [&peer] { return peer.receive(); }, options);
}

}  // namespace stream::test

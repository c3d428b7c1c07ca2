#include "harproxy/ca_help.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "harproxy/trust_files.hpp"

namespace tools::harproxy {
namespace {

/// As a POSIX shell reads one word.
std::string quoted(const std::string& text) {
  const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("/._-+=:,@%").find(c) != std::string_view::npos;
  });
  if (plain) return text;
  std::string out = "'";
  for (const char c : text) c == '\'' ? void(out += "'\\''") : void(out += c);
  return out + "'";
}

struct HostPort {
  std::string host{};
  std::string port{};
};

/// Of "http://[::1]:8080".
HostPort host_port(std::string_view url) {
  if (const auto mark = url.find("://"); mark != std::string_view::npos) url.remove_prefix(mark + 3);
  url = url.substr(0, url.find('/'));
  const auto colon = url.rfind(':');
  std::string_view host = url.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return {std::string(host), colon == std::string_view::npos ? "80" : std::string(url.substr(colon + 1))};
}

/// A list as in NO_PROXY as Java has it: separated by bars, with a star for whatever stands in front.
std::string java_hosts(std::string_view list) {
  std::string out;
  constexpr std::string_view kSeparators = ", \t";
  for (auto begin = list.find_first_not_of(kSeparators); begin != std::string_view::npos;) {
    const auto end = std::min(list.find_first_of(kSeparators, begin), list.size());
    std::string host(list.substr(begin, end - begin));
    if (host.starts_with('.')) host = "*" + host;
    out += (out.empty() ? "" : "|") + host;
    begin = list.find_first_not_of(kSeparators, end);
  }
  return out;
}

/// The JVM splits its variable at white space, but for what stands in quotes.
std::string java_option(const std::string& option) {
  const bool space = option.find_first_of(" \t|*") != std::string::npos;
  return space ? "'" + option + "'" : option;
}

// java.net, "Networking Properties": without http.nonProxyHosts a JVM goes around the proxy for localhost. https has no list of
// its own.
std::string java_options(const ClientEnvironment& client) {
  const HostPort proxy = host_port(client.proxy);
  std::string out = client.java_options;
  const auto add = [&out](const std::string& option) { out += (out.empty() ? "" : " ") + java_option(option); };
  for (const std::string_view scheme : {"http", "https"}) {
    add(fmt::format("-D{}.proxyHost={}", scheme, proxy.host));
    add(fmt::format("-D{}.proxyPort={}", scheme, proxy.port));
  }
  add("-Dhttp.nonProxyHosts=" + java_hosts(client.no_proxy));
  if (!client.files.java_store.empty()) {
    add("-Djavax.net.ssl.trustStore=" + client.files.java_store);
    add("-Djavax.net.ssl.trustStorePassword=" + std::string(kJavaStorePassword));
  }
  return out;
}

}  // namespace

std::string ca_help(const std::string& certificate_file) {
  constexpr std::string_view kText =
      R"(The certificate of the authority, to be trusted by what is recorded:

  {file}

It was made on this machine, and its key never leaves it. Programs that are started by "harproxy run -- COMMAND" trust it already.

curl
  curl --cacert {file} …
  (The file replaces the system's certificates for this call, which is right while all goes through the proxy.)

wget
  wget --ca-certificate={file} …

Node.js
  NODE_EXTRA_CA_CERTS={file} NODE_USE_ENV_PROXY=1 HTTPS_PROXY=http://HOST:PORT node …
  (NODE_USE_ENV_PROXY is known to Node 22.21 and 24.5 and later; older ones need a proxy agent in the program.)

Python
  REQUESTS_CA_BUNDLE={file}    requests, pip
  SSL_CERT_FILE={file}         httpx, urllib, aiohttp

Go, Ruby, PHP, Rust with OpenSSL or rustls-native-certs
  SSL_CERT_FILE={file}

Git
  GIT_SSL_CAINFO={file}, or: git -c http.sslCAInfo={file} …

Deno
  DENO_CERT={file}

Java
  keytool -importcert -noprompt -alias hartape -file {file} -keystore STORE -storepass changeit
  java -Djavax.net.ssl.trustStore=STORE -Djavax.net.ssl.trustStorePassword=changeit …
  (STORE is a copy of lib/security/cacerts of the Java that is used.)

Chromium, Chrome, Edge (Linux; certutil is in libnss3-tools or nss-tools)
  mkdir -p $HOME/.pki/nssdb
  certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n hartape -i {file}
  To take it back: certutil -d sql:$HOME/.pki/nssdb -D -n hartape

Firefox
  Settings, Privacy & Security, View Certificates, Authorities, Import; or, for a profile that is not in use:
  certutil -d sql:PROFILE -A -t C,, -n hartape -i {file}

All of the system (as root)
  Debian, Ubuntu: cp {file} /usr/local/share/ca-certificates/hartape.crt && update-ca-certificates
  Fedora, RHEL:   cp {file} /etc/pki/ca-trust/source/anchors/hartape.pem && update-ca-trust
  To take it back, remove the copy and call the same again.

Programs that pin certificates of their own cannot be recorded so: they refuse every other.
)";
  return fmt::format(kText, fmt::arg("file", quoted(certificate_file)));
}

std::vector<std::pair<std::string, std::string>> client_environment(const ClientEnvironment& client) {
  const std::string& ours = client.files.certificate;
  const std::string& all = client.files.bundle.empty() ? ours : client.files.bundle;
  return {
      // curl reads http_proxy in lower case alone (libcurl-env(3)), others the upper case alone.
      {"http_proxy", client.proxy},
      {"HTTP_PROXY", client.proxy},
      {"https_proxy", client.proxy},
      {"HTTPS_PROXY", client.proxy},
      {"all_proxy", client.proxy},
      {"ALL_PROXY", client.proxy},
      {"no_proxy", client.no_proxy},
      {"NO_PROXY", client.no_proxy},
      {"NODE_USE_ENV_PROXY", "1"},  // nodejs.org, "Enterprise Network Configuration": 22.21 and 24.5
      // These add to what is trusted.
      {"NODE_EXTRA_CA_CERTS", ours},  // nodejs.org, cli: NODE_EXTRA_CA_CERTS; Deno reads it too since 2.8
      {"DENO_CERT", ours},            // docs.deno.com, "Configuring Deno behavior"
      // These replace it.
      {"SSL_CERT_FILE", all},   // OpenSSL (X509_get_default_cert_file(3)), and so Python's ssl and Ruby; Go's crypto/x509 on Unix
      {"CURL_CA_BUNDLE", all},  // curl(1), --cacert; requests where the next is not set
      {"REQUESTS_CA_BUNDLE", all},  // requests, "Advanced Usage": SSL Cert Verification
      {"PIP_CERT", all},            // pip.pypa.io, "HTTPS Certificates"
      {"AWS_CA_BUNDLE", all},       // AWS SDKs and Tools Reference: ca_bundle
      {"GIT_SSL_CAINFO", all},      // git-config(1): http.sslCAInfo
      {"CARGO_HTTP_CAINFO", all},   // The Cargo Book, Configuration: http.cainfo
      {"BUNDLE_SSL_CA_CERT", all},  // bundle-config(1): ssl_ca_cert
      {"JAVA_TOOL_OPTIONS", java_options(client)},
  };
}

}  // namespace tools::harproxy

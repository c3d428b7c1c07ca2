#include "harproxy/ca_help.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include "harproxy/trust_files.hpp"
#include "stream/net/authority.hpp"

using namespace tools::harproxy;

namespace {

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "hartape-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = name;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }

 private:
  std::string path_;
};

void write(const std::string& name, std::string_view text) { std::ofstream(name) << text; }

std::string read(const std::string& name) {
  std::ifstream file(name);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::map<std::string, std::string> environment(const ClientEnvironment& client) {
  const auto list = client_environment(client);
  return {list.begin(), list.end()};
}

}  // namespace

TEST_CASE("the help names the file in every command, as a shell reads it") {
  const std::string help = ca_help("/home/anna/ca.pem");
  CHECK(help.find("curl --cacert /home/anna/ca.pem …") != std::string::npos);
  CHECK(help.find("certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n hartape -i /home/anna/ca.pem\n") != std::string::npos);
  CHECK(ca_help("/home/anna's files/ca.pem").find("--cacert '/home/anna'\\''s files/ca.pem' …") != std::string::npos);
  CHECK(help.find('{') == std::string::npos);
}

TEST_CASE("what adds to the trusted gets the authority's certificate, what replaces them gets all") {
  ClientEnvironment client;
  client.proxy = "http://127.0.0.1:8080";
  client.files = {"/ca/ca.pem", "/ca/bundle.pem", {}};
  const auto set = environment(client);
  for (const char* const name : {"http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}) {
    CHECK(set.at(name) == "http://127.0.0.1:8080");
  }
  CHECK(set.at("NO_PROXY").empty());
  CHECK(set.at("NODE_EXTRA_CA_CERTS") == "/ca/ca.pem");
  CHECK(set.at("DENO_CERT") == "/ca/ca.pem");
  for (const char* const name : {"SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "PIP_CERT", "AWS_CA_BUNDLE",
                                 "GIT_SSL_CAINFO", "CARGO_HTTP_CAINFO", "BUNDLE_SSL_CA_CERT"}) {
    CHECK(set.at(name) == "/ca/bundle.pem");
  }
  CHECK(set.at("JAVA_TOOL_OPTIONS") ==
        "-Dhttp.proxyHost=127.0.0.1 -Dhttp.proxyPort=8080 -Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort=8080 "
        "-Dhttp.nonProxyHosts=");
  client.files.bundle.clear();
  CHECK(environment(client).at("SSL_CERT_FILE") == "/ca/ca.pem");
}

TEST_CASE("Java gets its options behind those that are there, with its own store and hosts") {
  ClientEnvironment client;
  client.proxy = "http://[::1]:8080";
  client.no_proxy = "localhost, .a.example";
  client.java_options = "-Xmx1g";
  client.files.java_store = "/my files/java-cacerts";
  CHECK(environment(client).at("JAVA_TOOL_OPTIONS") ==
        "-Xmx1g -Dhttp.proxyHost=::1 -Dhttp.proxyPort=8080 -Dhttps.proxyHost=::1 -Dhttps.proxyPort=8080 "
        "'-Dhttp.nonProxyHosts=localhost|*.a.example' '-Djavax.net.ssl.trustStore=/my files/java-cacerts' "
        "-Djavax.net.ssl.trustStorePassword=changeit");
}

TEST_CASE("the bundle has the system's certificates and the authority's, once, for its owner alone") {
  const Folder folder;
  write(folder / "ca.pem", "OURS\n");
  write(folder / "system.pem", "THEIRS");
  auto bundle = write_bundle(folder / "ca.pem", folder / "system.pem");
  REQUIRE(bundle);
  CHECK(*bundle == folder / "bundle.pem");
  CHECK(read(*bundle) == "THEIRS\nOURS\n");
  struct stat status {};
  REQUIRE(::stat(bundle->c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  REQUIRE(write_bundle(folder / "ca.pem", *bundle));
  CHECK(read(*bundle) == "THEIRS\nOURS\n");
  REQUIRE(write_bundle(folder / "ca.pem", {}));
  CHECK(read(*bundle) == "OURS\n");
  bundle = write_bundle(folder / "none.pem", {});
  REQUIRE_FALSE(bundle);
  CHECK(to_string(bundle.error()) == (folder / "none.pem") + ": cannot open: No such file or directory");
  CHECK(std::distance(std::filesystem::directory_iterator(folder / ""), {}) == 3);  // nothing is left lying about
}

TEST_CASE("Java's store gets the authority's certificate besides its own") {
  const std::string store = java_store();
  if (store.empty()) return;  // there is no Java
  const Folder folder;
  stream::net::AuthorityOptions options;
  options.folder = folder / "ca";
  const auto authority = stream::net::Authority::open(options);
  REQUIRE(authority);
  for (int i = 0; i < 2; ++i) {
    std::string note;
    const auto files = write_trust_files((*authority)->certificate_file(), note);
    REQUIRE(files);
    CHECK(note.empty());
    CHECK(files->java_store == folder / "ca/java-cacerts");
    CHECK(std::filesystem::file_size(files->java_store) > std::filesystem::file_size(store));
    CHECK(read(files->bundle).ends_with(read(files->certificate)));
  }
}

TEST_CASE("a store that keytool cannot take is told, and leaves nothing") {
  const std::string store = java_store();
  if (store.empty()) return;  // there is no Java
  const Folder folder;
  write(folder / "ca.pem", "no certificate\n");
  const auto written = write_java_store(folder / "ca.pem", store);
  REQUIRE_FALSE(written);
  CHECK(written.error().message == "failed (1)");
  CHECK(std::distance(std::filesystem::directory_iterator(folder / ""), {}) == 1);
}

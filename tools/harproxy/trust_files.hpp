#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harproxy/ca_help.hpp"
#include "stream/io/error.hpp"

namespace tools::harproxy {

/// What Java's own stores have; they hold nothing secret.
constexpr std::string_view kJavaStorePassword = "changeit";

/// The file of certificates that the system's programs trust: the one that SSL_CERT_FILE names, or the first of those that
/// distributions have. Empty: there is none.
std::string system_bundle();

/// Writes the system's certificates and the authority's into one file beside the authority's, "bundle.pem" (0600), which is
/// replaced as a whole. `system` may be empty. Its name. Errors: `io`.
stream::Result<std::string> write_bundle(const std::string& certificate_file, const std::string& system);

/// Java's own store of certificates: that of JAVA_HOME, or of the keytool in PATH. Empty: there is none.
std::string java_store();

/// A copy of `store` with the authority's certificate in it, beside that: "java-cacerts" (0600). One that is there and newer than
/// both is kept. Its name. Errors: `io`, `unsupported` (there is no keytool), `timeout`.
stream::Result<std::string> write_java_store(const std::string& certificate_file, const std::string& store);

/// All of them. What Java's need cannot be made of is left out; `note` tells why, unless there is no Java. Errors: `io`.
stream::Result<TrustFiles> write_trust_files(const std::string& certificate_file, std::string& note);

}  // namespace tools::harproxy

#pragma once

#include <memory>
#include <string>

#include "common/tool.hpp"
#include "stream/net/authority.hpp"

namespace tools {

/// --cert, --key, --ca, --print-ca: who a server is over TLS.
struct TlsGroup {
  std::string certificate{};  ///< a file; empty: the authority signs what is asked for
  std::string key{};          ///< a file
  std::string authority{};    ///< a folder; empty: the usual one
  bool print_authority = false;
};
void add_tls_options(CLI::App& app, TlsGroup& group);

/// When files are read, and an authority is made that is not there yet.
enum class When { now, on_first_use };

/// What the options say. On first use, an authority that cannot be had is an error of every certificate. Errors: those of
/// stream::net::read_certificate() and Authority::open().
stream::Result<std::unique_ptr<stream::net::CertificateSource>> make_certificates(const TlsGroup& group, When when);

/// Does what --print-ca asks for: prints the file that is to be trusted, and makes the authority where there is none. The exit
/// status.
int print_authority(Tool& tool, const TlsGroup& group);

}  // namespace tools

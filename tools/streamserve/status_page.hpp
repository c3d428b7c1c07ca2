#pragma once

#include <string>

#include "stream/net/server.hpp"
#include "streamserve/serving.hpp"

namespace tools::streamserve {

/// What is going on, at an address of its own: a page for people at /, JSON at /status, and /metrics in the text format of
/// Prometheus (https://prometheus.io/docs/instrumenting/exposition_formats/, version 0.0.4).
class StatusPage final : public stream::net::Handler {
 public:
  /// Both outlive it.
  StatusPage(const Serving& serving, const stream::net::Server& server) : serving_(serving), server_(server) {}

  std::shared_ptr<const stream::replay::Answer> answer(const stream::net::Request& request) override;

  stream::Json status() const;
  std::string metrics() const;

 private:
  std::string page() const;

  const Serving& serving_;
  const stream::net::Server& server_;
};

}  // namespace tools::streamserve

#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "harproxy/gate.hpp"
#include "stream/net/server.hpp"
#include "stream/proxy/proxy.hpp"

namespace tools::harproxy {

/// What went wrong with a request that a page in a browser may have sent; empty: nothing. A page of another site must not give
/// orders, and one that has given its own name our address (DNS rebinding) must not read: `host` is where we listen.
std::string_view refused_by_origin(const stream::net::Request& request, std::string_view host);

/// What is going on, at an address of its own, and orders: GET /status and /connections as JSON, /metrics in the text format of
/// Prometheus (https://prometheus.io/docs/instrumenting/exposition_formats/, version 0.0.4); POST /start, /stop, /flush, /rotate.
class StatusPage final : public stream::net::Handler {
 public:
  /// All outlive it. `host`: where it listens.
  StatusPage(stream::proxy::Proxy& proxy, Gate& gate, std::string host);

  std::shared_ptr<const stream::replay::Answer> answer(const stream::net::Request& request) override;

 private:
  std::string status() const;
  std::string connections() const;
  std::string metrics() const;
  std::shared_ptr<const stream::replay::Answer> order(std::string_view what);
  std::shared_ptr<const stream::replay::Answer> flush();

  stream::proxy::Proxy& proxy_;
  Gate& gate_;
  const std::string host_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace tools::harproxy

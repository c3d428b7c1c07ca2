#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "stream/proxy/origin_options.hpp"

namespace stream::proxy {

/// Looks hosts up in threads of their own, since that cannot be cancelled, and one that takes long must not make others wait. All
/// that ask for the same host at the same time share a look-up.
///
/// Asio's resolver has one thread, and posts from it, which an io_context for one thread does not allow.
class Resolver {
 public:
  using Answer = std::function<void(const Result<std::vector<std::string>>&)>;
  /// As long as it lives, the answer is waited for.
  using Ticket = std::shared_ptr<Answer>;

  Resolver(boost::asio::io_context& context, Resolve resolve);
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;
  /// Look-ups that go on are left behind.
  ~Resolver();

  /// Calls `answer` in run(), never from here.
  Ticket look_up(const std::string& host, Answer answer);

 private:
  struct Shared;
  struct Inbox;
  static void listen(const std::shared_ptr<Inbox>& inbox);
  static void work(const std::shared_ptr<Shared>& shared);

  std::shared_ptr<Shared> shared_;
  std::shared_ptr<Inbox> inbox_;
};

}  // namespace stream::proxy

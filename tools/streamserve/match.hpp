#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "stream/net/server.hpp"
#include "stream/replay/answer.hpp"

/// Which recorded exchange answers a request.
namespace tools::streamserve {

/// A recorded exchange as it is asked for.
struct Recorded {
  std::string name{};    ///< for the log: its id, with its file where there are several
  std::string method{};  ///< "GET"
  std::string path{};    ///< "/chat"; "/" where the recording names none
  std::string query{};   ///< behind the "?"
  std::shared_ptr<const stream::replay::Answer> answer{};
};

/// Path and query of a URL ("wss://host/chat?a=1#x", "/chat?a=1"), without the fragment. An empty path is "/".
void split_url(std::string_view url, std::string& path, std::string& query);

struct Match {
  const Recorded* recorded = nullptr;  ///< null: a miss
  std::string note{};                  ///< why it is the answer although it is not exactly what was asked for; else empty
};

class Matcher {
 public:
  Matcher() = default;
  Matcher(const Matcher&) = delete;
  Matcher& operator=(const Matcher&) = delete;
  virtual ~Matcher() = default;

  /// Not const: a repeated request may get another answer.
  virtual Match find(const stream::net::Request& request) = 0;
  /// The exchange that is most like what was asked for, for the message of a miss; null if there are none.
  virtual const Recorded* nearest(const stream::net::Request& request) const = 0;
};

/// Method, path and query as they stand. The n-th request of a kind gets its n-th answer, and every later one the last.
///
/// Where a path was recorded with one query only, it answers any query. HEAD is answered by the exchange for GET where none
/// was recorded, without counting as a request of that kind. WebSocket exchanges answer requests for an upgrade.
class ExactMatcher final : public Matcher {
 public:
  /// `recorded` outlives the matcher and stays as it is.
  explicit ExactMatcher(const std::vector<Recorded>& recorded);

  Match find(const stream::net::Request& request) override;
  const Recorded* nearest(const stream::net::Request& request) const override;

 private:
  /// The exchanges of one method, path and query, in recorded order.
  struct Sequence {
    std::vector<const Recorded*> exchanges;
    std::size_t next = 0;
  };
  Match find(std::string_view kind, const stream::net::Request& request, bool counts);

  const std::vector<Recorded>& recorded_;
  std::unordered_map<std::string, Sequence> by_target_;
  std::unordered_map<std::string, std::vector<Sequence*>> by_path_;  // one for each query
};

}  // namespace tools::streamserve

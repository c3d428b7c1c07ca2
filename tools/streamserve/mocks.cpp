#include "streamserve/mocks.hpp"

namespace tools::streamserve {

stream::Result<std::unique_ptr<Mocks>> Mocks::open(const std::vector<std::string>& paths, std::uint64_t seed,
                                                   stream::FindingSink findings) {
  stream::mock::PlayOptions play;
  play.seed = seed;
  std::unique_ptr<Mocks> mocks(new Mocks(std::move(play), std::move(findings)));
  for (const std::string& path : paths) {
    mocks->stamps_.push_back(stamp_of(path));  // before it is read: a change in between is seen later
    STREAM_TRY(mocks->set_.add(path));
  }
  return mocks;
}

Mocks::Stamp Mocks::stamp_of(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return {};
  return {status.st_mtim.tv_sec, status.st_mtim.tv_nsec, static_cast<std::uint64_t>(status.st_size), status.st_ino};
}

std::vector<Mocks::Reload> Mocks::refresh() {
  std::vector<Reload> out;
  for (std::size_t i = 0; i < stamps_.size(); ++i) {
    const std::string& path = set_.paths()[i];
    const Stamp now = stamp_of(path);
    // A file that is gone is about to come back: that is how editors replace it.
    if (now == stamps_[i] || now == Stamp{}) continue;
    stamps_[i] = now;
    const auto status = set_.reload(path);
    out.push_back({path, status ? std::nullopt : std::optional(status.error())});
  }
  return out;
}

/// A client that names the host, as a proxy is asked, means that host; any other knows our address alone.
stream::mock::Request Mocks::request_of(const stream::net::Request& request) {
  url_ = (request.websocket ? "ws://" : "http://") + request.authority + request.target;
  return {request.method, url_, &request.headers, request.body, !request.absolute};
}

stream::Result<stream::mock::HttpMatch> Mocks::match(const stream::net::Request& request) {
  return set_.match(request_of(request));
}

std::unique_ptr<stream::mock::WebSocketConversation> Mocks::connect(const stream::net::Request& request) {
  return set_.connect(request_of(request));
}

}  // namespace tools::streamserve

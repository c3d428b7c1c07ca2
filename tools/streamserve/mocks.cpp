#include "streamserve/mocks.hpp"

namespace tools::streamserve {

stream::Result<std::unique_ptr<Mocks>> Mocks::open(const std::vector<std::string>& paths, std::uint64_t seed,
                                                   stream::FindingSink findings) {
  stream::mock::PlayOptions play;
  play.seed = seed;
  STREAM_ASSIGN(auto files, MocksFiles::open(paths, std::move(play), std::move(findings)));
  return std::unique_ptr<Mocks>(new Mocks(std::move(files)));
}

/// A client that names the host, as a proxy is asked, means that host; any other knows our address alone.
stream::mock::Request Mocks::request_of(const stream::net::Request& request) {
  url_ = (request.websocket ? "ws://" : "http://") + request.authority + request.target;
  return {request.method, url_, &request.headers, request.body, !request.absolute};
}

stream::Result<stream::mock::HttpMatch> Mocks::match(const stream::net::Request& request) {
  return files_->set().match(request_of(request));
}

std::unique_ptr<stream::mock::WebSocketConversation> Mocks::connect(const stream::net::Request& request) {
  return files_->set().connect(request_of(request));
}

}  // namespace tools::streamserve

#include "streamserve/repertoire.hpp"

namespace tools::streamserve {

Repertoire::Repertoire(std::unique_ptr<Recording> recording, const Options& options)
    : recording_(std::move(recording)), finder_(*recording_, options.match), asked_(recording_->size()) {}

stream::Result<std::shared_ptr<Repertoire>> Repertoire::load(const Options& options, Messages& messages) {
  if (options.follow) {
    STREAM_ASSIGN(auto recording, Recording::make(options.match.match, options.pace.pace, options.match.on_error));
    std::shared_ptr<Repertoire> made(new Repertoire(std::move(recording), options));
    made->follower_ = std::make_unique<Follower>(*made->recording_, options.pace.pace, messages.findings());
    for (const std::string& input : options.inputs) STREAM_TRY(made->follower_->add(input));
    return made;
  }
  STREAM_ASSIGN(auto recording, streamserve::load(options, messages));
  return std::shared_ptr<Repertoire>(new Repertoire(std::move(recording), options));
}

}  // namespace tools::streamserve

#include "streamserve/repertoire.hpp"

namespace tools::streamserve {

Repertoire::Repertoire(std::unique_ptr<Recording> recording, const Options& options)
    : recording_(std::move(recording)),
      finder_(*recording_, options.match),
      asked_(recording_->size()),
      unasked_(recording_->size()) {}

stream::Result<std::shared_ptr<Repertoire>> Repertoire::load(const Options& options, Messages& messages) {
  STREAM_ASSIGN(auto recording, streamserve::load(options, messages));
  return std::shared_ptr<Repertoire>(new Repertoire(std::move(recording), options));
}

}  // namespace tools::streamserve

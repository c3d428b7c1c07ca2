#include "streamserve/repertoire.hpp"

namespace tools::streamserve {

Repertoire::Repertoire(std::vector<Recorded> recorded)
    : recorded_(std::move(recorded)), asked_(recorded_.size()), unasked_(recorded_.size()) {}

stream::Result<std::shared_ptr<Repertoire>> Repertoire::load(const Options& options, Messages& messages) {
  std::vector<Recorded> recorded;
  if (!options.inputs.empty()) {
    STREAM_ASSIGN(recorded, streamserve::load(options, messages));
  }
  std::shared_ptr<Repertoire> made(new Repertoire(std::move(recorded)));
  STREAM_ASSIGN(made->finder_, Finder::make(made->recorded_, options.match));
  return made;
}

}  // namespace tools::streamserve

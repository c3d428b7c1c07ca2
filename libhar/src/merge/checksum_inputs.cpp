#include <utility>

#include "har/merge.hpp"
#include "merge/records.hpp"
#include "stream/io/ordered_pipeline.hpp"

namespace har {

stream::Result<MergeResult> checksum_inputs(const MergeOptions& options) {
  struct Work {
    std::vector<Message> before{};
    std::shared_ptr<merging::Chunk> chunk{};
    EntryChecksum sum{};
  };
  MergeResult result;
  constexpr std::size_t kChunksKept = 8;
  merging::ChunkPool pool(kChunksKept);
  for (std::size_t i = 0; i < options.inputs.size(); ++i) {
    std::vector<Message> heard;
    const MessageSink hear = [&](const Message& message) { heard.push_back(message); };
    const auto say = [&](const std::vector<Message>& messages) {
      for (const Message& message : messages) {
        if (options.say) options.say(message);
      }
    };
    STREAM_ASSIGN(auto reader, merging::RecordReader::open(options, i, {}, pool, hear));
    MergeResult::Source source;
    {
      stream::OrderedPipeline<Work> pipeline(
          options.threads,
          [&](Work& work) {
            for (const merging::Record& record : work.chunk->records) work.sum += entry_checksum(record.text);
          },
          [&](Work& work) -> stream::Status {
            say(work.before);
            source.checksum += work.sum;
            work = {};
            return {};
          });
      while (auto chunk = reader->next()) {
        Work work;
        work.before = std::exchange(heard, {});
        work.chunk = std::move(chunk);
        STREAM_TRY(pipeline.push(std::move(work)));
      }
      STREAM_TRY(pipeline.finish());
    }
    say(heard);
    source.entries = reader->facts().entries;
    source.lost = reader->facts().lost;
    result.sources.push_back(source);
  }
  return result;
}

}  // namespace har

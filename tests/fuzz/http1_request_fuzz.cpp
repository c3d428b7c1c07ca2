// A request as the server reads it: the same outcome for every cut; no more is taken than was given; memory stays within the
// limits; what comes behind the end of one is not looked at; and what was read, written out again, is read as the same.
#include "http1_request.hpp"

#include "wire_cuts.hpp"

using stream::net::Http1RequestHead;
using stream::net::Http1RequestLimits;
using stream::net::Http1RequestReader;

namespace {

struct Reading {
  Http1RequestHead head{};
  std::string body{};
  std::uint64_t body_size = 0;
  std::string refusal{};
  bool done = false;
  std::size_t used = 0;
  bool operator==(const Reading&) const = default;
};

Reading read(const std::vector<std::string>& parts) {
  Http1RequestLimits limits;
  limits.max_head = 4096;
  limits.max_fields = 30;
  limits.max_body = 1000;
  limits.kept_body = 100;
  Http1RequestReader reader(limits);
  Reading reading;
  for (std::string_view part : parts) {
    while (!part.empty() && !reader.done() && reader.refusal() == nullptr) {
      const std::size_t taken = reader.feed(part);
      require(taken <= part.size(), "more taken than given");
      require(taken > 0 || reader.refusal() != nullptr, "nothing taken, and nothing said");
      reading.used += taken;
      part.remove_prefix(taken);
    }
  }
  reading.done = reader.done();
  if (reader.refusal() != nullptr) reading.refusal = std::to_string(reader.refusal()->status) + reader.refusal()->why;
  reading.head = reader.head();
  reading.body = reader.body();
  reading.body_size = reader.body_size();
  require(reading.body.size() <= limits.kept_body && reading.body_size <= limits.max_body, "a body beyond the limits");
  require(reading.head.headers.size() <= limits.max_fields, "fields beyond the limit");
  if (!reading.done) {  // how far it came is not the same for all cuts
    reading.used = 0;
    reading.body.clear();
    reading.body_size = 0;
  }
  return reading;
}

std::string written(const Reading& reading) {
  std::string out =
      reading.head.method + " " + reading.head.target + " HTTP/1." + std::to_string(reading.head.minor_version) + "\r\n";
  bool chunked = false;
  for (const auto& field : reading.head.headers) {
    out += field.name + ": " + field.value + "\r\n";
    chunked = chunked || stream::replay::iequals(field.name, "transfer-encoding");
  }
  out += "\r\n";
  if (!chunked) return out + reading.body;
  if (!reading.body.empty()) stream::append_chunk(out, reading.body);
  return out + "0\r\n\r\n";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const Reading whole = read({std::string(bytes)});
  Cuts cuts(bytes);
  require(read(cuts.parts(bytes, 1)) == whole, "byte by byte");
  require(read(cuts.parts(bytes, 9)) == whole, "random cuts");
  require(!whole.done || whole.refusal.empty(), "done, or refused");
  if (!whole.done) return 0;
  require(read({std::string(bytes.substr(0, whole.used))}) == whole, "what follows is not looked at");
  if (whole.body.size() != whole.body_size || size > 3000) return 0;  // what is written may be longer
  const Reading again = read({written(whole)});
  require(again.done && again.head == whole.head && again.body == whole.body, "written out it is another request");
  return 0;
}

// A response as a client reads it: the same items and error for every cut; no more is consumed than was fed; what comes behind
// the end of one is not looked at. The first byte chooses whether the request was HEAD.
#include "http1_response.hpp"

#include <algorithm>

#include "wire_cuts.hpp"

using stream::net::Http1Item;
using stream::net::Http1ResponseReader;

namespace {

struct Reading {
  std::vector<Http1Item> items{};
  std::string error{};
  std::uint64_t consumed = 0;
  bool done = false;
  bool operator==(const Reading&) const = default;
};

Reading read(bool head_request, const std::vector<std::string>& parts) {
  Http1ResponseReader reader(head_request, 4096);
  std::vector<Http1Item> items;
  stream::Status status;
  for (const std::string& part : parts) {
    if (status) status = reader.feed(part, items);
  }
  if (status) status = reader.finish(items);
  Reading reading;
  for (Http1Item& item : items) {
    const bool data = item.kind == Http1Item::Kind::data;
    if (data && !reading.items.empty() && reading.items.back().kind == item.kind) {
      reading.items.back().data += item.data;
    } else {
      reading.items.push_back(std::move(item));
    }
  }
  if (!status) reading.error = status.error().message;
  reading.consumed = reader.consumed();
  reading.done = reader.done();
  return reading;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const bool head_request = (data[0] & 1U) != 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Reading whole = read(head_request, {std::string(bytes)});
  Cuts cuts(bytes);
  require(read(head_request, cuts.parts(bytes, 1)) == whole, "byte by byte");
  require(read(head_request, cuts.parts(bytes, 9)) == whole, "random cuts");
  require(whole.consumed <= bytes.size(), "more consumed than fed");
  require(whole.done == whole.error.empty(), "a response is complete, or there is an error");
  const auto heads = std::count_if(whole.items.begin(), whole.items.end(),
                                   [](const Http1Item& item) { return item.kind == Http1Item::Kind::head; });
  require(heads <= 1, "one head");
  if (!whole.done) return 0;
  require(heads == 1 && whole.items.back().kind == Http1Item::Kind::end, "a head and an end");
  const std::string response(bytes.substr(0, static_cast<std::size_t>(whole.consumed)));
  require(read(head_request, {response}) == whole, "what follows is not looked at");
  return 0;
}

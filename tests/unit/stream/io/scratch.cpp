#include "scratch.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "stream/io/byte_sink.hpp"

Scratch::Scratch() {
  std::string pattern = std::filesystem::temp_directory_path() / "hartape-test-XXXXXX";
  REQUIRE(::mkdtemp(pattern.data()) != nullptr);
  folder_ = pattern;
}

Scratch::~Scratch() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::string Scratch::file(std::string_view name, std::string_view bytes) const {
  std::ofstream out(path(name), std::ios::binary);
  out << bytes;
  REQUIRE(out.flush());
  return path(name);
}

std::vector<std::string> Scratch::names() const {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

std::string contents(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  REQUIRE(in);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string sample_bytes(std::size_t size) {
  std::string bytes;
  bytes.reserve(size + 16);
  std::uint32_t state = 1;
  while (bytes.size() < size) {
    state = state * 1664525 + 1013904223;
    bytes += "\"name\": \"";
    bytes += std::to_string(state >> 20);
  }
  bytes.resize(size);
  return bytes;
}

std::string compressed(std::string_view bytes, stream::Compression compression, int level) {
  std::string out;
  auto sink = stream::compress(stream::string_sink(out), compression, level);
  REQUIRE(sink);
  REQUIRE((*sink)->write(bytes));
  REQUIRE((*sink)->finish());
  return out;
}

Drained drain(stream::ByteSource& source, std::size_t read_size) {
  Drained drained;
  std::string buffer(read_size, '\0');
  for (;;) {
    const auto count = source.read(buffer);
    if (!count) {
      drained.error = count.error();
      return drained;
    }
    if (*count == 0) return drained;
    drained.bytes.append(buffer, 0, *count);
  }
}

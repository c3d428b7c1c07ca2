#include "harcheck/pipe.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <thread>

#include "harcheck/spool.hpp"

using tools::harcheck::Pipe;

TEST_CASE("what goes into a pipe comes out of it, in order and whole, and into the other output") {
  const std::size_t piece = GENERATE(std::size_t{1}, std::size_t{4095}, std::size_t{3} << 20);
  std::string text;
  for (std::size_t i = 0; text.size() < (std::size_t{5} << 20); ++i) text += std::to_string(i);
  if (piece == 1) text.resize(10'000);

  Pipe pipe;
  std::string received;
  std::thread reader([&] {
    const auto source = tools::harcheck::pipe_source(pipe, "p");
    std::array<char, 70'000> buffer;
    while (const std::size_t count = source->read(buffer).value()) received.append(buffer.data(), count);
  });
  std::string copied;
  const auto other = stream::string_sink(copied);
  const auto sink = tee_sink(pipe, other.get(), "s");
  for (std::size_t at = 0; at < text.size(); at += piece) CHECK(sink->write(std::string_view(text).substr(at, piece)));
  pipe.close();
  reader.join();
  CHECK((received == text));
  CHECK((copied == text));
}

TEST_CASE("a writer does not wait for a reader who has left") {
  Pipe pipe;
  std::thread reader([&] {
    std::array<char, 10> buffer;
    CHECK(pipe.read(buffer) == 10);
    pipe.leave();
  });
  pipe.write(std::string(std::size_t{8} << 20, 'x'));
  reader.join();
  pipe.write("more");
}

TEST_CASE("a spool gives back what it was given, however much that is") {
  const std::size_t lines = GENERATE(std::size_t{0}, std::size_t{3}, std::size_t{700'000});
  tools::harcheck::Spool spool;
  std::string expected;
  for (std::size_t i = 0; i < lines; ++i) {
    const std::string line = "line " + std::to_string(i) + "\n";
    if (!spool.add(line)) FAIL("a line was not kept");
    expected += line;
  }
  std::string out;
  const auto sink = stream::string_sink(out);
  CHECK(spool.move_to(*sink));
  CHECK((out == expected));
}

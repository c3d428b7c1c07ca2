// Prints what the exchanges of a recording are: a program of someone else's, built against the installed libraries.
#include <cstdio>
#include <har/exchanges.hpp>
#include <stream/text/timestamp.hpp>

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  auto reader = har::open_exchanges(argv[1]);
  if (!reader) {
    std::fprintf(stderr, "%s\n", stream::to_string(reader.error()).c_str());
    return 2;
  }
  int count = 0;
  for (;;) {
    const auto exchange = (*reader)->next();
    if (!exchange) {
      std::fprintf(stderr, "%s\n", stream::to_string(exchange.error()).c_str());
      return 2;
    }
    if (!*exchange) return count > 0 ? 0 : 1;
    ++count;
    std::printf("%d %s, %zu events from %s s on\n", (*exchange)->status(), std::string((*exchange)->url()).c_str(),
                (*exchange)->timeline.size(), stream::format_decimal_seconds((*exchange)->begin()).c_str());
  }
}

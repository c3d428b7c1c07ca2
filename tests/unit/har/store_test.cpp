// Exchanges that stay in their files: found as a whole reading finds them, read anew when they are asked for.
#include "har/store.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "har/exchange.hpp"
#include "har/format.hpp"
#include "store/entry_head.hpp"
#include "stream/text/json_find.hpp"

using namespace har;

namespace {

/// A file that is there as long as the test runs.
class File {
 public:
  File(const std::string& name, std::string_view text)
      : path_(std::filesystem::temp_directory_path() / ("hartape-store-" + std::to_string(getpid()) + "-" + name)) {
    write(text);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() { std::filesystem::remove(path_); }
  void write(std::string_view text) const { std::ofstream(path_, std::ios::binary) << text; }
  void append(std::string_view text) const { std::ofstream(path_, std::ios::binary | std::ios::app) << text; }
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

/// A store with its index.
struct Opened {
  ExchangeStore store{};
  std::unique_ptr<match::Matcher> matcher{};
  stream::Result<std::size_t> added{};

  explicit Opened(const std::string& path, const StoreOptions& options = {}) {
    matcher = std::move(*match::Matcher::make({}, [this](std::size_t index) { return match::request_of(*exchange(index)); }));
    added = store.add(path, *matcher, options);
  }
  std::shared_ptr<const stream::Exchange> exchange(std::size_t index) const {
    const auto read = store.exchange(index);
    INFO((read ? "" : to_string(read.error())));
    REQUIRE(read);
    return *read;
  }
};

StoreOptions options(unsigned threads, std::uint64_t whole_size) {
  StoreOptions out;
  out.threads = threads;
  out.whole_size = whole_size;
  return out;
}

/// Everything that a plain reading of the file gives, and the error that ended it.
struct Plain {
  std::vector<stream::Exchange> exchanges{};
  std::optional<stream::Error> error{};

  explicit Plain(const std::string& path) {
    ExchangeInput input;
    input.bodies = false;
    auto reader = open_exchanges(path, input);
    while (reader) {
      auto next = (*reader)->next();
      if (next && !*next) return;
      if (!next) {
        error = next.error();
        return;
      }
      exchanges.push_back(std::move(**next));
    }
    error = reader.error();
  }
};

void check_same(const std::string& path, const StoreOptions& how) {
  INFO(path << ", " << how.threads << " threads, whole up to " << how.whole_size);
  const Plain plain(path);
  const Opened opened(path, how);
  if (plain.error) {
    REQUIRE(!opened.added);
    CHECK(to_string(opened.added.error()) == to_string(*plain.error));
    return;
  }
  REQUIRE(opened.added);
  REQUIRE(*opened.added == plain.exchanges.size());
  REQUIRE(opened.store.size() == plain.exchanges.size());
  for (std::size_t i = 0; i < plain.exchanges.size(); ++i) {
    CHECK((*opened.exchange(i) == plain.exchanges[i]));
    CHECK(opened.store.id(i) == (plain.exchanges[i].id.empty() ? std::to_string(i) : plain.exchanges[i].id));
    CHECK(opened.store.kind(i) == plain.exchanges[i].kind());
    CHECK(opened.store.input(i) == path);
  }
}

std::string entry(std::string_view url, std::string_view more = "", std::string_view request = "",
                  std::string_view response = R"("status":200,"content":{"size":2,"mimeType":"text/plain","text":"ok"})") {
  return R"({"startedDateTime":"2026-11-22T09:15:30.000Z","time":1,"request":{"method":"GET","url":")" + std::string(url) + "\"" +
         std::string(request) + R"(},"response":{)" + std::string(response) + R"(},"timings":{"wait":1})" + std::string(more) +
         "}";
}

std::string har_of(const std::vector<std::string>& entries, std::string_view separator = ",") {
  std::string out = R"({"log":{"version":"1.2","creator":{"name":"x","version":"1"},"entries":[)";
  for (std::size_t i = 0; i < entries.size(); ++i) out.append(i == 0 ? "" : separator).append(entries[i]);
  return out + "]}}";
}

/// Entries that are written in every way that there is something to know about.
std::vector<std::string> odd_entries() {
  return {
      entry("https://h.test/a?b=c"),
      entry("https://h.test/a?b=c"),
      entry("https:\\/\\/h.test/escaped"),
      entry("https://h.test/q", "", R"(,"queryString":[{"name":"q","value":"1"}])"),
      entry("https://h.test/q?q=2", "", R"(,"queryString":[{"name":"q","value":"1"}])"),
      entry("https://h.test/none", "", R"(,"queryString":[ ])"),
      entry("https://h.test/h", "", R"(,"headers":[{"name":"Accept","value":"*/*"}, { "name" : "X" , "value" : "" }])"),
      entry("https://h.test/h", "", R"(,"headers":[{"value":"a/b","name":"Content-Type"}])"),
      entry("https://h.test/h", "", R"(,"headers":[{"name":"A\u0042","value":"\"c\""},{"name":"n"},7])"),
      entry("https://h.test/h", "", R"(,"headers":[{"name":"Content-Type","value":"a/b","comment":"x"}])"),
      entry("https://h.test/h", "", R"(,"headers":{})"),
      entry("https://h.test/p", "", R"(,"postData":{"mimeType":"application/json","text":"{\"a\":[1,2]}"})"),
      entry("https://h.test/p", "", R"(,"postData":{"mimeType":"a/b","text":"aGk=","_encoding":"base64"})"),
      entry("https://h.test/p", "",
            R"(,"postData":{"mimeType":"application/x-www-form-urlencoded","params":[{"name":"a","value":"b c"}]})"),
      entry("https://h.test/p", R"(,"_streamChunks":[{"dir":"send","time":1763802930.5,"offset":0,"size":2}])",
            R"(,"postData":{"text":"hi"})"),
      entry("https://h.test/twice", "", R"(,"url":"https://h.test/last?x=y")"),
      entry("https://h.test/method", "", R"(,"method":"\u0050OST")"),
      entry("https://h.test/r", "", "",
            R"("status":302,"headers":[{"name":"Location","value":"/a"}],"content":{"mimeType":"text/html"})"),
      entry("https://h.test/r", "", "", R"("status":301,"redirectURL":"https://h.test/a","content":{})"),
      entry("https://h.test/e", "", "",
            R"("status":200,"content":{"text":"data: 1\n\n","mimeType":"text/event-stream; charset=utf-8"})"),
      entry("https://h.test/e", "", "",
            R"("status":200,"headers":[{"name":"Content-Type","value":"text/event-stream"}],"content":{})"),
      entry("https://h.test/e", R"(,"_streamKind":"ndjson")", "", R"("status":200,"content":{"mimeType":"text/event-stream"})"),
      entry("https://h.test/e", R"(,"_eventSourceMessages":[{"time":1763802930.5,"eventName":"m","eventId":"","data":"x"}])", "",
            R"("status":200,"content":{"mimeType":"text/plain"})"),
      entry("wss://h.test/w", R"(,"_webSocketMessages":[{"type":"receive","time":1763802930.5,"opcode":1,"data":"x"}])", "",
            R"("status":101,"content":{"mimeType":"x-unknown"})"),
      entry("wss://h.test/w", R"(,"_resourceType":"websocket")", "", R"("status":0,"content":{})"),
      entry("https://h.test/w", R"(,"_resourceType":"websocket")"),
      entry("https://h.test/s", "", "", R"("status":"200","content":{"mimeType":"text/plain"})"),
      entry("https://h.test/s", "", "", R"("status":2e2,"content":{"mimeType":7})"),
      entry("https://h.test/s", "", "", R"("content":null)"),
      entry("https://h.test/x", R"(,"_recordingEvents":[])"),
      R"({"request":{"url":"/bare"}})",
      R"({"response":{"status":200}})",
      R"({})",
      R"({"request":7,"response":[]})",
      R"({"re\u0071uest":{"method":"PUT","url":"/escaped"},"request":{"method":"GET","url":"/x"},"response":{"status":204,"content":{"mimeType":"a/b"}}})",
  };
}

}  // namespace

TEST_CASE("what the index wants to know of an entry is the same by its head and by all of it") {
  std::size_t heads = 0;
  for (const std::string& text : odd_entries()) {
    INFO(text);
    auto json = stream::parse_json(text);
    REQUIRE(json);
    const auto whole = to_exchange(*json, {});
    REQUIRE(whole);
    const auto head = store::read_head(text, {});
    if (!head) continue;
    ++heads;
    const match::Recorded recorded = match::recorded_of(*whole);
    CHECK(head->recorded.request == recorded.request);
    CHECK((head->kind || !recorded.request.websocket));
    CHECK(head->recorded.status == recorded.status);
    if (head->kind) CHECK(*head->kind == whole->kind());
    if (recorded.status / 100 == 3) CHECK(head->recorded.location == recorded.location);
    // White space changes nothing.
    const auto pretty = store::read_head(to_json(*json, {2, 0}), {});
    if (pretty) CHECK(pretty->recorded.request == recorded.request);
  }
  CHECK(heads >= 20);  // most are read so
}

TEST_CASE("a file gives the same exchanges whether they are held or read when asked for") {
  std::vector<std::string> entries = odd_entries();
  entries.pop_back();  // written again, its escaped name would be written otherwise
  const File compact("compact.har", har_of(entries));
  const File spaced("spaced.har", " " + har_of(entries, " ,\r\n\t") + "\n\n");
  std::string lines = R"({"log":{"version":"1.2","creator":{"name":"x","version":"1"}}})"
                      "\n";
  for (const std::string& each : entries) lines += each + "\n";
  const File harl("lines.harl", lines);
  for (const unsigned threads : {0U, 1U, 3U}) {
    for (const std::uint64_t whole : {std::uint64_t{0}, std::uint64_t{1} << 30}) {
      for (const File* file : {&compact, &spaced, &harl}) check_same(file->path(), options(threads, whole));
    }
  }
}

TEST_CASE("a HAR that is cut off anywhere is refused as it is when it is read whole") {
  const std::string text =
      har_of({entry("https://h.test/a"), entry("https://h.test/b?ü=\\u00fc"), entry("https://h.test/c")}, " , ");
  const File file("cut.har", "");
  for (std::size_t size = 0; size <= text.size(); ++size) {
    file.write(std::string_view(text).substr(0, size));
    check_same(file.path(), options(size % 2 == 0 ? 2 : 0, size % 3 == 0 ? 0 : 1 << 20));
  }
}

namespace {

/// What adding a file says and gives, so that two ways of reading can be held beside each other.
struct Told {
  std::vector<std::string> lines{};
  std::vector<std::shared_ptr<const stream::Exchange>> exchanges{};
  std::vector<std::string> ids{};
  std::vector<std::size_t> found{};

  Told(const std::string& path, std::size_t part_size, unsigned threads, bool go_on) {
    StoreOptions how = options(threads, 0);
    how.part_size = part_size;
    how.input.report = [&](const stream::Finding& finding) { lines.push_back(to_string(finding)); };
    if (go_on) {
      how.broken = [&](const stream::Error& error) {
        lines.push_back(to_string(error));
        return true;
      };
    }
    const Opened opened(path, how);
    if (!opened.added) {
      lines.push_back("refused: " + to_string(opened.added.error()));
      return;  // what was read until then depends on how far the threads had come
    }
    for (std::size_t i = 0; i < opened.store.size(); ++i) {
      ids.push_back(opened.store.id(i));
      const auto exchange = opened.store.exchange(i);
      exchanges.push_back(exchange ? *exchange : nullptr);
      if (!exchange) lines.push_back(to_string(exchange.error()));
      const auto hit = exchange ? opened.matcher->find(match::request_of(**exchange)) : match::Found{};
      found.push_back(hit ? hit.index : SIZE_MAX);
    }
  }
};

void check_parts(const std::string& path) {
  for (const bool go_on : {false, true}) {
    const Told in_order(path, std::size_t{1} << 20, 0, go_on);  // larger than the file
    for (const auto& [part_size, threads] :
         {std::pair{std::size_t{900}, 2U}, {std::size_t{4000}, 0U}, {std::size_t{30'000}, 1U}}) {
      INFO(path << ", parts of " << part_size << ", " << threads << " threads, go on: " << go_on);
      const Told parts(path, part_size, threads, go_on);
      CHECK(parts.lines == in_order.lines);
      CHECK(parts.ids == in_order.ids);
      CHECK(parts.found == in_order.found);
      REQUIRE(parts.exchanges.size() == in_order.exchanges.size());
      for (std::size_t i = 0; i < parts.exchanges.size(); ++i) {
        REQUIRE((parts.exchanges[i] != nullptr) == (in_order.exchanges[i] != nullptr));
        if (parts.exchanges[i]) CHECK((*parts.exchanges[i] == *in_order.exchanges[i]));
      }
    }
  }
}

/// Of all sizes, so many that they are many parts.
std::vector<std::string> many_entries(std::size_t bytes) {
  const std::vector<std::string> odd = odd_entries();
  std::vector<std::string> out;
  for (std::size_t size = 0, i = 0; size < bytes; ++i) {
    std::string more =
        entry("https://h.test/many?n=" + std::to_string(i),
              i % 20 == 7 ? R"(,"_late":[{"startedDateTime":"x"},{"startedDateTime":"y"},"\"startedDateTime\"}"])" : "", "",
              R"("status":200,"content":{"mimeType":"a/b","text":")" + std::string(i * 37 % 5000, 'x') + "üü" + "\"}");
    for (const std::string& text : {odd[i % odd.size()], more}) {
      size += text.size();
      out.push_back(text);
    }
  }
  return out;
}

}  // namespace

TEST_CASE("a HAR that is read in parts gives and says what it does when it is read in order") {
  constexpr std::size_t kBytes = 150'000;
  const std::vector<std::string> good = many_entries(kBytes);
  const std::string bad_inside = entry("https://h.test/bad", R"(,"comment":")"
                                                             "\x01\"");
  const std::string not_utf8 = entry("https://h.test/bad", R"(,"comment":")"
                                                           "\xe4\"");
  const std::string events =
      R"({"startedDateTime":"x","request":{"method":"GET","url":"/e"},"response":{"content":7},"_recordingEvents":7})";
  const File file("parts.har", "");
  const auto check = [&](const std::vector<std::string>& entries, std::string_view separator, std::string_view tail = "]}}") {
    std::string text = har_of(entries, separator);
    text.resize(text.size() - 3);
    file.write(text.append(tail));
    check_parts(file.path());
  };
  check(good, ",");
  check(good, "\n ,\n ");
  check(good, ",", R"(],"pages":[{"startedDateTime":"2026-11-22T09:15:30.000Z","id":"p"},{"startedDateTime":"x","id":"q"}]}})");
  std::string second = R"(],"entries":[)";
  for (const std::string& each : good) second += each + ",";
  second.back() = ']';
  check(good, ",\n", second + "}}");
  for (const std::string& each : {bad_inside, not_utf8, events, std::string("7"), std::string("{},"),
                                  "{\"a\":" + std::string(600, '[') + std::string(600, ']') + "}"}) {
    auto entries = good;
    entries.insert(entries.begin() + static_cast<std::ptrdiff_t>(entries.size() * 9 / 10), each);
    entries.insert(entries.end() - 3, each);
    check(entries, ",\n");
  }
  for (const std::string_view tail : {"", "]", "]}", "}", "]}},", ",]}}", "{\"a", "\"]}}"}) check(good, ",\n", tail);
}

TEST_CASE("a HAR that is cut off anywhere says the same when it is read in parts") {
  const std::string text = har_of(many_entries(60'000), ",\n");
  const File file("cut-parts.har", "");
  for (std::size_t size = text.size(); size > 2'000; size -= 463) {
    file.write(std::string_view(text).substr(0, size));
    check_parts(file.path());
  }
}

TEST_CASE("an entry that is wrong inside is refused with its place, or left out, or found when it is asked for") {
  const std::string broken =
      R"({"request":{"method":"GET","url":"/b"},"response":{"status":200,"content":{"mimeType":"a/b","text":tru}}})";
  const File file("wrong.har", har_of({entry("https://h.test/a"), broken, entry("https://h.test/c")}, ",\n"));
  const Opened refused(file.path(), options(2, 1 << 20));
  REQUIRE(!refused.added);
  CHECK(refused.added.error().place.line == 2);
  CHECK(refused.added.error().place.pointer.starts_with("/log/entries/1"));

  StoreOptions lenient = options(2, 1 << 20);
  std::vector<std::string> heard;
  lenient.broken = [&](const stream::Error& error) {
    heard.push_back(to_string(error));
    return true;
  };
  const Opened skipped(file.path(), lenient);
  REQUIRE(skipped.added);
  CHECK(*skipped.added == 2);
  CHECK(heard.size() == 1);
  CHECK(skipped.store.id(1) == "3");
  CHECK(skipped.exchange(1)->url() == "https://h.test/c");
  const auto found = skipped.matcher->find(match::make_request("GET", "https://h.test/c"));
  REQUIRE(found);
  CHECK(found.index == 1);

  const Opened later(file.path(), options(2, 0));
  REQUIRE(later.added);
  CHECK(*later.added == 3);
  const auto read = later.store.exchange(1);
  REQUIRE(!read);
  CHECK(read.error().place.source == file.path());
  CHECK(read.error().place.pointer.starts_with("/log/entries/1"));
  CHECK(later.exchange(2)->url() == "https://h.test/c");
}

TEST_CASE("bytes that are not UTF-8 are found however large the file is") {
  const File file("latin.har", har_of({entry("https://h.test/a"), entry("https://h.test/b", R"(,"comment":")"
                                                                                            "\xe4\")")}));
  for (const std::uint64_t whole : {std::uint64_t{0}, std::uint64_t{1} << 20}) {
    const Opened opened(file.path(), options(1, whole));
    REQUIRE(!opened.added);
    CHECK(opened.added.error().code == stream::ErrorCode::encoding);
    CHECK(opened.added.error().place.pointer == "/log/entries/1");
  }
}

TEST_CASE("a file that is written to or cut while it is served is noticed, one that is replaced is not missed") {
  const std::string text = har_of({entry("https://h.test/a"), entry("https://h.test/b")});
  const File file("changing.har", text);
  const Opened opened(file.path());
  REQUIRE(opened.added);
  CHECK(opened.exchange(1)->url() == "https://h.test/b");
  std::filesystem::resize_file(file.path(), 300);
  auto read = opened.store.exchange(1);
  REQUIRE(!read);
  CHECK(read.error().code == stream::ErrorCode::io);
  CHECK(read.error().message == "the file has changed since it was opened");
  CHECK(read.error().place.source == file.path());
  CHECK(!opened.store.exchange(0));  // what is left of it may be anything

  const File other("replaced.har", text);
  const Opened kept(other.path());
  REQUIRE(kept.added);
  const File next("next.har", "{}");
  std::filesystem::rename(next.path(), other.path());
  CHECK(kept.exchange(1)->url() == "https://h.test/b");
  std::filesystem::remove(other.path());
  CHECK(kept.exchange(0)->url() == "https://h.test/a");

  const File grown("grown.har", text);
  const Opened before(grown.path());
  REQUIRE(before.added);
  grown.append("\n");
  CHECK(!before.store.exchange(0));
}

TEST_CASE("other inputs are held, and all of them are numbered on") {
  const std::string samples = HARTAPE_SOURCE_DIR "/samples/";
  Opened opened(samples + "chat-llm.rec.ndjson");
  REQUIRE(opened.added);
  CHECK(opened.store.file_bytes(0) == 0);
  const File empty("empty.har", har_of({}));
  const auto none = opened.store.add(empty.path(), *opened.matcher);
  REQUIRE(none);
  CHECK(*none == 0);
  const File file("two.har", har_of({entry("https://h.test/a"), entry("https://h.test/b")}));
  REQUIRE(opened.store.add(file.path(), *opened.matcher));
  REQUIRE(opened.store.size() == 3);
  CHECK(opened.store.id(2) == "2");
  CHECK(opened.store.input(0) == samples + "chat-llm.rec.ndjson");
  CHECK(opened.store.input(1) == file.path());
  CHECK(opened.store.file_bytes(1) != 0);
  CHECK(opened.exchange(2)->url() == "https://h.test/b");
  CHECK(opened.matcher->find(match::make_request("GET", "https://h.test/b")).index == 2);
}

TEST_CASE("every HAR of the corpus gives the same exchanges either way, and the same heads") {
  const char* corpus = std::getenv("HARTAPE_CORPUS");
  if (corpus == nullptr) {
    WARN("skipped: HARTAPE_CORPUS is not set");
    return;
  }
  std::size_t files = 0;
  std::size_t heads = 0;
  std::size_t entries = 0;
  for (const char* folder : {"har", "recorded_here"}) {
    for (const auto& file : std::filesystem::recursive_directory_iterator(std::filesystem::path(corpus) / folder)) {
      if (!file.is_regular_file() || file.path().extension() != ".har") continue;
      if (file.file_size() > 4'000'000) continue;
      ++files;
      check_same(file.path().string(), options(1, 1 << 30));
      const auto source = stream::open_input(file.path().string());
      REQUIRE(source);
      EntryReader reader(**source);
      EntryBatch batch;
      for (auto more = reader.next(batch); more && *more; more = reader.next(batch)) {
        for (const EntrySlice& slice : batch.entries()) {
          const auto json = stream::parse_json(slice.text);
          if (!json || !json->is_object()) continue;
          const auto whole = to_exchange(*json, {});
          REQUIRE(whole);
          ++entries;
          const auto head = store::read_head(slice.text, {});
          if (!head) continue;
          ++heads;
          INFO(file.path() << " entry " << slice.index);
          const match::Recorded recorded = match::recorded_of(*whole);
          CHECK(head->recorded.request == recorded.request);
          CHECK(head->recorded.status == recorded.status);
          if (head->kind) CHECK(*head->kind == whole->kind());
        }
      }
    }
  }
  WARN(files << " files, " << heads << " of " << entries << " entries by their heads");
  CHECK(files > 100);
}

TEST_CASE("many exchanges take little memory, are found by their requests, and are read on several threads at once") {
  constexpr std::size_t kEntries = 20'000;
  std::string text;
  std::size_t names = 0;
  {
    std::vector<std::string> entries;
    for (std::size_t i = 0; i < kEntries; ++i) {
      const std::string path = "/things/" + std::to_string(i);
      names += path.size();
      entries.push_back(entry("https://h" + std::to_string(i % 20) + ".test" + path + "?page=" + std::to_string(i), "",
                              R"(,"headers":[{"name":"Accept","value":"*/*"},{"name":"Referer","value":"https://h.test/"}])"));
    }
    text = har_of(entries, ",\n");
  }
  const File file("many.har", text);
  const Opened opened(file.path(), options(2, 0));
  REQUIRE(opened.added);
  REQUIRE(*opened.added == kEntries);
  std::size_t right = 0;
  for (std::size_t i = 0; i < kEntries; i += 97) {
    const std::string number = std::to_string(i);
    const auto found = opened.matcher->find(
        match::make_request("GET", "https://h" + std::to_string(i % 20) + ".test/things/" + number + "?page=" + number));
    if (found && found.index == i) ++right;
  }
  CHECK(right == (kEntries + 96) / 97);  // the index has settled by now
  const std::size_t each = (opened.store.memory() + opened.matcher->memory() - names) / kEntries;
  INFO(each << " bytes an entry");
  CHECK(each < 150);

  std::vector<std::size_t> read(4);
  std::vector<std::thread> threads;
  for (std::size_t& count : read) {
    threads.emplace_back([&] {
      for (std::size_t i = 0; i < kEntries; i += 50) {
        const auto exchange = opened.store.exchange(i);
        if (exchange && (*exchange)->url().ends_with("?page=" + std::to_string(i))) ++count;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(read == std::vector<std::size_t>(4, kEntries / 50));
}

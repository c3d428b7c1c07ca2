#include "formats/stubs/stub_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>

#include "formats/http_message.hpp"
#include "stream/text/utf8.hpp"

namespace har::format {

using stream::Json;
using stream::Status;

void StubWriter::append_stub(std::string& out, const Stub& stub) {
  const std::hash<std::string_view> hash;
  out += fmt::format("{} {} {} {} {}\n", hash(stub.key), hash("second " + stub.key), hash(stub.host), stub.request.size(),
                     stub.response.size());
  out += stub.request;
  out += stub.response;
}

Status StubWriter::write(std::string_view rendered) {
  while (!rendered.empty()) {
    const auto number = [&] {
      std::uint64_t out = 0;
      const auto [end, error] = std::from_chars(rendered.data(), rendered.data() + rendered.size(), out);
      rendered.remove_prefix(std::min(static_cast<std::size_t>(end - rendered.data()) + 1, rendered.size()));
      return out;
    };
    const std::uint64_t first = number();
    const std::uint64_t second = number();
    const std::uint64_t host = number();
    Record record;
    record.request = number();
    record.response = number();
    const auto [group, is_new] = groups_.try_emplace({first, second}, Group{counts_.size(), host});
    if (is_new) counts_.push_back(0);
    if (group->second.host != host && !std::exchange(told_hosts_, true)) several_hosts();
    record.group = group->second.index;
    record.position = ++counts_[record.group];
    record.offset = file_.size();
    const auto size = static_cast<std::size_t>(record.request + record.response);
    STREAM_TRY(file_.append(rendered.substr(0, size)));
    rendered.remove_prefix(std::min(size, rendered.size()));
    records_.push_back(record);
  }
  return {};
}

Status StubWriter::finish() {
  STREAM_TRY(sink().write(head()));
  // Numbers are given to those groups that have several, in the order of their first.
  std::vector<std::size_t> numbers(counts_.size());
  std::size_t last = 0;
  std::string text;
  for (std::size_t i = 0; i < records_.size(); ++i) {
    const Record& record = records_[i];
    if (counts_[record.group] > 1 && numbers[record.group] == 0) numbers[record.group] = ++last;
    text.resize(static_cast<std::size_t>(record.request + record.response));
    if (!text.empty()) STREAM_TRY(file_.read(record.offset, text));
    file_.release(record.offset, text.size());
    const std::string_view view = text;
    std::string rule = this->rule(view.substr(0, static_cast<std::size_t>(record.request)),
                                  view.substr(static_cast<std::size_t>(record.request)),
                                  {numbers[record.group], record.position, counts_[record.group]});
    if (options().style == WriteOptions::Style::pretty) {
      if (auto json = stream::parse_json(rule)) rule = to_json(*json, {2, 2});
    }
    if (i + 1 < records_.size()) rule += ',';
    STREAM_TRY(sink().write(rule + '\n'));
  }
  return sink().write(tail());
}

std::string with_member(std::string_view object, std::string_view name, const Json& value) {
  std::string out(object.substr(0, object.size() - 1));
  if (out.size() > 1) out += ',';
  stream::write_json_string(out, name);
  out += ':';
  write_json(out, value);
  return out += '}';
}

StubBody stub_body(const Fields& fields, std::string_view body) {
  if (body.empty()) return StubBody::none;
  const std::string type = joined_field(fields, "content-type");
  if (type.find("multipart/") != std::string::npos) return StubBody::multipart;
  if (!stream::is_utf8(body)) return StubBody::binary;
  const bool json = type.find("json") != std::string::npos || body.front() == '{' || body.front() == '[';
  return json && stream::parse_json(body) ? StubBody::json : StubBody::text;
}

Fields stub_fields(const ResponseMessage& response) {
  Fields out = response.fields;
  for (const std::string_view name :
       {"Connection", "Content-Length", "Keep-Alive", "Proxy-Connection", "Trailer", "Transfer-Encoding", "Upgrade"})
    remove_field(out, name);
  return out;
}

}  // namespace har::format

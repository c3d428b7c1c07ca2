#include "hardiff/against/got.hpp"

#include <fmt/format.h>

#include <utility>

#include "hardiff/against/comparable.hpp"
#include "stream/replay/cookie_jar.hpp"

namespace tools::hardiff {
namespace {

namespace replay = stream::replay;
using stream::ErrorCode;
using stream::Exchange;
using stream::Json;
using stream::Result;
using stream::Status;

/// HAR lists cookies beside the headers that they are in.
Exchange with_cookies(Exchange exchange) {
  if (exchange.response) exchange.response->object.set("cookies", har_cookies(exchange.response->object["headers"]));
  if (exchange.request) {
    Json cookies = Json::array();
    const Json& headers = exchange.request->object["headers"];
    for (const Json& field : headers.is_array() ? headers.as_array() : Json::Array{}) {
      if (!replay::iequals(field["name"].string_or(""), "cookie")) continue;
      for (const auto& [name, value] : replay::parse_cookies(field["value"].string_or(""))) {
        cookies.as_array().push_back(Json::Object{{"name", name}, {"value", value}});
      }
    }
    exchange.request->object.set("cookies", std::move(cookies));
  }
  return exchange;
}

}  // namespace

Result<std::unique_ptr<Got>> Got::open(const AgainstRun& run, Messages& messages) {
  if (run.output.empty()) return std::unique_ptr<Got>();
  const har::Format* format = run.to ? har::find_format(*run.to) : run.output == "-" ? nullptr : har::format_of_name(run.output);
  if (run.to && format == nullptr) {
    return stream::fail(
        {ErrorCode::usage, fmt::format("there is no format \"{}\"", *run.to), {}, "harconv --formats lists them"});
  }
  if (format == nullptr) format = har::find_format("har");
  if (format->open_writer == nullptr) {
    return stream::fail(
        {ErrorCode::usage, fmt::format("we can't write the format \"{}\"", format->name), {}, "harconv --formats lists them"});
  }
  std::unique_ptr<Got> got(new Got);
  STREAM_ASSIGN(got->sink_, stream::open_output(run.output, run.output_options));
  har::WriteOptions options;
  options.creator = Json::Object{{"name", "hardiff"}, {"version", version()}};
  options.report = messages.findings();
  got->report_ = messages.findings();
  got->writer_ = format->open_writer(*got->sink_, options);
  return got;
}

Status Got::write(Exchange exchange, std::size_t index) {
  har::Item item;
  item.exchange = with_cookies(std::move(exchange));
  item.index = index;
  if (!begun_) STREAM_TRY(writer_->begin(item, info_));
  begun_ = true;
  text_.clear();
  STREAM_TRY(writer_->render(item, {info_, nullptr, report_}, text_));
  return writer_->write(text_);
}

Status Got::finish() {
  if (begun_) STREAM_TRY(writer_->end_input(info_));
  STREAM_TRY(writer_->finish());
  return sink_->finish();
}

}  // namespace tools::hardiff

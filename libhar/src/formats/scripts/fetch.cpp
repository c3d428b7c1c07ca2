// A module that makes the requests with fetch, for Node.js 18 and newer (also Deno, Bun and browsers, which keep some headers to
// themselves).
#include <fmt/format.h>

#include "formats/exchange_writer.hpp"
#include "formats/scripts/literals.hpp"
#include "formats/scripts/script_request.hpp"
#include "stream/text/base64.hpp"
#include "stream/text/utf8.hpp"

namespace har::format {
namespace {

constexpr ScriptClient kFetchClient{"fetch", false, false, "\"<>\\^`{}'", false, false};

constexpr std::string_view kHead = R"(// Run with: node FILE.mjs
async function send(url, options) {
  const response = await fetch(url, {redirect: "manual", ...options});
  const body = await response.arrayBuffer();
  console.log(response.status, body.byteLength, options.method, url);
}
function bytes(base64) {
  return Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
}
)";

/// fetch makes these in upper case (Fetch §4.4 "normalize"); others are sent as they are.
bool is_normalized(std::string_view method) {
  constexpr std::string_view kMethods[] = {"DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"};
  for (const std::string_view known : kMethods) {
    if (same_name(method, known) && method != known) return true;
  }
  return false;
}

class Writer final : public ExchangeWriter {
 public:
  using ExchangeWriter::ExchangeWriter;

 protected:
  stream::Status render_exchange(const stream::Exchange& exchange, const Item& item, const RenderContext& context,
                                 std::string& out) const override {
    const auto request = script_request(exchange, kFetchClient, item.where(), context.report);
    if (!request) return {};
    const auto lost = [&](std::string_view what, std::string message) {
      report_loss(what, std::move(message), item.where(), context.report);
    };
    if (request->method == "TRACE" || request->method == "TRACK" || same_name(request->method, "connect")) {
      lost("exchange", fmt::format("it is left out: fetch does not send {}", request->method));
      return {};
    }
    if (is_normalized(request->method)) lost("request-method", fmt::format("fetch sends {} in upper case", request->method));
    out += fmt::format("await send({}, {{\n  method: {},\n", js_string(request->url), js_string(request->method));
    if (!request->fields.empty()) {
      out += "  headers: {\n";
      // A name that is "__proto__" would be no member in this form.
      for (const Field& field : request->fields)
        out += fmt::format("    [{}]: {},\n", js_string(field.name), js_byte_string(field.value));
      out += "  },\n";
    }
    if (!request->body.empty()) {
      // Text would get a Content-Type that it does not have.
      const bool typed = find_field(request->fields, "content-type") != nullptr;
      if (typed && stream::is_utf8(request->body)) {
        out += fmt::format("  body: {},\n", js_string(request->body));
      } else {
        out += fmt::format("  body: bytes(\"{}\"),\n", stream::base64_encode(request->body));
      }
    }
    out += "});\n";
    return {};
  }
  HeldMembers held() const override { return script_members(); }
  std::string_view format_name() const override { return "fetch"; }
  std::string head() const override { return std::string(kHead); }
};

}  // namespace

const Format kFetch{
    "fetch",
    "a module of JavaScript that makes the requests with fetch",
    ".mjs",
    nullptr,
    nullptr,
    [](stream::ByteSink& sink, const WriteOptions& options) -> std::unique_ptr<ItemWriter> {
      return std::make_unique<Writer>(sink, options);
    },
};

}  // namespace har::format

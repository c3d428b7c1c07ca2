// A program of Python that makes the requests with the library requests.
#include <fmt/format.h>

#include "formats/exchange_writer.hpp"
#include "formats/scripts/literals.hpp"
#include "formats/scripts/script_request.hpp"
#include "stream/text/utf8.hpp"

namespace har::format {
namespace {

constexpr ScriptClient kPythonClient{"Python requests", false, true, "\"<>\\^`{|}", false, false};

// Without SKIP_HEADER urllib3 and http.client add their own; without trust_env a ~/.netrc would add an Authorization.
constexpr std::string_view kHead = R"(# Run with: python3 FILE.py
import requests
from urllib3.util import SKIP_HEADER

session = requests.Session()
session.trust_env = False
session.headers.clear()


def send(method, url, headers, body=None):
    names = {name.lower() for name in headers}
    for name in ("Accept-Encoding", "User-Agent"):
        if name.lower() not in names:
            headers[name] = SKIP_HEADER
    request = requests.Request(method, url, headers=headers, data=body).prepare()
    request.method = method
    if body is None and "content-length" not in names:
        request.headers.pop("Content-Length", None)
    response = session.send(request, allow_redirects=False)
    session.cookies.clear()
    print(response.status_code, len(response.content), method, url)

)";

class Writer final : public ExchangeWriter {
 public:
  using ExchangeWriter::ExchangeWriter;

 protected:
  stream::Status render_exchange(const stream::Exchange& exchange, const Item& item, const RenderContext& context,
                                 std::string& out) const override {
    const auto request = script_request(exchange, kPythonClient, item.where(), context.report);
    if (!request) return {};
    out += fmt::format("\nsend({}, {}, {{", python_string(request->method), python_string(request->url));
    if (!request->fields.empty() || request->length_of_nothing) out += '\n';
    for (const Field& field : request->fields) {
      const bool ascii = std::string_view(field.value).find_first_not_of(kAscii) == std::string_view::npos;
      out +=
          fmt::format("    {}: {},\n", python_string(field.name), ascii ? python_string(field.value) : python_bytes(field.value));
    }
    if (request->body.empty() && request->length_of_nothing) out += "    \"Content-Length\": \"0\",\n";
    out += request->body.empty() ? "})\n" : fmt::format("}}, {})\n", python_bytes(request->body));
    return {};
  }
  HeldMembers held() const override { return script_members(); }
  std::string_view format_name() const override { return "Python requests"; }
  std::string head() const override { return std::string(kHead); }

 private:
  static constexpr std::string_view kAscii =
      "\t !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~";
};

}  // namespace

const Format kPythonRequests{
    "python",
    "a program of Python that makes the requests with requests",
    ".py",
    nullptr,
    nullptr,
    [](stream::ByteSink& sink, const WriteOptions& options) -> std::unique_ptr<ItemWriter> {
      return std::make_unique<Writer>(sink, options);
    },
};

}  // namespace har::format

#include <algorithm>
#include <cmath>

#include "check/importers/javascript.hpp"
#include "check/importers/report.hpp"
#include "check/importers/url_form.hpp"
#include "stream/codec/http_grammar.hpp"
#include "stream/text/ascii.hpp"

/// Playwright: routeFromHAR, as of 1.61. Opening the file is parsing it; all else happens when a page asks for something: then
/// every entry is compared with what it asks for, and the one that fits is made into an answer.
namespace har::check::importers {
namespace {

using stream::Json;
using stream::ascii::equal_ignoring_case;
using stream::http::is_token;

/// The answer's shape is checked where nothing catches what is thrown: Node.js ends.
constexpr std::string_view kEnds = ": Playwright throws where a test cannot catch it, once the entry is asked for";
constexpr std::string_view kAborted = ": Playwright aborts the request";
constexpr std::string_view kHangs = ": the browser refuses the answer, and the request hangs";

/// Whether path.resolve() leads out of the folder.
bool escapes(std::string_view file) {
  if (file.starts_with('/')) return true;
  int depth = 0;
  while (!file.empty()) {
    const std::string_view part = file.substr(0, file.find('/'));
    file.remove_prefix(std::min(part.size() + 1, file.size()));
    if (part == "..") {
      if (--depth < 0) return true;
    } else if (!part.empty() && part != ".") {
      ++depth;
    }
  }
  return false;
}

class Importer {
 public:
  explicit Importer(Report& report) : report_(report) {}

  void entry(const Json& value) {
    const At root;
    const At request(root, "request");
    const Json* const sent = value.find("request");
    if (sent == nullptr || sent->is_null()) {
      report_.refuse(request,
                     "expected an object, found " + found(sent) + ": Playwright aborts every request, whichever entry fits");
      return;
    }
    if (!asked_for(request, *sent)) return;  // nobody sees the answer
    answer(At(root, "response"), value.find("response"));
  }

 private:
  /// Whether a browser can ask for it.
  bool asked_for(const At& at, const Json& request) {
    const Json* const url = request.find("url");
    if (url == nullptr || !url->is_string()) {
      report_.misread(At(at, "url"), "expected a URL, found " + found(url) + ": Playwright never uses the entry");
      return false;
    }
    const std::string_view text = url->as_string();
    const std::size_t colon = std::min(text.find(':'), text.size());
    const std::string_view scheme = text.substr(0, colon);
    if (equal_ignoring_case(scheme, "ws") || equal_ignoring_case(scheme, "wss")) {
      report_.misread(At(at, "url"), "expected http or https, found " + found(url) + ": Playwright does not replay WebSockets");
      return false;
    }
    if (!equal_ignoring_case(scheme, "http") && !equal_ignoring_case(scheme, "https")) {
      // What needs no network (data:, blob:, about:, chrome-extension:) is not routed, and not missed.
      if (is_no_url(text))
        report_.misread(At(at, "url"), "expected a URL, found " + found(url) + ": Playwright never uses the entry");
      return false;
    }
    if (const std::string_view why = respelled(text); !why.empty()) {
      report_.misread(At(at, "url"), "expected a URL as a browser spells it, found " + std::string(why) + " in " + found(url) +
                                         ": no request is equal to it");
      return false;
    }

    const Json* const method = request.find("method");
    if (method == nullptr || !method->is_string() || !is_token(method->as_string())) {
      report_.misread(At(at, "method"), "expected a method, found " + found(method) + ": Playwright never uses the entry");
      return false;
    }
    for (const std::string_view never : {"connect", "trace", "track"}) {
      if (!equal_ignoring_case(method->as_string(), never)) continue;
      report_.misread(At(at, "method"),
                      "expected a method that pages can use, found " + found(method) + ": Playwright never uses the entry");
      return false;
    }
    for (const std::string_view upper : {"GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS"}) {
      std::string lower(upper);
      for (char& c : lower) c = static_cast<char>(c | 0x20);
      if (method->as_string() == upper || !equal_ignoring_case(method->as_string(), lower)) continue;
      report_.misread(At(at, "method"), "expected \"" + std::string(upper) + "\", found " + found(method) +
                                            ": browsers send it in capitals, and Playwright never uses the entry");
      return false;
    }
    return method->as_string() != "POST" || posted(At(at, "postData"), request.find("postData"));
  }

  /// A request with a body fits if its body is equal.
  bool posted(const At& at, const Json* post) {
    if (!javascript::truthy(post)) return true;
    if (javascript::truthy(post->find("_file"))) return file(At(at, "_file"), post->find("_file"));
    if (!text(at, *post)) return false;
    const Json& params = (*post)["params"];
    if (javascript::truthy(post->find("text")) || !params.is_array() || params.as_array().empty()) return true;
    report_.misread(At(at, "text"), "expected the body as text, found " + found(post->find("text")) +
                                        ": Playwright does not read params, and no form is equal to it");
    return false;
  }

  void answer(const At& at, const Json* response) {
    const At list(at, "headers");
    if (response == nullptr || response->is_null()) {
      return report_.misread(at, "expected an object, found " + found(response) + std::string(kAborted));
    }
    const Json* const headers = response->find("headers");
    if (headers == nullptr || !headers->is_array()) {
      return report_.misread(list, "expected an array, found " + found(headers) + std::string(kAborted));
    }
    const Json* const status = response->find("status");
    const double code = status != nullptr && status->is_number() ? status->number_or(NAN) : NAN;
    for (std::size_t i = 0; i < headers->as_array().size(); ++i) {
      const Json& header = headers->as_array()[i];
      const At here(list, i);
      const Json* const name = header.find("name");
      if (name == nullptr || !name->is_string()) {
        const At member(here, "name");
        return report_.misread(header.is_object() ? member : here, "expected a header with a name, found " +
                                                                       (header.is_object() ? found(name) : found(&header)) +
                                                                       std::string(kAborted));
      }
      if (!equal_ignoring_case(name->as_string(), "location")) continue;
      if (code == 301 || code == 302 || code == 303 || code == 307 || code == 308) {
        return redirect(At(here, "value"), header.find("value"));
      }
      break;
    }
    if (!content(At(at, "content"), response->find("content"))) return;
    if (!has_form(at, status, *headers)) return;
    if (status_code(At(at, "status"), status)) header_values(list, *headers);
  }

  void redirect(const At& at, const Json* location) {
    if (location == nullptr || !location->is_string()) return;  // what JavaScript makes of it is a path
    const std::string_view text = location->as_string();
    const bool absolute = equal_ignoring_case(text.substr(0, 5), "http:") || equal_ignoring_case(text.substr(0, 6), "https:");
    if (absolute && is_no_url(text) && text.find_first_of("/\\") != std::string_view::npos) {
      report_.misread(at, "expected a URL, found " + found(location) + std::string(kAborted));
    }
  }

  bool content(const At& at, const Json* body) {
    if (body == nullptr || body->is_null()) {
      report_.misread(at, "expected an object, found " + found(body) + std::string(kAborted));
      return false;
    }
    if (!body->is_object()) {
      report_.misread(at, "expected an object, found " + found(body) + ": Playwright answers without a body");
      return true;
    }
    if (javascript::truthy(body->find("_file"))) return file(At(at, "_file"), body->find("_file"));
    return text(at, *body);
  }

  bool file(const At& at, const Json* name) {
    if (!name->is_string() || name->as_string().find('\0') != std::string::npos) {
      report_.misread(at, "expected the name of a file, found " + found(name) + std::string(kAborted));
      return false;
    }
    if (!escapes(name->as_string())) return true;
    report_.misread(at, "expected a file beside the HAR, found " + found(name) + std::string(kAborted));
    return false;
  }

  bool text(const At& at, const Json& holder) {
    const Json* const value = holder.find("text");
    if (!javascript::truthy(value) || value->is_string()) return true;
    const bool bytes = value->is_array() || (value->is_object() && value->find("length") != nullptr);
    report_.misread(At(at, "text"), "expected a string, found " + found(value) +
                                        (bytes ? ": Playwright takes it for a list of bytes" : std::string(kAborted)));
    return bytes;
  }

  /// Whether the answer is of the form that is checked before it is sent.
  bool has_form(const At& at, const Json* status, const Json& headers) {
    const double code = status != nullptr && status->is_number() ? status->number_or(NAN) : NAN;
    if (status != nullptr && (code != std::floor(code) || std::isinf(code))) {
      report_.refuse(At(at, "status"), "expected an integer, found " + found(status) + std::string(kEnds));
      return false;
    }
    const At list(at, "headers");
    for (std::size_t i = 0; i < headers.as_array().size(); ++i) {
      const At here(list, i);
      for (const std::string_view member : {"name", "value"}) {
        const Json* const value = headers.as_array()[i].find(member);
        if (value != nullptr && value->is_string()) continue;
        report_.refuse(At(here, member), "expected a string, found " + found(value) + std::string(kEnds));
        return false;
      }
    }
    return true;
  }

  /// Whether an answer is sent.
  bool status_code(const At& at, const Json* status) {
    const double code = status != nullptr ? status->number_or(0) : 0;
    if (code == -1) {
      report_.misread(at, "expected a status, found -1: the request never gets an answer");
      return false;
    }
    if (std::abs(code) > 2'147'483'647) {
      report_.misread(at, "expected a status, found " + found(status) + std::string(kHangs));
      return false;
    }
    if (code <= 0) report_.misread(at, "expected a status, found " + found(status) + ": Playwright answers with 200");
    return true;
  }

  void header_values(const At& list, const Json& headers) {
    for (std::size_t i = 0; i < headers.as_array().size(); ++i) {
      const Json& header = headers.as_array()[i];
      const At here(list, i);
      const std::string& name = header["name"].as_string();
      if (!is_token(name)) {
        return report_.misread(At(here, "name"),
                               "expected a header's name, found " + found(&header["name"]) + std::string(kHangs));
      }
      // Several cookies in one value are taken apart at line feeds.
      const std::string_view refused =
          equal_ignoring_case(name, "set-cookie") ? std::string_view("\r\0", 2) : std::string_view("\r\n\0", 3);
      if (header["value"].as_string().find_first_of(refused) != std::string::npos) {
        return report_.misread(At(here, "value"),
                               "expected a value in one line, found " + found(&header["value"]) + std::string(kHangs));
      }
    }
  }

  Report& report_;
};

}  // namespace

void playwright_entry(const Json& entry, Report& report) { Importer(report).entry(entry); }

}  // namespace har::check::importers

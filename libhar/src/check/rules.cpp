#include "har/check/rule.hpp"

namespace har::check {
namespace {

using enum Severity;

constexpr Rule kRules[] = {
    {RuleId::json_syntax, "json-syntax", error, error, "the text is not JSON",
     "A program that reads JSON refuses the whole file. harcheck goes on behind the entry that is broken.", "RFC 8259"},
    {RuleId::json_utf8, "json-utf8", error, error, "bytes that are not UTF-8",
     "HAR is UTF-8 and nothing else; bytes that are not text belong into base64 with \"encoding\": \"base64\".",
     "HAR 1.2 section 3; RFC 8259 section 8.1"},
    {RuleId::json_limit, "json-limit", error, error, "too large or nested too deeply to be checked",
     "Limits keep hostile files from taking all memory; --max-entry and --max-depth raise them.", "harcheck"},
    {RuleId::json_surrogate, "json-surrogate", warning, warning, "an escape of half a surrogate pair",
     "It stands for no character: some programs refuse it, some replace it, and no two read the same text.",
     "RFC 8259 section 8.2"},
    {RuleId::json_number, "json-number", note, note, "a number that programs reading doubles change",
     "Most programs read numbers into 64-bit floating point, which has no room for it.", "RFC 8259 section 6"},
    {RuleId::har_bom, "har-bom", warning, note, "a byte order mark before the text",
     "HAR readers must take it, JSON readers need not: Playwright and jq 1.5 refuse it.",
     "HAR 1.2 section 3; RFC 8259 section 8.1"},
    {RuleId::har_jsonp, "har-jsonp", error, note, "a JSONP call around the HAR",
     "onInputData({...}) is JavaScript, not JSON; only HAR viewers of old take it.", "HAR 1.2 section 3; HARP"},
    {RuleId::har_cut, "har-cut", error, error, "the file ends in the middle",
     "It was copied or written incompletely. harcheck --fix closes it behind the last whole entry.", "RFC 8259"},
    {RuleId::har_second_entries, "har-second-entries", error, warning, "a second array of entries",
     "JSON readers keep one of two members with the same name and lose the other's entries.", "RFC 8259 section 4"},
    {RuleId::har_duplicate_member, "har-duplicate-member", error, warning, "a member stands twice in an object",
     "JSON readers keep one of them, and not all of them the same one.", "RFC 8259 section 4"},

    {RuleId::har_type, "har-type", error, error, "a value of another type than HAR says",
     "Readers that rely on the type fail, or misread the value. null where a member could be left out is milder.",
     "HAR 1.2 section 4.2"},
    {RuleId::har_required, "har-required", error, error, "a member that HAR requires is missing",
     "Readers may rely on it. Some members are left out by well-known programs without harm; those are notes by default.",
     "HAR 1.2 section 4.2"},
    {RuleId::har_member, "har-member", error, note, "a member that HAR does not have, without an underscore",
     "Names of one's own must begin with an underscore, so that later versions of HAR cannot clash with them.",
     "HAR 1.2 section 4.3"},
    {RuleId::har_value, "har-value", error, warning, "a value outside of what HAR allows",
     "The type is right, the value is none of those that the schema lists, or beyond its bounds.",
     "HAR 1.2 section 4.2; schemas/"},
    {RuleId::har_version, "har-version", warning, note, "a version of HAR other than 1.2",
     "1.1 differs in little (no ssl, no comment) and is read by everything; other versions were never published.",
     "HAR 1.2 section 4.2.1"},

    {RuleId::date_format, "date-format", error, error, "a date that is not YYYY-MM-DDThh:mm:ss.sTZD",
     "Dates are ISO 8601 with a zone. One without a zone means another moment on every machine.", "HAR 1.2 section 4.2.3"},
    {RuleId::date_value, "date-value", error, error, "a day or time of day that does not exist",
     "February 30th, or 25:61: readers reject it or roll it over to another day.", "ISO 8601; HAR 1.2 section 4.2.3"},
    {RuleId::timings_negative, "timings-negative", error, warning, "a time that is negative, and not -1 for unknown",
     "Sums and waterfalls come out wrong. -1 alone means that a phase does not apply.", "HAR 1.2 section 4.2.16"},
    {RuleId::timings_unknown, "timings-unknown", error, note, "send, wait or receive is -1",
     "HAR requires these three phases to be known; Chrome, Playwright and others write -1 for cached or failed requests.",
     "HAR 1.2 section 4.2.16"},
    {RuleId::size_negative, "size-negative", error, note, "a size that is negative, and not -1 for unknown",
     "Chrome subtracts headers from bytes that were never transferred; programs that add up sizes get too little.",
     "HAR 1.2 sections 4.2.5 and 4.2.6"},
    {RuleId::content_size_unknown, "content-size-unknown", error, note, "content.size is -1",
     "HAR has no unknown size of a content; Playwright and Firefox write it nevertheless.", "HAR 1.2 section 4.2.14"},
    {RuleId::status_range, "status-range", warning, warning, "a status outside of 100 to 599",
     "No such class of status exists, and a server that replays the entry cannot send it.", "RFC 9110 section 15"},
    {RuleId::status_none, "status-none", warning, note, "a status that says that there was no answer",
     "0, -1 or -2: the request was blocked, failed or was aborted. Such an entry cannot be replayed.",
     "Chrome, Playwright, WebPageTest"},
    {RuleId::method_token, "method-token", error, warning, "a method that HTTP does not allow",
     "A method is a token: letters, digits and a few marks. The entry cannot be sent or replayed.", "RFC 9110 section 9.1"},
    {RuleId::header_name, "header-name", error, warning, "a header name that HTTP does not allow",
     "A name is a token; HTTP/2's :pseudo-headers are let pass. The header cannot be sent.", "RFC 9110 section 5.1"},
    {RuleId::header_value, "header-value", error, warning, "a header value with CR, LF or NUL",
     "Sent as it is, it splits the message and smuggles headers in; several lines joined by LF are several headers.",
     "RFC 9110 section 5.5"},
    {RuleId::url_absolute, "url-absolute", error, warning, "a URL that is not absolute",
     "Without scheme and host nobody knows where the request went.", "HAR 1.2 section 4.2.5"},
    {RuleId::url_scheme, "url-scheme", warning, note, "a URL of an unusual scheme",
     "Only http, https, ws and wss are requests on the wire; data, blob, about, file and extensions are known besides.",
     "HAR 1.2 section 4.2.5"},
    {RuleId::url_fragment, "url-fragment", warning, note, "a URL with a fragment",
     "The part behind # is never sent, and HAR leaves it out; matching by URL fails with it.", "HAR 1.2 section 4.2.5"},
    {RuleId::url_characters, "url-characters", warning, note, "a URL with characters that must be percent-encoded",
     "Spaces, control characters and what is not ASCII are not part of a URL; programs differ in what they make of them.",
     "RFC 3986 section 2"},
    {RuleId::http_version, "http-version", warning, note, "a protocol version not written as HTTP/x.y",
     "h2, http/2.0, HTTP/2, unknown and an empty string all occur: compare them after normalising.", "HAR 1.2 section 4.2.5"},
    {RuleId::server_address, "server-address", warning, warning, "serverIPAddress is not an IP address",
     "It is the result of the DNS resolution, not the name.", "HAR 1.2 section 4.2.4"},
    {RuleId::server_address_form, "server-address-form", warning, note, "serverIPAddress is empty or in brackets",
     "Chrome writes [2606:4700::1], and nothing for connections that were not made; validators of old refuse the file for it.",
     "HAR 1.2 section 4.2.4"},
    {RuleId::mime_type, "mime-type", warning, note, "a mimeType that is not type/subtype",
     "x-unknown and an empty string occur where the type was not known.", "RFC 9110 section 8.3.1"},
    {RuleId::content_encoding, "content-encoding", warning, warning, "content.encoding is something other than base64",
     "Readers know base64 only, and take the text as it stands otherwise. A charset belongs into mimeType.",
     "HAR 1.2 section 4.2.14"},
    {RuleId::base64_invalid, "base64-invalid", error, error, "text that should be base64 and is not",
     "The bytes of the body are lost to every reader.", "RFC 4648 section 4"},
    {RuleId::base64_breaks, "base64-breaks", warning, note, "base64 with line breaks", "Some decoders refuse white space.",
     "RFC 4648 section 3.1"},
    {RuleId::base64_undeclared, "base64-undeclared", warning, note, "text that is base64 without saying so",
     "Its length fits the size of the content times 4/3, and encoding is missing: readers show base64 for the body.",
     "HAR 1.2 section 4.2.14"},

    {RuleId::time_sum, "time-sum", warning, note, "time is not the sum of the timings",
     "HAR: time is the sum of all timings that are not -1 (ssl is within connect). Tolerance: 1 ms or 0.5 %, whichever is more.",
     "HAR 1.2 section 4.2.16"},
    {RuleId::time_sum_ssl, "time-sum-ssl", warning, note, "time counts ssl besides connect",
     "Firefox, mitmproxy and Playwright keep ssl out of connect; HAR 1.2 has it within.", "HAR 1.2 section 4.2.16"},
    {RuleId::ssl_in_connect, "ssl-in-connect", warning, note, "ssl takes longer than connect, which contains it",
     "Since HAR 1.2 the time of the TLS handshake is part of connect.", "HAR 1.2 section 4.2.16"},
    {RuleId::query_url, "query-url", warning, note, "queryString does not agree with the URL",
     "The URL is what was sent; queryString is its parsed form. One of them was edited, or parsed wrongly.",
     "HAR 1.2 section 4.2.12"},
    {RuleId::cookie_header, "cookie-header", warning, note, "cookies do not agree with the Cookie or Set-Cookie headers",
     "A reader that takes one sees other cookies than one that takes the other. Secrets removed from one may still be in the "
     "other.",
     "HAR 1.2 section 4.2.9"},
    {RuleId::redirect_location, "redirect-location", warning, note, "redirectURL does not agree with the Location header",
     "redirectURL is the value of Location; a replay that follows one goes elsewhere than one that follows the other.",
     "HAR 1.2 section 4.2.6"},
    {RuleId::content_size, "content-size", warning, note, "content.size is not the length of the decoded text",
     "Some writers count characters instead of bytes, or compressed bytes, or had cut the text.", "HAR 1.2 section 4.2.14"},
    {RuleId::content_compression, "content-compression", note, note, "compression is not what size and bodySize say",
     "compression is size less bodySize: the bytes saved.", "HAR 1.2 section 4.2.14"},
    {RuleId::body_unexpected, "body-unexpected", warning, warning, "a body where HTTP has none",
     "An answer to HEAD, or with status 1xx, 204 or 304, ends with its headers; a server that replays the body breaks the "
     "connection.",
     "RFC 9110 section 6.4.1"},
    {RuleId::post_both, "post-both", warning, note, "postData has both params and text",
     "HAR calls them mutually exclusive; Chrome and Firefox write both. Readers take text.", "HAR 1.2 section 4.2.13"},
    {RuleId::post_disagree, "post-disagree", warning, warning, "postData.params and postData.text say different things",
     "What is sent depends on which of them a program takes.", "HAR 1.2 section 4.2.13"},
    {RuleId::post_on_get, "post-on-get", note, note, "a GET or HEAD request with a body",
     "HTTP gives it no meaning, and many programs drop it.", "RFC 9110 section 9.3.1"},

    {RuleId::page_id_duplicate, "page-id-duplicate", error, error, "two pages have the same id",
     "Which of them an entry belongs to can't be told. Naive merging makes this; harmerge does not.", "HAR 1.2 section 4.2.2"},
    {RuleId::pageref_unknown, "pageref-unknown", error, warning, "pageref names a page that is not there",
     "Viewers that group by page hide the entry.", "HAR 1.2 section 4.2.4"},
    {RuleId::page_unused, "page-unused", note, note, "a page without entries", "Nothing refers to it.", "HAR 1.2 section 4.2.2"},
    {RuleId::entries_order, "entries-order", note, note, "entries are not sorted by time",
     "HAR prefers entries sorted by startedDateTime, oldest first, and has readers cope if they are not.",
     "HAR 1.2 section 4.2.1"},
    {RuleId::entry_before_page, "entry-before-page", warning, note, "an entry ended before its page began",
     "Waterfalls begin with the page: the entry stands left of the origin.", "HAR 1.2 section 4.2.2"},
    {RuleId::entry_outside_page, "entry-outside-page", note, note, "an entry began before its page",
     "The clock of one of them is wrong, or the request was made by the page before.", "HAR 1.2 section 4.2.2"},
    {RuleId::entry_duplicate, "entry-duplicate", warning, warning, "the same entry stands twice",
     "Two files were joined that overlap: counts and sums come out too high. harmerge --dedupe removes the copies.", "harcheck"},

    {RuleId::ws_opcode, "ws-opcode", warning, warning, "a WebSocket message of an opcode that no message has",
     "Messages are text (1) or binary (2); control frames 8, 9 and 10 are let pass, and -1 for an error.",
     "RFC 6455 section 11.8"},
    {RuleId::ws_data, "ws-data", error, error, "the data of a WebSocket message can't be decoded",
     "Binary messages stand in base64; a text message is UTF-8, so that half a surrogate pair cannot be in it.",
     "Chrome DevTools; RFC 6455 section 5.6"},
    {RuleId::ws_time_order, "ws-time-order", warning, warning, "WebSocket messages go back in time",
     "Messages stand in the order in which they were sent and received.", "Chrome DevTools"},
    {RuleId::ws_time_window, "ws-time-window", warning, note, "a WebSocket message before its connection",
     "The clocks of the entry and of its messages differ.", "Chrome DevTools"},
    {RuleId::ws_time_unit, "ws-time-unit", note, note, "the times of WebSocket messages are not seconds since 1970",
     "Chrome and most others write seconds; Playwright milliseconds, or -1; some write seconds of a monotonic clock.",
     "Chrome DevTools; Playwright"},
    {RuleId::ws_status, "ws-status", note, note, "WebSocket messages in an entry that is not an upgrade",
     "Messages can only be exchanged once the server has answered 101, or 200 in HTTP/2.", "RFC 6455 section 4.1; RFC 8441"},
    {RuleId::sse_text, "sse-text", warning, warning, "_eventSourceMessages do not agree with the body",
     "The events decoded from content.text are others than those listed.", "HTML: server-sent events; Chrome DevTools"},
    {RuleId::sse_time_order, "sse-time-order", warning, warning, "server-sent events go back in time",
     "Events stand in the order in which they arrived.", "Chrome DevTools"},
    {RuleId::sse_time_window, "sse-time-window", warning, note, "an event before its request",
     "The clocks of the entry and of its events differ.", "Chrome DevTools"},
    {RuleId::sse_time_unit, "sse-time-unit", note, note, "the times of server-sent events are not seconds since 1970",
     "Chrome writes seconds since 1970; others seconds of a monotonic clock.", "Chrome DevTools"},
    {RuleId::chunks_order, "chunks-order", warning, warning, "chunks of a body that go back, overlap or leave a gap",
     "Chunks stand in the order of their arrival, each where the one before ended.", "docs/har-extensions.md; chrome-har"},
    {RuleId::chunks_size, "chunks-size", warning, note, "the chunks of a body are more or less than the body",
     "The arrival of some bytes is not known, or the body was changed after it was recorded.", "docs/har-extensions.md"},
    {RuleId::file_escape, "file-escape", error, error, "_file names a file outside of the HAR's folder",
     "A program that follows it reads files that the HAR's author should not reach.", "Playwright"},
    {RuleId::file_missing, "file-missing", warning, warning, "_file names a file that is not there",
     "The body stands in a file beside the HAR, which was not copied with it.", "Playwright"},

    {RuleId::secret_header, "secret-header", off, off, "a header that carries credentials",
     "Authorization, Cookie, Set-Cookie and API keys let whoever has the file act as the user.", "harcheck"},
    {RuleId::secret_cookie, "secret-cookie", off, off, "a cookie's value",
     "A session cookie lets whoever has the file act as the user.", "harcheck"},
    {RuleId::secret_query, "secret-query", off, off, "a query parameter that carries credentials",
     "Tokens in URLs also end up in logs and Referer headers.", "harcheck"},
    {RuleId::secret_body, "secret-body", off, off, "a body with a password or a token",
     "A member or field of a form with such a name holds a value.", "harcheck"},
    {RuleId::secret_token, "secret-token", off, off, "a JSON Web Token", "It is valid until it expires, for whoever has it.",
     "RFC 7519"},
    {RuleId::secret_file_mode, "secret-file-mode", off, off, "a file with secrets that others may read",
     "chmod 600 keeps other users of the machine out.", "harcheck"},

    {RuleId::recording_shape, "recording-shape", error, error, "a line that is not an event of a recording",
     "Its members are not those of schemas/recording-1.schema.json.", "docs/recording.md"},
    {RuleId::recording_time, "recording-time", warning, warning, "the time of an exchange's events goes back",
     "Times come from a clock that does not; a replay sends the event at once.", "docs/recording.md"},
    {RuleId::recording_id, "recording-id", warning, warning, "an event of an exchange that has no request",
     "The beginning was lost, or the id is wrong.", "docs/recording.md"},
    {RuleId::recording_after_end, "recording-after-end", warning, warning, "an event behind the end of its exchange",
     "Readers of exchanges take it for another one.", "docs/recording.md"},
    {RuleId::recording_incomplete, "recording-incomplete", note, note, "an exchange without an end",
     "It was still going on when the recording stopped.", "docs/recording.md"},
    {RuleId::recording_cut, "recording-cut", warning, warning, "the last line is cut off",
     "It was being written when the recorder stopped; it is left out.", "docs/recording.md"},

    {RuleId::import_chrome, "import-chrome", off, off, "Chrome's Network panel would not load the file",
     "The importer of DevTools refuses the whole file for one value that it can't use.", "Chrome DevTools: models/har"},
    {RuleId::import_firefox, "import-firefox", off, off, "Firefox's Network Monitor would not load the file",
     "Its importer relies on members that are not there.", "Firefox DevTools: har-importer"},
    {RuleId::import_playwright, "import-playwright", off, off, "Playwright could not route from the file",
     "routeFromHAR reads the whole file as JSON and looks requests up in log.entries.", "Playwright: harBackend"},
    {RuleId::import_mitmproxy, "import-mitmproxy", off, off, "mitmproxy would not load the file",
     "One entry that it can't read, and no flow is loaded.", "mitmproxy: io/har.py"},
    {RuleId::import_har_schema, "import-har-schema", off, off, "har-schema would call the file invalid",
     "The schema behind har-validator and the tools built on it; it refuses what browsers write, and takes much that is wrong.",
     "npm har-schema 2.0.0"},
};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kRuleCount; ++i) {
    if (static_cast<std::size_t>(kRules[i].id) != i) return false;
  }
  return std::size(kRules) == kRuleCount;
}
static_assert(in_order(), "the table has one line for each RuleId, in their order");

}  // namespace

std::span<const Rule> rules() { return kRules; }

const Rule& rule(RuleId id) { return kRules[static_cast<std::size_t>(id)]; }

const Rule* find_rule(std::string_view name) {
  for (const Rule& rule : kRules) {
    if (rule.name == name) return &rule;
  }
  return nullptr;
}

std::string_view to_string(Severity severity) {
  constexpr std::string_view kNames[] = {"off", "note", "warning", "error"};
  return kNames[static_cast<std::size_t>(severity)];
}

std::optional<Severity> parse_severity(std::string_view text) {
  for (const Severity severity : {off, note, warning, error}) {
    if (text == to_string(severity)) return severity;
  }
  return std::nullopt;
}

}  // namespace har::check

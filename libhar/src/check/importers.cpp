#include "check/importers.hpp"

#include "check/importers/report.hpp"

namespace har::check {

using namespace importers;

std::optional<RuleId> importer_rule(Profile profile) {
  switch (profile) {
    case Profile::chrome:
      return RuleId::import_chrome;
    case Profile::firefox:
      return RuleId::import_firefox;
    case Profile::playwright:
      return RuleId::import_playwright;
    case Profile::mitmproxy:
      return RuleId::import_mitmproxy;
    case Profile::har_schema:
      return RuleId::import_har_schema;
    case Profile::regular:
    case Profile::strict:
      break;
  }
  return std::nullopt;
}

DocumentStart document_start(std::string_view head) {
  constexpr std::string_view kBom = "\xEF\xBB\xBF";
  DocumentStart start;
  start.bom = head.starts_with(kBom);
  if (start.bom) head.remove_prefix(kBom.size());
  const std::size_t first = head.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return start;
  start.jsonp = head[first] != '{';
  start.space = first != 0 && !start.jsonp;
  return start;
}

void import_document(Profile profile, const LogInfo& info, const DocumentStart& start, Marks& marks) {
  const std::optional<RuleId> rule = importer_rule(profile);
  if (!rule) return;
  Report report(*rule, marks);
  const At root;
  const bool python = profile == Profile::mitmproxy;
  if (start.jsonp) {
    report.refuse(root, python ? "expected \"{\", found a call around it: mitmproxy takes the file for its own format"
                               : "expected JSON, found a call around it: JSON.parse throws");
  }
  if (start.space && python)
    report.refuse(root, "expected \"{\", found white space: mitmproxy takes the file for its own format");
  // Browsers take it off when they read a file.
  if (start.bom && (profile == Profile::playwright || profile == Profile::har_schema)) {
    report.refuse(root, "expected JSON, found a byte order mark: JSON.parse throws");
  }
  if (profile == Profile::chrome) chrome_document(info, report);
  if (profile == Profile::firefox) firefox_document(info, report);
  if (profile == Profile::har_schema) har_schema_document(info, report);
}

void import_entry(Profile profile, const stream::Json& entry, Marks& marks) {
  const std::optional<RuleId> rule = importer_rule(profile);
  if (!rule) return;
  Report report(*rule, marks);
  if (profile == Profile::chrome) chrome_entry(entry, report);
  if (profile == Profile::firefox) firefox_entry(entry, report);
  if (profile == Profile::playwright) playwright_entry(entry, report);
  if (profile == Profile::mitmproxy) mitmproxy_entry(entry, report);
  if (profile == Profile::har_schema) har_schema_entry(entry, report);
}

}  // namespace har::check

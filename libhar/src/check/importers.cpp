#include "check/importers.hpp"

#include "check/importers/report.hpp"

namespace har::check {

using namespace importers;

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
  const At root;
  switch (profile) {
    case Profile::chrome: {
      Report report(RuleId::import_chrome, marks);
      if (start.jsonp) report.refuse(root, "expected JSON, found a call around it: JSON.parse throws, and Chrome loads nothing");
      chrome_document(info, report);
      break;
    }
    case Profile::firefox: {
      Report report(RuleId::import_firefox, marks);
      if (start.jsonp) report.refuse(root, "expected JSON, found a call around it: JSON.parse throws, and Firefox loads nothing");
      firefox_document(info, report);
      break;
    }
    case Profile::playwright: {
      Report report(RuleId::import_playwright, marks);
      if (start.bom)
        report.refuse(root, "expected JSON, found a byte order mark: JSON.parse throws, and Playwright opens nothing");
      if (start.jsonp)
        report.refuse(root, "expected JSON, found a call around it: JSON.parse throws, and Playwright opens nothing");
      break;
    }
    case Profile::mitmproxy: {
      Report report(RuleId::import_mitmproxy, marks);
      if (start.jsonp) report.refuse(root, "expected \"{\", found a call around it: mitmproxy takes the file for its own format");
      if (start.space) report.refuse(root, "expected \"{\", found white space: mitmproxy takes the file for its own format");
      break;
    }
    case Profile::har_schema: {
      Report report(RuleId::import_har_schema, marks);
      if (start.bom) report.refuse(root, "expected JSON, found a byte order mark: JSON.parse throws before the schema is asked");
      if (start.jsonp) report.refuse(root, "expected JSON, found a call around it: JSON.parse throws before the schema is asked");
      har_schema_document(info, report);
      break;
    }
    case Profile::regular:
    case Profile::strict:
      break;
  }
}

void import_entry(Profile profile, const stream::Json& entry, Marks& marks) {
  switch (profile) {
    case Profile::chrome: {
      Report report(RuleId::import_chrome, marks);
      return chrome_entry(entry, report);
    }
    case Profile::firefox: {
      Report report(RuleId::import_firefox, marks);
      return firefox_entry(entry, report);
    }
    case Profile::playwright: {
      Report report(RuleId::import_playwright, marks);
      return playwright_entry(entry, report);
    }
    case Profile::mitmproxy: {
      Report report(RuleId::import_mitmproxy, marks);
      return mitmproxy_entry(entry, report);
    }
    case Profile::har_schema: {
      Report report(RuleId::import_har_schema, marks);
      return har_schema_entry(entry, report);
    }
    case Profile::regular:
    case Profile::strict:
      return;
  }
}

}  // namespace har::check

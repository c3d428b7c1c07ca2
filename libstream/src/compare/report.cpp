#include "stream/compare/report.hpp"

#include "report_base.hpp"

namespace stream {

std::unique_ptr<Report> make_report(ReportForm form, ByteSink& sink, const ReportOptions& options) {
  switch (form) {
    case ReportForm::text:
      return text_report(sink, options);
    case ReportForm::side_by_side:
      return side_by_side_report(sink, options);
    case ReportForm::ndjson:
      return ndjson_report(sink, options);
    case ReportForm::json_patch:
      return json_patch_report(sink, options);
    case ReportForm::junit:
      return junit_report(sink, options);
    case ReportForm::markdown:
      return markdown_report(sink, options);
    case ReportForm::html:
      return html_report(sink, options);
    case ReportForm::stat:
      return stat_report(sink, options);
  }
  return text_report(sink, options);
}

}  // namespace stream

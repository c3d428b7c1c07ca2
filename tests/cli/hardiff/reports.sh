# The forms of the report, and how many differences they show.
. "$(dirname -- "$0")/common.inc"
for form in summary stat ndjson; do
  hardiff --report $form e.har a.har
done
hardiff --max-diffs 2 e.har a.har
hardiff --summary --max-diffs 2 e.har a.har
hardiff --json --max-diffs 2 e.har a.har | wc -l
hardiff -v e.har e.har 2>/dev/null
hardiff --color always e.har a.har | head -n 6 | cat -v
hardiff -o report.txt --stat e.har a.har && echo same
cat report.txt

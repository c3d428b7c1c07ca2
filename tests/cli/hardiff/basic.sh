# What changed, what is missing and extra, and what moved; without times and dates.
. "$(dirname -- "$0")/common.inc"
hardiff e.har a.har
echo "exit $?"
hardiff e.har e.har
echo "exit $?"
hardiff -q e.har a.har
echo "exit $?"

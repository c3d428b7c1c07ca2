# Times are told of with --timing, and are differences where --fail-on says so.
. "$(dirname -- "$0")/common.inc"
hardiff --timing --stat e.har e.har
echo "exit $?"
hardiff --only status --ignore status --order any --fail-on 'wait>+20%' --fail-on 'p95(ttfb)>1s' --fail-on 'dns>1ms' e.har a.har
echo "exit $?"
hardiff --fail-on 'wait>+60%' -q --only comment --order any --ignore-query x e.har e.har
echo "exit $?"
hardiff --fail-on 'wiat>+20%' e.har a.har
hardiff --timing --json e.har e.har | head -n 1

# Limits for continuous integration: each that is passed is named, with what was found.
entry() { printf '{"startedDateTime":"2026-11-22T09:00:00Z","time":%s,"timings":{"send":0,"wait":%s,"receive":0},"request":{"method":"GET","url":"https://%s/"},"response":{"status":%s,"content":{"size":%s}}}' "$@"; }
printf '{"log":{"version":"1.2","creator":{"name":"t","version":"1"},"entries":[%s,%s,%s]}}' "$(entry 100 90 a 200 10)" "$(entry 900 800 b 500 20)" "$(entry 50 40 b 200 30)" >x.har
harstat --csv --fail-on 'time.p50>1s' --fail-on 'errors>0' x.har >/dev/null
echo "exit $?"
harstat --csv --fail-on 'time.p95 > 0.5s' --fail-on 'status.5xx>10%' --fail-on 'p99(wait){host=*}>=800ms' --fail-on 'dns.max>1s' --fail-on 'size.sum>60B' x.har >/dev/null
echo "exit $?"
harstat --json --fail-on 'time.max{host=b}>500ms' x.har | grep '"limit"'
for limit in 'tmie.p95>2s' 'time>2s' 'time.p95>2' 'errors=5' 'errors{hots=a}>5' ''; do
  harstat --fail-on "$limit" x.har
  echo "exit $?"
done

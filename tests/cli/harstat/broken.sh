# What can be read is counted, what is lost is said.
entry() { printf '{"time":%s,"request":{"method":"GET","url":"https://a/%s"},"response":{"status":200}}' "$1" "$1"; }
{ printf '{"log":{"version":"1.2","creator":{"name":"t","version":"1"},"entries":[\n'; entry 1; printf ',\n{"time":2,"request" 5},\n'; entry 3; printf ',\n{"time":4,'; } >cut.har
harstat --json --group-by host cut.har | head -n 1 | cut -c 1-60
echo "exit ${PIPESTATUS[0]}"
: >empty.har
harstat empty.har
echo "exit $?"
harstat nowhere.har "$SAMPLES/prices-ws.rec.ndjson" --csv | cut -d, -f 1-3
echo "exit ${PIPESTATUS[0]}"
harstat
echo "exit $?"
harstat --group-by hots cut.har
echo "exit $?"
harstat --percentiles 50,101 cut.har
echo "exit $?"
harstat --partial --json cut.har
echo "exit $?"
harstat --partial --fail-on 'errors>0' cut.har
echo "exit $?"
harstat "$SAMPLES/prices-ws.rec.ndjson" >/dev/full
echo "exit $?"
harstat --json "$SAMPLES/prices-ws.rec.ndjson" "$SAMPLES/prices-ws.rec.ndjson" | head -n 1 >/dev/null
echo "exit ${PIPESTATUS[0]}"

# When events came is compared where a rule asks for it.
record() {
  printf '{"recording":1,"start":"2026-01-01T00:00:00Z"}\n{"ev":"request","id":"1","t":%s,"request":{"method":"GET","url":"/e"}}\n' "$1"
  printf '{"ev":"response","id":"1","t":%s,"kind":"sse","response":{"status":200}}\n' "$1"
  local n=0
  for t in "${@:2}"; do printf '{"ev":"data","id":"1","t":%s,"data":"data: %d\\n\\n"}\n' "$t" $((n++)); done
  printf '{"ev":"end","id":"1","t":%s,"reason":"eof"}\n' "${!#}"
}
record 0 0.1 0.2 0.3 0.4 >expected.rec.ndjson
record 7 7.1 7.2 7.48 7.58 >slow.rec.ndjson
streamdiff expected.rec.ndjson slow.rec.ndjson
echo "exit $?"
streamdiff --timing 'gap<=+50ms' --timing 'first<=+0ms' expected.rec.ndjson slow.rec.ndjson
echo "exit $?"
streamdiff --timing 'total<=+50%' --timing 'gap.p50<=+10ms' expected.rec.ndjson slow.rec.ndjson
echo "exit $?"
printf 'data: 0\n\n' >body.sse
streamdiff --timing 'gap<=1s' expected.rec.ndjson body.sse
echo "exit $?"
streamdiff --timing 'gaps<=1s' expected.rec.ndjson slow.rec.ndjson
echo "exit $?"

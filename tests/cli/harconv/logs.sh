# Logs of browsers and captures are found by their content, and read as far as they go.
for log in shop.cdp.ndjson shop.netlog.json shop.ek.ndjson; do
  echo "== $log"
  harconv "$SAMPLES/$log" --to harl | tail -n +2 | grep -o '"url":"[^"]*"\|"status":[0-9]*\|"_error":"[^"]*"\|"_incomplete":true'
done
# From a pipe, compressed, cut off.
gzip -c "$SAMPLES/shop.netlog.json" | harconv - --to text --entry 1
echo
head -c 6000 "$SAMPLES/shop.netlog.json" | harconv - --to harl | wc -l
head -c 3000 "$SAMPLES/shop.cdp.ndjson" | harconv - --to harl | wc -l
head -c 3000 "$SAMPLES/shop.ek.ndjson" | harconv - --to harl | wc -l
harconv "$SAMPLES/shop.ek.ndjson" --to harl | head -n 1 >/dev/null
# What is none of them.
for format in cdp netlog tshark; do
  harconv --from $format --to har "$SAMPLES/shop.har" >out.har
  echo "$format: exit $?"
  harconv --from $format --to harl - </dev/null
  echo "$format, empty: exit $?"
  harconv --to $format "$SAMPLES/shop.har" >/dev/null
  echo "$format, written: exit $?"
done
harconv "$SAMPLES/shop.netlog.json" --to har >/dev/full
echo "exit $?"

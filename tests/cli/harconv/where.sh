# Entries by an expression.
H=$SAMPLES/shop.har
harconv --where 'status >= 500' "$H" --to harl --no-provenance
harconv --where 'host like "api.*"' --where 'status == 200' --count "$H"
harconv --where 'any(ws, m.dir == "send")' --count "$SAMPLES/prices-ws.rec.ndjson"
harconv --where 'index in 2..3' --status 5xx --count "$H"
harconv --where 'status >' "$H"
echo "exit $?"

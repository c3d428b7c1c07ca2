# Only entries of which an expression is true; checksums are of them, too.
H=$SAMPLES/shop.har
harmerge --where 'type == "xhr" || has(ws)' "$H" "$SAMPLES/prices-ws.rec.ndjson" -o out.har --checksum | awk '{ print $2, $3 }'
harconv --count out.har
harmerge --where 'status =~ 3' "$H"
echo "exit $?"

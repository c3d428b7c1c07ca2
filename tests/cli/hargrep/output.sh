# What is written: any format, several inputs, nothing, and no more than is wanted.
H=$SAMPLES/shop.har
hargrep true "$H" -o all.har
hargrep true all.har | cmp all.har && echo same
hargrep -m 1 --type xhr "$H" --pretty | head -12
hargrep --type fetch "$H" --to recording | cut -c 1-100
hargrep --type websocket "$H" -o ws.rec.ndjson
hargrep -c 'ws.count == 4 && ws.close == 1000' ws.rec.ndjson
hargrep 'has(sse)' "$H" "$SAMPLES/chat-llm.rec.ndjson" -o two.har
hargrep -c true two.har
hargrep 'status == 418' "$H"
echo "exit $?"
hargrep true "$H" -o all.har
echo "exit $?"
hargrep true "$H" -m 0 --no-provenance
echo "exit $?"
hargrep true "$H" >/dev/full
echo "exit $?"
hargrep true "$H" | head -c 10

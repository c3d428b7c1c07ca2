# Recordings as tables, transcripts and spans.
harconv --to csv "$SAMPLES/shop.har"
harconv --to tsv "$SAMPLES/shop.har" | head -2
harconv --to markdown "$SAMPLES/shop.har" -o shop.md
cat shop.md
echo '{"log":{"entries":[]}}' | harconv --from har --to csv -
harconv -q --to transcript "$SAMPLES/prices-ws.rec.ndjson" | head -8
harconv -q --to transcript "$SAMPLES/chat-llm.rec.ndjson" | head -5
harconv -q --to transcript --entry 3 "$SAMPLES/shop.har"
harconv --to otlp --entry 0 --entry 2 "$SAMPLES/shop.har" | jq -c '.resourceSpans[].scopeSpans[].spans[] | [.kind, .name, .parentSpanId, .traceId, .spanId]'
echo '{"log":{"entries":[]}}' | harconv --from har --to otlp -
# They are not read.
harconv --from csv "$SAMPLES/shop.har"
echo "exit $?"

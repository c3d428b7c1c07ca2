# An exchange is chosen by its request.
cp "$SAMPLES"/*.rec.ndjson .
cat chat-llm.rec.ndjson prices-ws.rec.ndjson >both.rec.ndjson
streamdiff --expected-match 'POST /v1/chat/*' both.rec.ndjson chat-llm.rec.ndjson
echo "exit $?"
streamdiff --expected-match '/prices' both.rec.ndjson prices-ws.rec.ndjson
echo "exit $?"
streamdiff --expected-match 'PUT /prices' both.rec.ndjson prices-ws.rec.ndjson
echo "exit $?"
streamdiff both.rec.ndjson prices-ws.rec.ndjson
echo "exit $?"

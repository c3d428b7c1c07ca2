# An exchange is chosen by its request.
cat "$SAMPLES/chat-llm.rec.ndjson" "$SAMPLES/prices-ws.rec.ndjson" >both.rec.ndjson
streamdiff --expected-match 'POST /v1/chat/*' both.rec.ndjson "$SAMPLES/chat-llm.rec.ndjson"
echo "exit $?"
streamdiff --expected-match '/prices' both.rec.ndjson "$SAMPLES/prices-ws.rec.ndjson"
echo "exit $?"
streamdiff --expected-match 'PUT /prices' both.rec.ndjson "$SAMPLES/prices-ws.rec.ndjson"
echo "exit $?"
streamdiff both.rec.ndjson "$SAMPLES/prices-ws.rec.ndjson"
echo "exit $?"

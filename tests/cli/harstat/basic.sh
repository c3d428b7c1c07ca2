# What people see.
harstat "$SAMPLES/chat-llm.rec.ndjson" "$SAMPLES/prices-ws.rec.ndjson"
echo '{"log":{"version":"1.2","creator":{"name":"t","version":"1"},"entries":[]}}' >empty.har
echo "an empty log:"
harstat empty.har

# WebSocket messages and events of streams are compared one by one.
sed 's/101\.5,/101.75,/; s/GLOBEX\\",\\"price\\":47\.6,/INITECH\\",\\"price\\":47.6,/' "$SAMPLES/prices-ws.rec.ndjson" >prices.rec.ndjson
hardiff "$SAMPLES/prices-ws.rec.ndjson" prices.rec.ndjson
echo "exit $?"
hardiff --ignore message/price --ignore message/symbol "$SAMPLES/prices-ws.rec.ndjson" prices.rec.ndjson
hardiff --only message/symbol --stat "$SAMPLES/prices-ws.rec.ndjson" prices.rec.ndjson
sed 's/" chunk\\"/" piece\\"/' "$SAMPLES/chat-llm.rec.ndjson" >chat.rec.ndjson
harconv chat.rec.ndjson -o chat.har
hardiff "$SAMPLES/chat-llm.rec.ndjson" chat.har
hardiff --json "$SAMPLES/prices-ws.rec.ndjson" prices.rec.ndjson | head -n 1

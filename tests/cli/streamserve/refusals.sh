# Inputs that cannot be served whole are refused before the address is printed, with their place.
streamserve --port 0 missing.har
echo "exit $?"
printf '%s\n' '{"recording":1}' '{"ev":"request","id":"1","t":0,"request":{}' '{"ev":"end","id":"1","t":1,"reason":"eof"}' >broken.rec.ndjson
streamserve --port 0 broken.rec.ndjson
echo "exit $?"
head -c 3000 "$SAMPLES/chat-llm.rec.ndjson" | sed '$d' >cut.rec.ndjson
printf '%s\n' '{"recording":1}' >empty.rec.ndjson
streamserve --port 0 empty.rec.ndjson
echo "exit $?"
streamserve --port 0 --host nowhere.invalid cut.rec.ndjson
echo "exit $?"
# So are those of WebSocket conversations.
for arguments in '--ws sometimes' '--ws-match json' '--ws both --ws-match exact --ws-ignore /a' '--ws both --ws-ignore a~3' \
  '--ws lockstep --ws-noise missing.yaml'; do
  # shellcheck disable=SC2086
  streamserve --port 0 $arguments "$SAMPLES/prices-ws.rec.ndjson"
  echo "exit $?"
done

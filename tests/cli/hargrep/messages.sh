# Single messages.
H=$SAMPLES/shop.har
hargrep --messages true "$H"
hargrep --messages 'm.data:/symbol == "EUR" && m.dir == "receive"' "$H" -m 1
hargrep --messages 'm.after > 2s' --type eventsource "$H" -c
hargrep --messages true -c "$H" "$SAMPLES/prices-ws.rec.ndjson"
hargrep --messages 'm.opcode == 2' -l "$H" "$SAMPLES/chat-llm.rec.ndjson"
hargrep --messages true -e 'status == 404' "$H"
echo "exit $?"
hargrep --messages 'm.dir' "$H"
echo "exit $?"
hargrep --messages true "$H" --to har
echo "exit $?"

# Counts and names, as grep has them.
H=$SAMPLES/shop.har
cp "$H" a.har
gzip -c "$H" >b.har.gz
hargrep -c 'has(ws)' a.har b.har.gz "$SAMPLES/prices-ws.rec.ndjson"
hargrep -l 'has(ws)' a.har b.har.gz "$SAMPLES/chat-llm.rec.ndjson"
hargrep -L 'has(ws)' a.har b.har.gz "$SAMPLES/chat-llm.rec.ndjson"
echo "exit $?"
hargrep -l 'status == 418' a.har
echo "exit $?"
hargrep -L true a.har
echo "exit $?"
hargrep -c -m 2 true a.har b.har.gz
hargrep -c true - <a.har
hargrep -l true - <a.har
hargrep -c 'status == 418' a.har
echo "exit $?"
# A file that is not there is said, and the others are looked at.
hargrep -c true none.har a.har
echo "exit $?"

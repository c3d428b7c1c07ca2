# --update shows the differences, and writes what came in the place of what was expected, in its format.
printf '{"a":1}\n{"a":2}\n' >expected.ndjson
printf '{"a":1}\n{"a":3}\n' >actual.ndjson
streamdiff --update expected.ndjson actual.ndjson
echo "exit $?"
cmp expected.ndjson actual.ndjson && echo "the same bytes"
streamdiff --update expected.ndjson actual.ndjson
echo "exit $?"
# A recording keeps the request and the head of the answer.
cp "$SAMPLES/chat-llm.rec.ndjson" chat.rec.ndjson
harconv --to sse chat.rec.ndjson | sed 's/ keeps/ loses/' >came.sse
streamdiff -q --update chat.rec.ndjson came.sse
echo "exit $?"
streamdiff chat.rec.ndjson came.sse
grep -c '"ev":"request"' chat.rec.ndjson
# One exchange of several is not a whole file.
cat "$SAMPLES/chat-llm.rec.ndjson" "$SAMPLES/prices-ws.rec.ndjson" >both.rec.ndjson
streamdiff -q --update --entry 0 both.rec.ndjson chat.rec.ndjson
echo "exit $?"
streamdiff --update - actual.ndjson </dev/null
echo "exit $?"

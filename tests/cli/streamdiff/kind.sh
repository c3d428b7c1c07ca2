# What a body is: found in it, or told.
printf 'data: {"a":1}\n\ndata: 2\n\n' >stream.sse
printf '{"a":1}\n{"b":2}\n' >rows.ndjson
printf 'data:{"a":1.0}\n\ndata:2\n\n' >dump.txt
streamdiff stream.sse rows.ndjson
echo "exit $?"
streamdiff --actual-from text stream.sse dump.txt
echo "exit $?"
streamdiff --kind text stream.sse dump.txt

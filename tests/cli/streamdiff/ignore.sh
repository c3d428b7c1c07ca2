# Patterns: a member anywhere, all elements of an array, a field of the event.
printf 'id: 1\ndata: {"id":"x1","created":1,"choices":[{"index":0,"text":"a","created":5}]}\n\n' >expected.sse
printf 'id: 2\ndata: {"id":"x2","created":2,"choices":[{"index":0,"text":"b","created":6}]}\n\n' >actual.sse
streamdiff --ignore /id --ignore '/**/created' --ignore @id expected.sse actual.sse
echo "exit $?"
streamdiff --ignore /id --ignore '/**/created' --ignore @id --ignore '/choices/*/text' expected.sse actual.sse
echo "exit $?"
streamdiff --ignore created expected.sse actual.sse

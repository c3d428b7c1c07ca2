# What cannot be compared.
printf 'data: a\n\n' >a.sse
streamdiff - - <a.sse
echo "exit $?"
streamdiff a.sse
echo "exit $?"
streamdiff a.sse missing.sse
echo "exit $?"
streamdiff --entry 1 --id 1 a.sse a.sse
echo "exit $?"
streamdiff --entry first a.sse a.sse
echo "exit $?"
streamdiff --kind video a.sse a.sse
echo "exit $?"
streamdiff - a.sse <a.sse

# What a stream ends in the middle of is compared too.
printf 'data: a\n\ndata: b\n' >b.sse
printf 'data: a\n\ndata: c\n' >c.sse
printf 'data: a\n\ndata: b\n\n' >whole.sse
streamdiff b.sse c.sse
echo "exit $?"
streamdiff whole.sse b.sse

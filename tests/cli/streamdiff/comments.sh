# Comments are compared only if they are asked for.
printf ': hello\n\ndata: a\n\n' >expected.sse
printf 'data: a\n\n: bye\n\n' >actual.sse
streamdiff expected.sse actual.sse
echo "exit $?"
streamdiff --comments exact expected.sse actual.sse

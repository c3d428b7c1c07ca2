# Nothing expected is an error, not a pass.
printf ': only a comment\n\n' >comment.sse
printf '' >empty.sse
printf 'data: a\n\n' >one.sse
for expected in comment.sse empty.sse; do
  streamdiff --from sse $expected $expected
  echo "exit $?"
done
streamdiff --allow-empty --from sse empty.sse comment.sse
echo "exit $?"
streamdiff --allow-empty --from sse empty.sse one.sse
echo "exit $?"
streamdiff --from sse one.sse empty.sse

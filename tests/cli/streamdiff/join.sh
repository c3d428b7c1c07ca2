# A text that is spread over events is the same however it was cut, and a changed word in it is one difference.
delta() { printf 'data: {"id":"c1","choices":[{"index":0,"delta":{"content":"%s"}}]}\n\n' "$1"; }
{ delta 'The '; delta 'quick brown '; delta 'fox'; printf 'data: [DONE]\n\n'; } >expected.sse
{ delta 'The quick'; delta ' brown'; delta ' fox'; printf 'data: [DONE]\n\n'; } >cut.sse
{ delta 'The quick'; delta ' crown'; delta ' fox'; printf 'data: [DONE]\n\n'; } >changed.sse
join='/choices/*/delta/content by /choices/*/index'
streamdiff --join "$join" expected.sse cut.sse
echo "exit $?"
streamdiff --join "$join" expected.sse changed.sse
echo "exit $?"
streamdiff --join "$join" --json expected.sse changed.sse
echo "exit $?"
streamdiff --join 'choices' expected.sse changed.sse
echo "exit $?"

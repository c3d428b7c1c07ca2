# What varies between runs of one stream becomes a noise file, with which they are equal.
run() { printf 'id: %s\ndata: {"id":"req-%s","created":%s,"text":"hello","n":1}\n\n' "$1" "$1" "$2"; }
run 4711 1700000001 >a.sse
run 4712 1700000002 >b.sse
run 9000 1700000303 >c.sse
streamdiff --suggest-noise a.sse b.sse c.sse
echo "exit $?"
streamdiff --suggest-noise -o noise.yaml a.sse b.sse c.sse
streamdiff --noise noise.yaml a.sse c.sse
echo "exit $?"
streamdiff a.sse b.sse c.sse
echo "exit $?"

# What --against cannot do is refused before anything is sent.
session=$SAMPLES/chat-llm.rec.ndjson
try() {
  hardiff "$@"
  echo "exit $?" >&2
}
try --against http://localhost:1
try --against http://localhost:1 "$session" "$session"
try --against ftp://localhost "$session"
try --against 'http://localhost/?q=1' "$session"
try --against http://localhost:1 --header 'no colon' "$session"
try --against http://localhost:1 --map-host nothing "$session"
try --against http://localhost:1 --actual x.har "$session"
try --against http://localhost:1 --to recording "$session"
try --against http://localhost:1 --to no-such --output got.x "$session"
try --against http://localhost:1 --speed 2 "$session"
try --against http://localhost:1 --pace recorded --speed 0 "$session"
try --against https://localhost:1 --cacert missing.pem "$session"
try --pace recorded "$session" "$session"
# Nobody there.
try --against http://127.0.0.1:1 -o got.har "$session"
ls

# As many exchanges on both sides are compared pair by pair; else one has to be chosen.
exchange() {
  printf '{"ev":"request","id":"%s","t":0,"request":{"method":"GET","url":"https://api.test/%s"}}\n' "$1" "$1"
  printf '{"ev":"response","id":"%s","t":0.1,"response":{"status":200,"headers":[{"name":"Content-Type","value":"text/event-stream"}]}}\n' "$1"
  printf '{"ev":"data","id":"%s","t":0.2,"data":"data: %s\\n\\n"}\n{"ev":"end","id":"%s","t":0.3,"reason":"eof"}\n' "$1" "$2" "$1"
}
{ exchange a one; exchange b two; exchange c three; } >expected.rec.ndjson
{ exchange a one; exchange b 2; exchange c three; } >actual.rec.ndjson
{ exchange c three; exchange a one; } >two.rec.ndjson
streamdiff expected.rec.ndjson actual.rec.ndjson
echo "exit $?"
streamdiff expected.rec.ndjson expected.rec.ndjson
echo "exit $?"
streamdiff --id c expected.rec.ndjson two.rec.ndjson
echo "exit $?"
streamdiff --id d expected.rec.ndjson two.rec.ndjson
echo "exit $?"
streamdiff expected.rec.ndjson two.rec.ndjson

# The status and the content type are compared; headers and times are not.
answer() {
  printf '{"ev":"request","t":0,"request":{"method":"GET","url":"https://api.test/"}}\n'
  printf '{"ev":"response","t":%s,"response":{"status":%s,"headers":[{"name":"Content-Type","value":"%s"},{"name":"Date","value":"%s"}]}}\n' "$4" "$1" "$2" "$4"
  printf '{"ev":"data","t":%s,"data":"%s"}\n{"ev":"end","t":9,"reason":"eof"}\n' "$4" "$3"
}
answer 200 'application/json' '{\"ok\":true}' 1 >a.rec.ndjson
answer 200 'Application/JSON; charset=utf-8' '{ \"ok\": true }' 2 >b.rec.ndjson
answer 503 'text/html' '<h1>busy</h1>' 1 >c.rec.ndjson
answer 200 'text/event-stream' 'data: x\n\n' 1 >d.rec.ndjson
streamdiff a.rec.ndjson b.rec.ndjson
echo "exit $?"
streamdiff a.rec.ndjson c.rec.ndjson
echo "exit $?"
streamdiff a.rec.ndjson d.rec.ndjson

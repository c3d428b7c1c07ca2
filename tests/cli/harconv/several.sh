# Several inputs become one output.
cat >in.har <<'END'
{
  "log": {
    "version": "1.2",
    "creator": {"name": "hand", "version": "1.0"},
    "entries": [
      {"startedDateTime": "2026-11-22T09:00:00.000Z", "time": 30, "request": {"method": "GET", "url": "http://a/1"}, "response": {"status": 200, "content": {"size": 2, "mimeType": "text/plain", "text": "hi"}}, "cache": {}, "timings": {"send": 0, "wait": 10, "receive": 20}},
      {"startedDateTime": "2026-11-22T09:00:01.000Z", "time": 500, "request": {"method": "GET", "url": "http://a/2"}, "response": {"status": 503, "content": {"size": 40, "mimeType": "text/event-stream", "text": "data: {\"a\": 1}\n\ndata: [DONE]\n\n"}}, "cache": {}, "timings": {"send": 0, "wait": 1, "receive": 1}}
    ]
  }
}
END
sed 's/"hand"/"other"/' in.har >in2.har
harconv in.har in2.har -o both.har
harconv --count both.har
harconv in.har in2.har --to harl | wc -l
harconv in.har in2.har -q --to recording | cut -c 1-40
python3 -c 'import json; print(list(json.load(open("both.har"))["log"]))'
harconv in.har missing.har -o none.har
echo "exit $?"
ls
harconv - - </dev/null
echo "exit $?"

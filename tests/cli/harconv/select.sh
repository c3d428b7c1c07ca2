# Entries by number and by status; and how many there are.
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
harconv --count in.har
harconv --count --status 5xx in.har
harconv --count --status 404 in.har
harconv --count in.har in.har
harconv --status 5xx in.har --to harl | tail -n 1 | cut -c 1-60
harconv --status 5 in.har
echo "exit $?"

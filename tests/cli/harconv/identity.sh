# HAR to HAR is a copy, byte for byte, unless a layout is asked for.
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
harconv in.har -o out.har && cmp in.har out.har && echo same
cat in.har | harconv - | cmp in.har - && echo same through pipes
harconv --compact in.har | head -c 60; echo
harconv --pretty in.har | sed -n '1,8p'

# An input that is cut off gives what is whole, says what is lost, and ends with 2.
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
head -c 600 in.har >cut.har
harconv cut.har -o out.har
echo "exit $?"
harconv --count out.har
tail -c 5 out.har; echo
head -c 100 in.har >cut.har
harconv cut.har -o none.har
echo "exit $?"
ls

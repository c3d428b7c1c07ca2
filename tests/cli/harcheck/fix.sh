# What can be repaired is, and what is left is told; the other bytes stay.
cat >in.har <<'END'
{
  "log": {
    "version": "1.2",
    "creator": {"name": "hand", "version": "1.0"},
    "entries": [
      {"startedDateTime": "2026-11-22T09:00:00.000Z", "time": 30, "request": {"method": "GET", "url": "http://a.test/1", "httpVersion": "HTTP/1.1", "cookies": [], "headers": [], "queryString": [], "headersSize": -1, "bodySize": 0}, "response": {"status": 200, "statusText": "OK", "httpVersion": "HTTP/1.1", "cookies": [], "headers": [], "content": {"size": 2, "mimeType": "text/plain", "text": "hi"}, "redirectURL": "", "headersSize": -1, "bodySize": 2}, "cache": {}, "timings": {"send": 0, "wait": 10, "receive": 20}},
      {"startedDateTime": "2026-11-22T09:00:01.000Z", "time": 30, "request": {"method": "GET", "url": "http://a.test/2", "httpVersion": "HTTP/1.1", "cookies": [], "headers": [], "queryString": [], "headersSize": -1, "bodySize": 0}, "response": {"status": 200, "statusText": "OK", "httpVersion": "HTTP/1.1", "cookies": [], "headers": [], "content": {"size": 2, "mimeType": "text/plain", "text": "hi"}, "redirectURL": "", "headersSize": -1, "bodySize": 2}, "cache": {}, "timings": {"send": 0, "wait": 10, "receive": 20}},
      {"startedDateTime": "2026-11-22T09:00:02.000Z", "time": 30, "request": {"method": "GET", "url": "http://a.test/3", "httpVersion": "HTTP/1.1", "cookies": [], "headers": [], "queryString": [], "headersSize": -1, "bodySize": 0}, "response": {"status": 200, "statusText": "OK", "httpVersion": "HTTP/1.1", "cookies": [], "headers": [], "content": {"size": 2, "mimeType": "text/plain", "text": "hi"}, "redirectURL": "", "headersSize": -1, "bodySize": 2}, "cache": {}, "timings": {"send": 0, "wait": 10, "receive": 20}}
    ]
  }
}
END
sed -e '6s/"time": 30/"time": null/' -e '7s/"headersSize": -1/"headersSize": null/g' -e '8s/2026-11-22T09:00:02.000Z/yesterday/' in.har >dirty.har
harcheck --fix dirty.har -o fixed.har
echo "exit $?"
diff dirty.har fixed.har | cut -c 1-90
harcheck --fix --dry-run --json dirty.har
echo "exit $?"
echo "to standard output"
harcheck --fix dirty.har >again.har
cmp fixed.har again.har
harcheck --fix - <dirty.har 2>/dev/null | cmp fixed.har
echo "in place"
touch -d 2001-01-01 in.har
harcheck --fix -i in.har dirty.har
echo "exit $?"
cmp fixed.har dirty.har
find in.har ! -newermt 2001-01-02
echo "cut off"
head -c 1500 in.har >cut.har
harcheck --fix cut.har -o whole.har
echo "exit $?"
harcheck whole.har
echo "not this way"
harcheck --fix in.har dirty.har
harcheck --fix -i - <in.har
harcheck --fix "$SAMPLES/prices-ws.rec.ndjson"
harcheck --fix in.har -o fixed.har
echo "exit $?"

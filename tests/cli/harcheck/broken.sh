# An empty file, one that is cut off, and one that is something else are not valid; what can not be read is a failure.
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
: >empty.har
harcheck empty.har
echo "exit $?"
harcheck - </dev/null
echo "exit $?"
echo '<html>' >page.har
harcheck page.har
echo "exit $?"
head -c 1500 in.har >cut.har
harcheck cut.har
echo "exit $?"
echo hello >what
harcheck what
echo "exit $?"
harcheck none.har
echo "exit $?"
harcheck .
echo "exit $?"
gzip -c in.har | head -c 200 >cut.har.gz
harcheck cut.har.gz
echo "exit $?"
# All are looked at, and the worst counts.
harcheck none.har in.har cut.har
echo "exit $?"
harcheck in.har >/dev/full
echo "exit $?"
for _ in $(seq 300); do sed '6s/"time": 30/"time": "x"/' in.har; done >many.har
set -o pipefail
harcheck -v many.har 2>/dev/null | head -n 1 | cut -c 1-20
echo "exit $?"

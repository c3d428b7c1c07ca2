# What is found stands with its place; repeats are grouped; a line says whether the file is valid.
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
harcheck in.har
echo "exit $?"
sed -e 's/"time": 30/"time": 99/' -e 's/2026-11-22T09:00:01/2026-11-22 09-00-01/' in.har >dirty.har
harcheck dirty.har
echo "exit $?"
echo "-v"
harcheck -v dirty.har 2>/dev/null
echo "--max-errors"
harcheck --max-errors 2 dirty.har
harcheck --max-errors 0 dirty.har
echo "levels"
harcheck --rule 'date-*=off' --rule time-sum=error --rule time-sum=warning dirty.har
echo "exit $?"
harcheck --rule 'date-*=off' --fail-on note -q dirty.har
echo "exit $?"
harcheck --profile strict --rule time-sum=off --rule date-format=note --color always dirty.har
echo "exit $?"
echo "inputs"
gzip -c in.har | harcheck - dirty.har -j1 | tail -n 3
harcheck -q in.har && echo yes
harcheck "$SAMPLES"/*.rec.ndjson

# The reports for other programs.
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
sed -e 's/"time": 30/"time": 99/' -e 's/2026-11-22T09:00:01/2026-11-22 09-00-01/' in.har >dirty.har
echo "== ndjson"
harcheck --json in.har dirty.har none.har
echo "== github"
harcheck --report github in.har dirty.har none.har
echo "== junit"
harcheck --report junit in.har dirty.har none.har | grep -v '<testcase.*/>$'
echo "== sarif"
harcheck --report sarif in.har dirty.har none.har | sed -n '/^"results"/,$p'
echo "== to a file"
harcheck --report junit -o report.xml dirty.har
echo "exit $?"
harcheck --report junit -o report.xml dirty.har
echo "exit $?"
harcheck -q --report junit -o report.xml --overwrite dirty.har
echo "exit $?"
grep -c failure report.xml

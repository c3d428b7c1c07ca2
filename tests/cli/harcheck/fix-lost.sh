# In place nothing is replaced by less than it holds: here a line of HAR lines that can't be read.
cat >in.harl <<'END'
{"log":{"version":"1.2","creator":{"name":"x","version":"1"}}}
{"startedDateTime": "2026-11-22T09:00:00.000Z", "time": null, "request": {"method": "GET", "url": "http://a.test/1", "httpVersion": "HTTP/1.1", "cookies": [], "headers": [], "queryString": [], "headersSize": -1, "bodySize": 0}, "response": {"status": 200, "statusText": "OK", "httpVersion": "HTTP/1.1", "cookies": [], "headers": [], "content": {"size": 2, "mimeType": "text/plain", "text": "hi"}, "redirectURL": "", "headersSize": -1, "bodySize": 2}, "cache": {}, "timings": {"send": 0, "wait": 10, "receive": 20}}
{"startedDateTime": ]}
END
cp in.harl before.harl
harcheck --fix -i in.harl
echo "exit $?"
cmp in.harl before.harl
harcheck --fix in.harl -o out.har
echo "exit $?"

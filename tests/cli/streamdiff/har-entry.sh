# One entry of a HAR file, chosen by its number, against NDJSON from standard input.
cat >session.har <<'END'
{"log":{"version":"1.2","creator":{"name":"t","version":"1"},"entries":[
{"startedDateTime":"2026-11-22T09:15:30.000Z","time":1,"request":{"method":"GET","url":"https://api.test/","httpVersion":"HTTP/1.1","cookies":[],"headers":[],"queryString":[],"headersSize":-1,"bodySize":0},
 "response":{"status":200,"statusText":"OK","httpVersion":"HTTP/1.1","cookies":[],"headers":[],"content":{"size":2,"mimeType":"text/plain","text":"hi"},"redirectURL":"","headersSize":-1,"bodySize":2},"cache":{},"timings":{"send":0,"wait":1,"receive":0}},
{"startedDateTime":"2026-11-22T09:15:31.000Z","time":1,"request":{"method":"GET","url":"https://api.test/rows","httpVersion":"HTTP/1.1","cookies":[],"headers":[],"queryString":[],"headersSize":-1,"bodySize":0},
 "response":{"status":200,"statusText":"OK","httpVersion":"HTTP/1.1","cookies":[],"headers":[],"content":{"size":20,"mimeType":"application/x-ndjson","text":"{\"n\":1}\n{\"n\":2}\n"},"redirectURL":"","headersSize":-1,"bodySize":20},"cache":{},"timings":{"send":0,"wait":1,"receive":0}}
]}}
END
printf '{"n":1.0}\n{ "n": 2 }\n' | streamdiff --expected-entry 1 session.har - && echo equal indeed
streamdiff --entry 2 session.har session.har
echo "exit $?"
streamdiff session.har session.har

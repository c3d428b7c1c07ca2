# A test case of Keploy beside what came; its noise is a noise file.
cat >test-1.yaml <<'END'
version: api.keploy.io/v1beta1
kind: Http
name: test-1
spec:
  req: {method: GET, url: "http://localhost:8047/", timestamp: 2026-03-26T12:50:52Z}
  resp:
    status_code: 200
    header: {Content-Type: text/event-stream}
    body:
      - data: {event: TICKER, data: '{"id":1,"at":100}'}
      - data: {comment: ' heartbeat'}
      - data: {id: "", data: end}
    timestamp: 2026-03-26T12:50:52.1Z
  assertions:
    noise:
      body.at: []
END
printf 'event: TICKER\rdata: {"at":100, "id":1}\r\rid\rdata: end\r\r' >same.sse
printf 'event: TICKER\ndata: {"id":1,"at":200}\n\nid:\ndata: end\n\n' >later.sse
streamdiff test-1.yaml same.sse
echo "exit $?"
streamdiff test-1.yaml later.sse
echo "exit $?"
streamdiff --noise test-1.yaml test-1.yaml later.sse
echo "exit $?"

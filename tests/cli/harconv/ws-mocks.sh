# WebSocket conversations as mocks: what came first is onConnect, each text of the client's is a rule.
cat >in.rec.ndjson <<'END'
{"recording":1,"start":"2026-11-22T09:15:30Z"}
{"ev":"request","id":"1","t":0,"request":{"method":"GET","url":"https://a/live"}}
{"ev":"response","id":"1","t":0.1,"kind":"websocket","response":{"status":101,"headers":[{"name":"Sec-WebSocket-Protocol","value":"v1"}]}}
{"ev":"message","id":"1","t":0.1,"dir":"receive","opcode":1,"data":"@welcome"}
{"ev":"message","id":"1","t":0.2,"dir":"receive","opcode":2,"data64":"AQID"}
{"ev":"message","id":"1","t":1,"dir":"send","opcode":1,"data":"{\"op\":\"ping\"}"}
{"ev":"message","id":"1","t":1.0125,"dir":"receive","opcode":1,"data":"pong 1"}
{"ev":"message","id":"1","t":1.5,"dir":"receive","opcode":9,"data":""}
{"ev":"message","id":"1","t":2,"dir":"send","opcode":1,"data":"{\"op\":\"ping\"}"}
{"ev":"message","id":"1","t":2,"dir":"receive","opcode":1,"data":"pong 2"}
{"ev":"message","id":"1","t":3,"dir":"send","opcode":2,"data64":"/w=="}
{"ev":"message","id":"1","t":3,"dir":"receive","opcode":1,"data":"lost"}
{"ev":"message","id":"1","t":4,"dir":"send","opcode":1,"data":"bye (now)."}
{"ev":"close","id":"1","t":4.25,"dir":"receive","code":1001,"reason":"gone"}
{"ev":"end","id":"1","t":4.25,"reason":"eof"}
{"ev":"request","id":"2","t":5,"request":{"method":"GET","url":"wss://a/live"}}
{"ev":"response","id":"2","t":5,"kind":"websocket","response":{"status":101}}
{"ev":"close","id":"2","t":5,"dir":"receive","code":1006}
{"ev":"end","id":"2","t":5,"reason":"eof"}
{"ev":"request","id":"3","t":6,"request":{"method":"GET","url":"http://a/"}}
{"ev":"response","id":"3","t":6,"response":{"status":200}}
{"ev":"end","id":"3","t":6,"reason":"eof"}
END
harconv --to ws-mocks in.rec.ndjson
echo "exit $?"

# A recording, with its bytes in pieces, against the body that it holds; and against one in which a token changed.
cat >chat.rec.ndjson <<'END'
{"recording":1,"start":"2026-11-22T09:15:30Z"}
{"ev":"request","id":"1","t":0.5,"request":{"method":"POST","url":"https://api.test/v1/chat","headers":[]}}
{"ev":"response","id":"1","t":0.61,"kind":"sse","response":{"status":200,"headers":[{"name":"Content-Type","value":"text/event-stream"}]}}
{"ev":"data","id":"1","t":0.7,"data":"data: {\"choices\":[{\"delta\":{\"content\":\"Hel\"}}]}\n"}
{"ev":"data","id":"1","t":0.75,"data":"\ndata: {\"choices\":[{\"delta\":{\"content\":\"lo\"}}]}\n\nda"}
{"ev":"data","id":"1","t":0.9,"data":"ta: [DONE]\n\n"}
{"ev":"end","id":"1","t":0.91,"reason":"eof"}
END
body='data: {"choices":[{"delta":{"content":"Hel"}}]}\n\ndata: {"choices":[{"delta":{"content":"lo"}}]}\n\ndata: [DONE]\n\n'
printf "$body" >same.sse
printf "${body/'"lo"'/'"LO"'}" >other.sse
streamdiff chat.rec.ndjson same.sse
echo "exit $?"
streamdiff chat.rec.ndjson other.sse

# Archives of messages: what they hold comes back, and what they don't is said.
cat >in.rec <<'END'
{"recording":1,"start":"2026-11-22T09:15:30.5Z"}
{"ev":"request","id":"1","t":0,"request":{"method":"POST","url":"http://a.test/p?q=1","httpVersion":"HTTP/1.1","headers":[{"name":"Host","value":"a.test"},{"name":"X-A","value":"1"},{"name":"X-A","value":"2"}],"postData":{"mimeType":"text/plain","text":"sent"}}}
{"ev":"response","id":"1","t":0.1,"response":{"status":200,"statusText":"OK","httpVersion":"HTTP/1.1","headers":[{"name":"Content-Type","value":"text/plain"}]}}
{"ev":"data","id":"1","t":0.2,"data":"got it"}
{"ev":"end","id":"1","t":0.25,"reason":"eof"}
END
harconv in.rec --to warc --no-provenance | tr -d '\r'
harconv in.rec -o in.warc.gz 2>/dev/null
harconv in.warc.gz --to harl --no-provenance
harconv in.rec --to gor 2>/dev/null | tr -d '\r'
harconv in.rec --to gor 2>/dev/null | harconv - --to harl --no-provenance
# An archive that is cut, one that is none, and formats that are only read.
harconv in.warc.gz --to warc | head -c 1200 | harconv - --to harl --no-provenance
echo nothing >none.warc
harconv none.warc
harconv none.warc --from gor || echo "exit status $?"
harconv in.rec --to burp
harconv in.rec --to warc | head -1 | tr -d '\r'

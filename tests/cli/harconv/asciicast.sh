# Casts of a terminal: read, written in both versions, and kept whole by a recording.
cat >in.cast <<'END'
{"version": 2, "width": 100, "height": 30, "timestamp": 1648331634, "env": {"SHELL": null, "TERM": "xterm-256color"}}
[0.058188, "o", "\u001b[1m$\u001b[0m "]
[1.5, "i", "l"]
[1.500002, "o", "l"]
[2, "m", "here"]
[2.25, "r", "80x24"]
[3.000001, "o", "s\r\n"]
END
harconv in.cast --to recording --no-provenance
harconv in.cast --to recording | harconv --to asciicast-v2 -
harconv in.cast --to asciicast
harconv in.cast --to text | od -c | head -3
# In place a cast keeps its version.
cp in.cast same.cast
harconv -i same.cast
head -1 same.cast
# A stream becomes one, with its times.
cat >in.rec <<'END'
{"recording":1,"start":"2026-11-22T09:15:30Z"}
{"ev":"request","id":"1","t":0,"request":{"method":"GET","url":"https://a.test/events"}}
{"ev":"response","id":"1","t":0.1,"kind":"sse","response":{"status":200}}
{"ev":"data","id":"1","t":0.2,"data":"data: a\n\n"}
{"ev":"data","id":"1","t":0.4,"data64":"ZGF0YTog4oI="}
{"ev":"data","id":"1","t":0.6,"data64":"rAoK/w=="}
{"ev":"end","id":"1","t":0.7,"reason":"eof"}
END
harconv in.rec -o out.cast
cat out.cast
# What is cut, broken, or too much.
head -c 190 in.cast | harconv --to text - >cut.txt
echo "exit $?"
printf '{"version":3,"term":{"cols":80,"rows":24}}\n[1, "o"]\n[1, "o", "kept"]\n' | harconv --to raw -
echo " exit $?"
echo '{"version":2}' >none.cast
harconv none.cast
echo "exit $?"
printf 'hello\n' >no.cast
harconv no.cast
echo "exit $?"
harconv in.cast in.rec --to asciicast
echo "exit $?"

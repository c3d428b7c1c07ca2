# The same differences in every form that is short enough to be read here.
cat >expected.sse <<'END'
data: {"n":0}

data: {"n":1}

id: 7
event: delta
data: {"text":"The quick brown fox jumps over the lazy dog.","usage":{"tokens":9},"list":[1,2,3]}

data: {"n":3}

data: {"n":4}

data: {"n":5}

event: stop
data: [DONE]

END
sed -e 's/brown fox/red fox/' -e 's/\[1,2,3\]/[1,3,4]/' -e '/"n":5/,+1d' -e 's/"n":1}/"n":1,"日本":"語"}/' expected.sse >actual.sse
printf 'data: <b>|`more`\n\n' >>actual.sse
forms=('-U 1' '-y --width 100 -U 1' '-y --width 60 -U 0 --color always' '--stat' '--report json-patch' '--report junit' '--report markdown'
  '--report text --color always --max-diffs 2' '--report stat --color always')
for form in "${forms[@]}"; do
  echo "== $form"
  streamdiff $form expected.sse actual.sse
done
echo '== several exchanges'
exchange() {
  printf '{"ev":"request","id":"%s","t":0,"request":{"method":"GET","url":"https://api.test/%s"}}\n' "$1" "$1"
  printf '{"ev":"response","id":"%s","t":0.1,"response":{"status":200,"headers":[{"name":"Content-Type","value":"text/event-stream"}]}}\n' "$1"
  printf '{"ev":"data","id":"%s","t":0.2,"data":"data: %s\\n\\n"}\n{"ev":"end","id":"%s","t":0.3,"reason":"eof"}\n' "$1" "$2" "$1"
}
{ exchange a one; exchange b two; } >expected.rec.ndjson
{ exchange a one; exchange b 2; } >actual.rec.ndjson
for form in -y --stat '--report json-patch' '--report junit' '--report markdown'; do
  echo "== $form"
  streamdiff $form expected.rec.ndjson actual.rec.ndjson
done
echo '== what does not go together'
streamdiff --json --stat expected.sse expected.sse
streamdiff --report pdf expected.sse expected.sse
streamdiff --report html --json expected.sse expected.sse

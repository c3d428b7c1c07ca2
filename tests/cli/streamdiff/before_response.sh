# What is sent, and notes, may stand before the response: they are no part of the stream, and it still has its response.
request='{"ev":"request","id":"1","t":0,"request":{"method":"POST","url":"http://a.test/"}}'
response='{"ev":"response","id":"1","t":0.2,"kind":"sse","response":{"status":200,"headers":[{"name":"content-type","value":"text/event-stream"}]}}'
data='{"ev":"data","id":"1","t":0.3,"data":"data: one\n\n"}'
end='{"ev":"end","id":"1","t":0.4,"reason":"eof"}'
printf '%s\n' "$request" "$response" "$data" "$end" >plain.rec.ndjson
printf '%s\n' "$request" '{"ev":"data","id":"1","t":0.1,"dir":"send","data":"body"}' '{"ev":"mark","id":"1","t":0.15,"text":"interim response 100"}' \
  "$response" '{"ev":"data","id":"1","t":0.25,"dir":"send","data":"more"}' "$data" "$end" >noted.rec.ndjson
streamdiff plain.rec.ndjson noted.rec.ndjson
echo "exit $?"
sed 's/"status":200/"status":500/' noted.rec.ndjson | streamdiff plain.rec.ndjson -
echo "exit $?"

# A recording without an end was cut off.
recording() {
  printf '{"ev":"request","t":0,"request":{"method":"GET","url":"https://api.test/"}}\n'
  printf '{"ev":"response","t":0.1,"kind":"sse","response":{"status":200}}\n'
  printf '{"ev":"data","t":%s,"data":"data: %s\\n\\n"}\n' 0.2 a 0.3 b
}
{ recording; printf '{"ev":"data","t":0.4,"data":"data: c\\n\\n"}\n{"ev":"end","t":0.5,"reason":"eof"}\n'; } >whole.rec.ndjson
{ recording; printf '{"ev":"data","t":0.4,"data":"data: c"}\n'; } >cut.rec.ndjson
{ recording; printf '{"ev":"data","t":0.4,"data":"data: c\\n\\n"}\n{"ev":"end","t":0.5,"reason":"reset","error":"connection reset by peer"}\n'; } >reset.rec.ndjson
streamdiff whole.rec.ndjson cut.rec.ndjson
echo "exit $?"
streamdiff --allow-truncated whole.rec.ndjson cut.rec.ndjson
echo "exit $?"
streamdiff whole.rec.ndjson reset.rec.ndjson
echo "exit $?"
streamdiff --allow-truncated whole.rec.ndjson reset.rec.ndjson

# Messages in each direction, the opcode, and the close; a ping only if it is asked for.
recording() {
  printf '{"ev":"request","t":0,"request":{"method":"GET","url":"wss://api.test/ws"}}\n{"ev":"response","t":0.1,"kind":"websocket","response":{"status":101}}\n'
  printf '%s\n' "$@" '{"ev":"end","t":2,"reason":"eof"}'
}
ask='{"ev":"message","t":0.2,"dir":"send","opcode":1,"data":"{\"q\":1}"}'
answer='{"ev":"message","t":0.3,"dir":"receive","opcode":1,"data":"{\"a\":[1,2]}"}'
bytes='{"ev":"message","t":0.4,"dir":"receive","opcode":2,"data64":"AAEC"}'
ping='{"ev":"message","t":0.5,"dir":"receive","opcode":9,"data":""}'
bye='{"ev":"close","t":1,"dir":"receive","code":1000,"reason":"bye"}'
recording "$ask" "$answer" "$bytes" "$bye" >expected.rec.ndjson
recording "$answer" "$ask" "$ping" "$bytes" "$bye" >same.rec.ndjson
recording "$ask" "${answer/2/3}" "${bytes/AAEC/AAED}" "${bye/1000/1011}" >other.rec.ndjson
streamdiff expected.rec.ndjson same.rec.ndjson
echo "exit $?"
streamdiff --comments exact expected.rec.ndjson same.rec.ndjson
echo "exit $?"
streamdiff expected.rec.ndjson other.rec.ndjson

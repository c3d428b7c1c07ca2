# Options of answers are checked before anything is served.
for arguments in '--encode zip' '--rewrite-bodies' '--skip-broken missing.har'; do
  # shellcheck disable=SC2086
  streamserve --port 0 $arguments "$SAMPLES/chat-llm.rec.ndjson"
  echo "exit $?"
done
# Of what is broken from its beginning nothing is left to serve.
printf '{"log":{"version":"1.2","creator":{"name":"x","version":"1"},"entries":7}}' >odd.har
streamserve --port 0 --skip-broken odd.har
echo "exit $?"

# Options of matching are checked before anything is served.
for arguments in '--match sloppy' '--repeat twice' '--per-client host' '--per-client header:' '--map localhost' '--map http://a=b' '--min-score 101' '--ignore-body-field /a~3' '--ignore-body --ignore-body-field x' '--on-error crash' '--miss 403'; do
  # shellcheck disable=SC2086
  streamserve --port 0 $arguments "$SAMPLES/chat-llm.rec.ndjson"
  echo "exit $?"
done

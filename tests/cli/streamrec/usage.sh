# A wrong command line is refused with the reason.
for arguments in '' '--max-events 0 http://a/' '--until data=x http://a/' '--until-match ( http://a/' '--lines http://a/' '--reconnect -' \
  '-d a --json b http://a/' '--duration 0 http://a/' '-o x.rec.ndjson.zst http://a/' '-o x.har http://a/' '-H nothing http://a/' '-d @missing http://a/' \
  'ftp://a/' 'http://a:port/' '-X POST ws://a/' '--send x http://a/' '--reconnect wss://a/' '--cacert missing https://a/' '--recconect http://a/'; do
  # shellcheck disable=SC2086
  streamrec $arguments
  echo "exit $?"
done
ls

# Any format, compressed, from a pipe, and several files a side.
. "$(dirname -- "$0")/common.inc"
harconv e.har -o e.harl && hardiff e.har e.harl
harconv e.har -o e.rec.ndjson && hardiff --ignore comment e.har e.rec.ndjson
gzip -k e.har && hardiff e.har.gz e.har
hardiff - a.har --stat <e.har
hardiff - - <e.har
echo "exit $?"
hardiff --expected e.har --expected a.har --actual e.har --actual a.har
hardiff --expected e.har a.har a.har --stat
hardiff e.har
echo "exit $?"
hardiff e.har missing.har
echo "exit $?"

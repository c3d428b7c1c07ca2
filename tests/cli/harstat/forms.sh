# JSON and CSV, from a pipe, compressed, with groupings and percentiles of one's own.
har() { printf '{"log":{"version":"1.2","creator":{"name":"t","version":"1"},"pages":[{"id":"p","title":"Home, sweet","startedDateTime":"2026-11-22T09:00:00Z","pageTimings":{}}],"entries":[%s]}}' "$1"; }
entry() { printf '{"startedDateTime":"2026-11-22T09:00:0%s.000Z","time":%s,"pageref":"%s","timings":{"send":0.5,"wait":%s,"receive":1},"request":{"method":"GET","url":"https://%s/x","httpVersion":"HTTP/2.0"},"response":{"status":%s,"httpVersion":"h2","headers":[{"name":"Cache-Control","value":"max-age=60"}],"content":{"size":%s,"mimeType":"text/css"},"_transferSize":%s}}' "$@"; }
har "$(entry 1 10.25 p 8 A.example 200 1000 400),$(entry 2 20 p 16 a.example:443 200 1000 300),$(entry 3 30 q 24 b.example 404 10 5),$(entry 4 5 q 3 b.example 0 0 0)" >a.har
gzip -k a.har
harstat --json --group-by page --percentiles 50,99.9 --top 2 - <a.har.gz
harstat --csv --group-by host,status --percentiles 90 a.har
harstat --group-by cache --group-by protocol,method --top 1 --percentiles 50 a.har | head -n 30

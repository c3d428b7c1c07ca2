# An input that is not in order is sorted, from a file, from a pipe, and compressed.
one() { printf "{\"startedDateTime\":\"2026-11-22T09:00:%s.000Z\",\"pageref\":\"p\",\"request\":{\"method\":\"GET\",\"url\":\"http://a/%s\"},\"response\":{\"status\":200}}" "$1" "$2"; }
har() { printf "{\"log\":{\"version\":\"1.2\",\"creator\":{\"name\":\"%s\",\"version\":\"1\"},\"pages\":[{\"startedDateTime\":\"2026-11-22T09:00:00.000Z\",\"id\":\"p\",\"title\":\"%s\",\"pageTimings\":{}}],\"entries\":[\n%s\n]}}\n" "$1" "$1" "$2"; }
har A "$(one 01 a1),
$(one 03 a2),
$(one 05 a3)" >a.har
har B "$(one 02 b1),
$(one 04 b2)" >b.har
har C "$(one 09 c1),
$(one 01 c2),
$(one 02 c3)" >c.har
harmerge a.har c.har --window 0 --no-provenance | harconv - --to harl | grep -o 'http://a/..'
for memory in a b; do
  cat c.har | harmerge a.har - --no-provenance -o "$memory.out"
done
harmerge a.har c.har --no-provenance | cmp - a.out && echo same
gzip c.har
harmerge a.har c.har.gz --no-provenance | cmp - a.out && echo same
harmerge a.har c.har.gz --tmp-dir /nowhere --no-provenance | cmp - a.out && echo same without a file

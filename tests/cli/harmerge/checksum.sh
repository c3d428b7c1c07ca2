# Checksums prove that all entries are there; without an output they are all that is printed.
one() { printf "{\"startedDateTime\":\"2026-11-22T09:00:%s.000Z\",\"pageref\":\"p\",\"request\":{\"method\":\"GET\",\"url\":\"http://a/%s\"},\"response\":{\"status\":200}}" "$1" "$2"; }
har() { printf "{\"log\":{\"version\":\"1.2\",\"creator\":{\"name\":\"%s\",\"version\":\"1\"},\"pages\":[{\"startedDateTime\":\"2026-11-22T09:00:00.000Z\",\"id\":\"p\",\"title\":\"%s\",\"pageTimings\":{}}],\"entries\":[\n%s\n]}}\n" "$1" "$1" "$2"; }
har A "$(one 01 a1),
$(one 03 a2),
$(one 05 a3)" >a.har
har B "$(one 02 b1),
$(one 04 b2)" >b.har
harmerge --checksum a.har b.har
harmerge --checksum --json a.har b.har -o ab.har
harmerge --checksum ab.har
harconv ab.har -o ab.rec.ndjson && harmerge --checksum ab.rec.ndjson
harconv --pretty ab.har -o pretty.har && harmerge --checksum pretty.har
sed 's/a2/a9/' ab.har | harmerge --checksum -
harmerge a.har b.har --checksum -o x.sse
echo "exit $?"

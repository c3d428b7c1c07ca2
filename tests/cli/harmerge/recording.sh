# Recordings and HARs on one timeline.
one() { printf "{\"startedDateTime\":\"2026-11-22T09:00:%s.000Z\",\"pageref\":\"p\",\"request\":{\"method\":\"GET\",\"url\":\"http://a/%s\"},\"response\":{\"status\":200}}" "$1" "$2"; }
har() { printf "{\"log\":{\"version\":\"1.2\",\"creator\":{\"name\":\"%s\",\"version\":\"1\"},\"pages\":[{\"startedDateTime\":\"2026-11-22T09:00:00.000Z\",\"id\":\"p\",\"title\":\"%s\",\"pageTimings\":{}}],\"entries\":[\n%s\n]}}\n" "$1" "$1" "$2"; }
har A "$(one 01 a1),
$(one 03 a2),
$(one 05 a3)" >a.har
har B "$(one 02 b1),
$(one 04 b2)" >b.har
harmerge "$SAMPLES/prices-ws.rec.ndjson" a.har --shift 2=+15m --to recording | cut -c 1-110
harmerge "$SAMPLES/prices-ws.rec.ndjson" a.har --checksum -o out.har

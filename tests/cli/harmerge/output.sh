# A full disk is a failure, a reader that has gone is none, and an output is replaced only if asked.
one() { printf "{\"startedDateTime\":\"2026-11-22T09:00:%s.000Z\",\"pageref\":\"p\",\"request\":{\"method\":\"GET\",\"url\":\"http://a/%s\"},\"response\":{\"status\":200}}" "$1" "$2"; }
har() { printf "{\"log\":{\"version\":\"1.2\",\"creator\":{\"name\":\"%s\",\"version\":\"1\"},\"pages\":[{\"startedDateTime\":\"2026-11-22T09:00:00.000Z\",\"id\":\"p\",\"title\":\"%s\",\"pageTimings\":{}}],\"entries\":[\n%s\n]}}\n" "$1" "$1" "$2"; }
har A "$(one 01 a1),
$(one 03 a2),
$(one 05 a3)" >a.har
har B "$(one 02 b1),
$(one 04 b2)" >b.har
harmerge a.har b.har >/dev/full
echo "exit $?"
echo precious >out.har
harmerge a.har b.har -o out.har
echo "exit $?"
cat out.har
harmerge a.har b.har -o a.har --overwrite && harconv --count a.har
for i in $(seq 3000); do one 01 many; echo; done >many.harl
set -o pipefail
harmerge many.harl | head -c 10
echo " exit $?"

# An input that is cut, broken or empty costs what is broken, is said, and the status is 2.
one() { printf "{\"startedDateTime\":\"2026-11-22T09:00:%s.000Z\",\"pageref\":\"p\",\"request\":{\"method\":\"GET\",\"url\":\"http://a/%s\"},\"response\":{\"status\":200}}" "$1" "$2"; }
har() { printf "{\"log\":{\"version\":\"1.2\",\"creator\":{\"name\":\"%s\",\"version\":\"1\"},\"pages\":[{\"startedDateTime\":\"2026-11-22T09:00:00.000Z\",\"id\":\"p\",\"title\":\"%s\",\"pageTimings\":{}}],\"entries\":[\n%s\n]}}\n" "$1" "$1" "$2"; }
har A "$(one 01 a1),
$(one 03 a2),
$(one 05 a3)" >a.har
har B "$(one 02 b1),
$(one 04 b2)" >b.har
head -c 330 a.har >cut.har
harmerge cut.har b.har -o out.har
echo "exit $?"
harconv --count out.har
: >empty.har
harmerge empty.har b.har -o out2.har
echo "exit $?"
harmerge empty.har cut2.har -o none.har
echo "exit $?"
head -c 100 a.har >nothing.har
harmerge nothing.har -o none.har
echo "exit $?"
ls

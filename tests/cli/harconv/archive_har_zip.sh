# A HAR and its bodies in a zip archive, as Playwright has them.
harconv "$SAMPLES/shop.har" -o shop.har.zip
head -c 37 shop.har.zip | tail -c 7
echo
# The same again, whatever the time and the zone; and the HAR comes back to the letter.
TZ=America/New_York harconv "$SAMPLES/shop.har" --to har-zip | cmp - shop.har.zip && echo "the same archive"
harconv "$SAMPLES/shop.har" --to harl >want.harl
harconv shop.har.zip --to harl >got.harl
cmp want.harl got.harl && echo "the same entries"
# It is found by its content, through a pipe and a compression too.
gzip <shop.har.zip | harconv - --to harl | cmp - want.harl && echo "the same from a pipe"
cp shop.har.zip other.zhar
harconv other.zhar --to harl | cmp - want.harl && echo "the same from a zhar that is a zip"
harconv shop.har.zip "$SAMPLES/shop.har" --to har-zip | harconv - --to harl | wc -l
# The other zhar is zlib.
harconv shop.har.zip -o shop.zhar
head -c 2 shop.zhar | od -An -tx1
harconv shop.zhar --to harl | cmp - want.harl && echo "the same from a zhar of zlib"
harconv shop.har.zip -o shop.har.gz
harconv shop.har.gz --to harl | cmp - want.harl && echo "the same from gzip"
# A file beside the archive is none of its files.
cat >named.har <<'END'
{"log":{"version":"1.2","creator":{"name":"hand","version":"1"},"entries":[
{"startedDateTime":"2026-11-22T09:15:30Z","time":1,"request":{"method":"GET","url":"http://a.test/"},"response":{"status":200,"content":{"mimeType":"text/plain","_file":"beside.txt"}},"timings":{"send":0,"wait":1,"receive":0}}]}}
END
harconv named.har --to har-zip >named.zip
echo secret >beside.txt
harconv named.zip --to recording | grep -c secret
harconv named.har --to har-zip | harconv - | grep -o '"text":"[^"]*"'
# What is cut off, or no archive, or refused.
head -c 700 shop.har.zip | harconv -
echo "exit $?"
printf 'PK\3\4' >no.zip
harconv no.zip
echo "exit $?"
: >empty.zip
harconv empty.zip
echo "exit $?"
LC_ALL=C sed 's/har\.har/a\/..\/bc/g' shop.har.zip | harconv --from har-zip -
echo "exit $?"
harconv --max-entry 700 shop.har.zip --to harl -o small.harl
echo "exit $?"
harconv shop.har.zip --to har-zip >/dev/full
echo "exit $?"

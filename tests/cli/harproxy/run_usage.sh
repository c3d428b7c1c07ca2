# What "harproxy run" needs, and what is its command's.
for arguments in '' '-o a.har' '-o a.har --' '-o a.har true' '-o a.har -s -- true' '-- true' '-o - -- true' '-o a.har --target http://h -- true' \
  '-o a.har --cert c --key k -- true' '-o a.har --progress never -- true'; do
  # shellcheck disable=SC2086
  harproxy run $arguments
  echo "exit $?"
done
ls -A
echo "--- run"
harproxy run -o a.har -- sh -c 'exit 3'
echo "exit $?"
harproxy run -o a.har -- true
echo "exit $?"
harproxy run -o a.har --overwrite -- no-such-command
echo "exit $?"
# shellcheck disable=SC2016
harproxy run -o a.har --overwrite -- sh -c 'for name in NODE_EXTRA_CA_CERTS SSL_CERT_FILE CURL_CA_BUNDLE REQUESTS_CA_BUNDLE; do eval "test -s \"\$$name\"" && echo "$name"; done; test "$HTTPS_PROXY" = "$http_proxy" && echo "no_proxy=$no_proxy"'
echo "exit $?"
harcheck a.har

# Options of TLS are checked, and files read, before anything is served.
S="$SAMPLES/chat-llm.rec.ndjson"
for arguments in '--cert c.pem' '--key k.pem' '--ca d --cert c.pem --key k.pem' '--print-ca --cert c.pem --key k.pem' '--tls --cert c.pem --key k.pem' '--tls --ca /proc/none'; do
  # shellcheck disable=SC2086
  streamserve --port 0 $arguments "$S"
  echo "exit $?"
done
echo "--- the authority"
streamserve --ca ca --print-ca
echo "exit $?"
stat -c '%a %n' ca ca/*
chmod 640 ca/ca-key.pem
streamserve --port 0 --ca ca "$S"
echo "exit $?"
chmod 600 ca/ca-key.pem
cp ca/ca.pem other.pem
streamserve --ca other --print-ca
cp other.pem other/ca.pem
streamserve --ca other --print-ca
echo "exit $?"
rm ca/ca-key.pem
streamserve --port 0 --tls --ca ca "$S"
echo "exit $?"
echo "not a key" >ca/ca-key.pem
chmod 600 ca/ca-key.pem
streamserve --port 0 --tls --ca ca "$S"
echo "exit $?"
env -u HOME -u XDG_DATA_HOME "$(command -v streamserve)" --print-ca
echo "exit $?"

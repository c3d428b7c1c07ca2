# Only what an expression selects is served.
streamserve --port 0 --where 'status == 418' "$SAMPLES/shop.har"
echo "exit $?"
streamserve --port 0 --where 'statu == 418' "$SAMPLES/shop.har"
echo "exit $?"
streamserve --port 0 --where 'path == "/orders"' --verbose --exit-after 1 --no-delay "$SAMPLES/shop.har" >address 2>log &
until [[ -s address ]]; do sleep 0.02; done
curl -s -o /dev/null -w '%{http_code}\n' -H 'Content-Type: application/json' -d '{"item":7,"count":2}' "$(cat address)/orders"
wait
grep -o 'exchange .*: POST.*' log | head -1

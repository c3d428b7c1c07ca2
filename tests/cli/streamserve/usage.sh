# A wrong command line is refused with the reason.
for arguments in '' '--speed 0 x' '--speed 2x x' '--speed 2 --no-delay x' '--max-gap soon x' '--port 70000 x' '--exit-after 0 x' '--timeout 0 x' '--spede 2 x' \
  '--min-gap 2s --max-gap 1s x' '--interval 1s --max-gap 1s x' '--start 2s --end 1s x' '--ttfb soon x' '--loop=0 x' '--keepalive 0 x' '--seed x x' '--status here x' '--status 70000 x' '--unmatched drop x' '--once --exit-after 1 x' '--log xml x' '--mocks /dev/null --once'; do
  # shellcheck disable=SC2086
  streamserve $arguments
  echo "exit $?"
done
echo "--- faults"
for rule in 'rset' 'at=event:5' 'at=event:0 reset' 'rate=2 reset' 'close=1006' 'slow=fast' 'kind=see reset' 'reset stall'; do
  streamserve --fault "$rule" x
  echo "exit $?"
done

# A wrong command line is refused with the reason.
for arguments in '' '--speed 0 x' '--speed 2x x' '--speed 2 --no-delay x' '--max-gap soon x' '--port 70000 x' '--exit-after 0 x' '--timeout 0 x' '--spede 2 x'; do
  # shellcheck disable=SC2086
  streamserve $arguments
  echo "exit $?"
done

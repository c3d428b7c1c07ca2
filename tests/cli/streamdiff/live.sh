# What arrives in a pipe is compared as it comes: a difference is there before the next event is written.
printf 'data: 1\n\ndata: 2\n\ndata: 3\n\n' >expected.sse
mkfifo pipe
streamdiff expected.sse - <pipe >out &
exec 3>pipe
printf 'data: 1\n\ndata: x\n\n' >&3
until grep -q 'event 2' out; do sleep 0.02; done # for ever if it is not so
echo "told while the pipe is open"
printf 'data: 3\n\n' >&3
exec 3>&-
wait $!
echo "exit $?"
cat out
# The end of what is expected, the first difference, and an event may end it, though the pipe stays open.
open_pipe() {
  streamdiff "$@" expected.sse - <pipe &
  exec 3>pipe
}
close_pipe() {
  wait $!
  echo "exit $?"
  exec 3>&-
}
open_pipe --allow-extra
printf 'data: 1\n\ndata: 2\n\ndata: 3\n\ndata: 4\n\n' >&3
close_pipe
open_pipe --first
printf 'data: 0\n\n' >&3
close_pipe
open_pipe --until-match '^2$'
printf 'data: 1\n\ndata: 2\n\ndata: 9\n\n' >&3
close_pipe
open_pipe --timeout 100ms
printf 'data: 1\n\n' >&3
close_pipe
open_pipe --timeout 100ms --allow-truncated
printf 'data: 1\n\ndata: 2' >&3
close_pipe

# What cannot be read completely is said, and the status is 2, whatever was found.
. "$(dirname -- "$0")/common.inc"
head -c 700 e.har >cut.har
hardiff cut.har e.har
echo "exit $?"
: >empty.har
hardiff empty.har e.har
echo "exit $?"
har >none.har
hardiff --stat none.har none.har
echo "exit $?"
hardiff e.har a.har >/dev/full
echo "exit $?"
hardiff e.har a.har | head -n 1
echo "exit ${PIPESTATUS[0]}"

# Values of the same length or type are not equal; all of these differ.
check() {
  printf "$2" >expected
  printf "$3" >actual
  streamdiff -q --from "$1" expected actual
  echo "$1: exit $?"
}
check sse 'id: 1\ndata: x\n\n' 'id: 2\ndata: x\n\n'
check sse 'event: add\ndata: x\n\n' 'event: del\ndata: x\n\n'
check sse 'data: abc\n\n' 'data: abd\n\n'
check sse 'data: true\n\n' 'data: false\n\n'
check sse 'data: 1\n\ndata: 2\n\n' 'data: 1\n\ndata: 2\n\ndata: 3\n\n'
check ndjson '{"id":9007199254740993}\n' '{"id":9007199254740992}\n'
check ndjson '{"a":1}\n' '{"a":1} trailing\n'
check text 'ab\n' 'cd\n'
check raw 'ab' 'ac'
check raw 'abc' 'abcd'

# How much is shown and in what form, and what counts.
printf '{"n":1,"s":"a"}\n{"n":2}\n{"n":3}\n' >expected.ndjson
printf '{"n":1.0,"s":"b\\u001b[31m"}\n{"n":5}\n' >actual.ndjson
for options in --first '--max-diffs 2' --strict-numbers --json '--json --first' '-q' '--color always --first'; do
  echo "== $options"
  streamdiff $options expected.ndjson actual.ndjson
  echo "exit $?"
done

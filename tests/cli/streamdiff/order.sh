# In what order records must stand.
printf '{"id":1,"x":"a"}\n{"id":2,"x":"b"}\n{"id":3,"x":"c"}\n' >expected.ndjson
printf '{"id":3,"x":"c"}\n{"id":1,"x":"a"}\n{"id":2,"x":"B"}\n' >actual.ndjson
streamdiff expected.ndjson actual.ndjson
echo "exit $?"
streamdiff --order unordered expected.ndjson actual.ndjson
echo "exit $?"
streamdiff --by-key /id expected.ndjson actual.ndjson
echo "exit $?"
printf '{"id":0}\n{"id":1,"x":"a"}\n{"id":9}\n{"id":2,"x":"b"}\n{"id":3,"x":"c"}\n{"id":4}\n' >more.ndjson
streamdiff --order subsequence expected.ndjson more.ndjson
echo "exit $?"
streamdiff --order subsequence expected.ndjson actual.ndjson
echo "exit $?"

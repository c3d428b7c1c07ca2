# Only the entries that --where is true of are compared, of both sides.
hardiff --summary --where 'method == "POST"' "$SAMPLES/shop-before.har" "$SAMPLES/shop-after.har" && echo the same
hardiff --where 'path =~ "/user$"' "$SAMPLES/shop-before.har" "$SAMPLES/shop-after.har" || echo "exit $?"
hardiff --where 'path =~' "$SAMPLES/shop-before.har" "$SAMPLES/shop-after.har"
echo "exit $?"

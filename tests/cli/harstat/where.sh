# Only the entries that --where is true of are counted; it is for entries, and partial summaries have none.
harstat --csv --where 'status == 200' --where 'type != "image"' --group-by type "$SAMPLES/shop.har" | cut -d, -f1-6
harstat --csv --where 'index in 1..2' -j4 --group-by type "$SAMPLES/shop.har" | cut -d, -f1-6
harstat --partial --where 'status >= 500' "$SAMPLES/shop.har" -o part.json
harstat --merge --csv part.json | cut -d, -f1-6 | head -3
harstat --merge --where 'status >= 500' part.json
harstat --where 'statu >= 500' "$SAMPLES/shop.har"
echo "exit $?"

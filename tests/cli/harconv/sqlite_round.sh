# A database holds the whole recording, wherever it comes from and goes to.
harconv "$SAMPLES/shop.har" -o shop.sqlite
echo "exit $?"
head -c 15 shop.sqlite
echo
# Found by its content, whatever it is called.
cp shop.sqlite noname
harconv noname --to harl | cmp - <(harconv "$SAMPLES/shop.har" --to harl) && echo same
harconv shop.sqlite --to sqlite | cmp - shop.sqlite && echo same
harconv - <shop.sqlite --to har --count
harconv shop.sqlite --status 5xx --to har | hargrep --count 'status == 503' -
harconv "$SAMPLES/prices-ws.rec.ndjson" --to sqlite | harconv --to harl - | cmp - <(harconv "$SAMPLES/prices-ws.rec.ndjson" --to harl) && echo same
# Several become one.
harconv "$SAMPLES/shop-before.har" "$SAMPLES/shop-after.har" -o both.sqlite
harconv both.sqlite --count
# What is none of ours, or broken.
head -c 8000 shop.sqlite >cut.sqlite
harconv cut.sqlite
echo "exit $?"
head -c 50000 shop.sqlite >cut2.sqlite
harconv cut2.sqlite --to harl | wc -l
harconv --from sqlite "$SAMPLES/shop.har"
echo "exit $?"
harconv --from sqlite - </dev/null
echo "exit $?"
harconv shop.sqlite -o shop.sqlite
echo "exit $?"
# Nothing at all.
echo '{"log":{"entries":[]}}' | harconv --from har --to sqlite - | harconv -

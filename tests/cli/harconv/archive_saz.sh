# Fiddler's session archives.
harconv "$SAMPLES/prices-ws.rec.ndjson" -o prices.saz
harconv prices.saz -o prices.har
harconv prices.har --to saz | cmp - prices.saz && echo "the same archive"
harconv prices.saz --to har --pretty | grep -A12 '"_fiddler"'
harconv prices.saz --to recording --no-provenance | grep '"ev":"\(message\|close\)"' >got
harconv "$SAMPLES/prices-ws.rec.ndjson" --to recording --no-provenance | grep '"ev":"\(message\|close\)"' >want
wc -l <want
diff want got | head -4
# What is lost is said.
harconv "$SAMPLES/shop.har" -o shop.saz
harconv shop.saz --to harl | wc -l
cat shop.saz | harconv - --to harl | head -1 | cut -c1-300
# Cut off, or of something else.
head -c 900 shop.saz | harconv -
echo "exit $?"
harconv --from saz "$SAMPLES/shop.har"
echo "exit $?"
harconv "$SAMPLES/shop.har" --to har-zip | harconv --from saz -
echo "exit $?"

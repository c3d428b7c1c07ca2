# What the output has no place for: said, refused, listed.
harconv -q "$SAMPLES/shop.har" --entry 0 --to gor -o shop.gor --report report.ndjson 2>/dev/null; echo "exit $?"
jq -c 'select(.record == "loss") | [.level, .rule, .pointer]' report.ndjson | head -n 2
jq -c 'select(.record == "summary") | [.entries, .losses == ([.rules | to_entries[] | select(.key | startswith("lost-")) | .value] | add)]' report.ndjson
harconv --strict "$SAMPLES/shop.har" --entry 0 --to gor -o strict.gor 2>messages.txt; echo "exit $?"
tail -n 2 messages.txt >&2
grep -c 'error: .*\[lost-' messages.txt
ls strict.gor 2>/dev/null
# What holds everything loses nothing.
harconv --strict "$SAMPLES/shop.har" -o shop.sqlite && echo kept
harconv --strict shop.sqlite --to har | cmp - "$SAMPLES/shop.har" >/dev/null; harconv --count shop.sqlite
# Options that mean nothing for the format, columns that are none.
harconv "$SAMPLES/shop.har" --to gor --dialect chrome; echo "exit $?"
harconv "$SAMPLES/shop.har" --to csv --columns statsu; echo "exit $?"
harconv "$SAMPLES/shop.har" --to har --bodies attach; echo "exit $?"
harconv "$SAMPLES/shop.har" --to har --report -; echo "exit $?"
harconv "$SAMPLES/shop.har" --to csv --columns status,url | head -n 1
harconv "$SAMPLES/shop.har" --dialect har-1.2 --to harl 2>/dev/null | tail -n +2 | jq -c 'keys' | sort -u
harconv "$SAMPLES/shop.har" --dialect chrome --bodies omit --to harl 2>/dev/null | tail -n +2 | jq -c '.response.content.text' | sort -u

# Parts that are counted apart and added are what is counted at once.
entry() { printf '{"startedDateTime":"2026-11-22T09:00:00Z","time":%s,"request":{"method":"GET","url":"https://%s/"},"response":{"status":200,"content":{"size":%s}}}\n' "$@"; }
for i in 1 2 3; do { entry "$i" "a$i" "$i$i"; entry "9$i" same 5; } >"$i.harl"; done
harstat --json 1.harl 2.harl 3.harl >whole.json
for i in 3 1 2; do harstat --partial "$i.harl"; done >parts
wc -l <parts
harstat --merge --json parts | cmp - whole.json && echo "the same"
{ head -n 2 parts | harstat --merge --partial -; tail -n 1 parts; } | harstat --merge --json - | cmp - whole.json && echo "the same in steps"
harstat --partial 1.harl -o one.partial.gz && harstat --merge --csv one.partial.gz | tail -n 1 | cut -c 1-40
head -c 500 parts | harstat --merge --csv - | cut -c 1-20
echo "exit ${PIPESTATUS[1]}"
{ head -n 1 parts; harstat --partial --top 3 2.harl; } | harstat --merge -
echo "exit $?"
harstat --merge --csv 1.harl >/dev/null
echo "exit $?"
harstat --merge --group-by host parts
echo "exit $?"
harstat --merge --csv --fail-on 'time.max{method=GET}>1s' parts
echo "exit $?"
harstat --merge --csv --fail-on 'time.max{type=*}>92ms' parts >/dev/null
echo "exit $?"

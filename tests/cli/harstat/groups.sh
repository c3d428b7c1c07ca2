# More groups than are told apart: the rest is in (other), the same for every order and number of threads.
for i in $(seq 1 40); do printf '{"time":%s,"request":{"method":"GET","url":"https://h%s.example/\\u001b[31m%s"},"response":{"status":200}}\n' "$i" "$i" "$i"; done >x.harl
harstat --csv --group-by host --max-groups 3 --percentiles 50 x.harl | cut -d, -f 1-3
sort -r x.harl | harstat --csv --group-by host --max-groups 3 --percentiles 50 --from harl - | cut -d, -f 1-3 | tail -n 4
harstat --group-by host --max-groups 3 --top 2 --percentiles 50 x.harl
harstat --group-by url --max-groups 1 --max-requests 10 --top 0 --json x.harl | grep requests

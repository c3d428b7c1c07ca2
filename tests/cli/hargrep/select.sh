# Entries by expression and by plain options.
H=$SAMPLES/shop.har
hargrep 'status >= 500' "$H"
hargrep -c 'host == "api.example.test"' "$H"
hargrep -c --url '*api*' "$H"
hargrep -c --status 4xx,5xx "$H"
hargrep -c --status 0 "$H"
hargrep -c --method post,put "$H"
hargrep -c --type Image --type script "$H"
hargrep -c --host '*.EXAMPLE.test' "$H"
hargrep -c --mime 'image/*' "$H"
hargrep -c --header 'Vary: *origin*' --header authorization "$H"
hargrep -c --body '"left":\d' "$H"
hargrep -c --body item -e 'status < 500' "$H"
hargrep -c -e 'status == 200' -e 'type == "image"' "$H"
hargrep -c -v --status 2xx "$H"
hargrep -c --where 'true' --entry 0 --entry 7 --range 3..4 "$H"
hargrep -c --range 6.. --range ..0 "$H"
hargrep -c --since 2026-11-22T09:15:32Z "$H"
hargrep -c --since +1s --until +3s "$H"
hargrep -c -v --since +1s --until +3s --type fetch "$H"
hargrep -c 'index == 2 && source like "*shop.har"' "$H"
# Of one thread and of many the same.
hargrep -j1 --type xhr,fetch --to harl "$H" | cksum
hargrep -j4 --type xhr,fetch --to harl "$H" | cksum

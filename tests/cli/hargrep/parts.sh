# Samples, bodies that are left out, and outputs that fit.
H=$SAMPLES/shop.har
hargrep --sample 3 "$H" | hargrep -c true -
hargrep --sample 3 "$H" | cksum
hargrep --sample 3 - <"$H" | cksum
cat "$H" | hargrep --sample 3 - | cksum
hargrep --sample 3 --seed 2 "$H" | cksum
hargrep --sample 50% "$H" | hargrep -c true -
hargrep --sample 100% "$H" | hargrep -c true -
hargrep --sample 0% "$H" | hargrep -c true -
hargrep --sample 2 'type in ["xhr", "fetch", "image"]' "$H" | hargrep -c true -
hargrep --drop-bodies "$H" -o bare.har
hargrep -c 'has(body) || has(req.body) || any(ws, m.data != "")' bare.har
hargrep -c 'body.size > 0 && has(mime)' bare.har
hargrep --drop-bodies=request 'has(req.body)' "$H" | hargrep -c 'has(body) && !has(req.body)' -
hargrep --drop-bodies -e 'has(ws)' "$H" --to recording | cut -c 1-90
for size in 1MB 8500 8000 6000 3000; do
  hargrep --fit $size "$H" -o fit.har --overwrite
  echo "$size: exit $?, $(hargrep -c true fit.har) entries, $(($(wc -c <fit.har) <= ${size/MB/000000})), $(hargrep -c 'has(body)' fit.har) bodies"
done
hargrep --fit 100 "$H"
echo "exit $?"
cat "$H" | hargrep --quiet --fit 8000 - | wc -c
gzip -c "$H" | hargrep --quiet --fit 8000 - --to harl | wc -c
hargrep --fit 8000 "$H" --to recording
echo "exit $?"

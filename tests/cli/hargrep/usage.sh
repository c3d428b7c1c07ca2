# What is refused, and how it is said.
H=$SAMPLES/shop.har
try() {
  "$@"
  echo "exit $?"
}
try hargrep
try hargrep 'status == 200'
try hargrep "$H"
try hargrep 'statu == 200' "$H"
try hargrep 'status =~ 3' "$H"
try hargrep 'url == "é" && status == "x"' "$H"
try hargrep --status 'x04' "$H"
try hargrep --status 20 "$H"
try hargrep --range 5..2 "$H"
try hargrep --since yesterday "$H"
try hargrep --sample many "$H"
try hargrep --drop-bodies=none true "$H"
try hargrep --status 200 'status == 200' "$H" -c
try hargrep --body '(' "$H"
try hargrep -c --fit 10MB "$H"
try hargrep true "$H" --to asciicast-v9
try hargrep true - - </dev/null
try hargrep true - </dev/null
head -c 5000 "$H" >cut.har
try hargrep -c true cut.har
try hargrep 'type == "script"' cut.har -o out.har
hargrep -c true out.har
# -v is grep's; the family's is spelled out.
hargrep --verbose -c true "$H" 2>&1 | grep -c 'peak memory'

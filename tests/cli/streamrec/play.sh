# A recording is played back, whole or in part.
chat=$SAMPLES/chat-llm.rec.ndjson prices=$SAMPLES/prices-ws.rec.ndjson
echo "--- all of it is the body"
streamrec play --speed max "$chat" >played
harconv --to raw "$chat" | cmp - played && echo same
echo "--- a part of a conversation"
streamrec play --speed 1000 --max-gap 1ms --end 150ms "$prices"
echo "--- what comes in pieces of one moment can be spread"
printf 'a\nb\nc\n' | streamrec --lines --no-tee -o abc.rec.ndjson -
streamrec play --min-gap 1ms abc.rec.ndjson
echo "--- again, at an even pace, and as late as chance has it, but whole"
streamrec play --interval 1ms --loop=2 abc.rec.ndjson
streamrec play --jitter 5ms --seed 7 abc.rec.ndjson
streamrec play --jitter 1ms --seed 7 --speed max "$chat" | cmp - played && echo same
echo "--- refusals"
for arguments in '' '--speed 0 x' '--min-gap 2s --max-gap 1s x' '--start 2s --end 1s x' '--entry 3 abc.rec.ndjson' '--id no abc.rec.ndjson' \
  '--loop --speed max abc.rec.ndjson' '--loop=x abc.rec.ndjson' '--interval 1s --min-gap 1s abc.rec.ndjson' 'missing.rec.ndjson' '--entry 0 --id 1 x'; do
  # shellcheck disable=SC2086
  streamrec play $arguments
  echo "exit $?"
done
sed -n 1p abc.rec.ndjson >two.rec.ndjson
for id in 1 2; do sed -n '2,$p' abc.rec.ndjson | sed "s/^{/{\"id\":\"$id\",/" >>two.rec.ndjson; done
streamrec play two.rec.ndjson
echo "exit $?"
streamrec play --id 2 two.rec.ndjson

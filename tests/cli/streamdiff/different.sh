# An event that is missing, one that changed in two places, one that is extra.
cat >expected.sse <<'END'
event: delta
data: {"index":0,"text":"Hel"}

event: ping
data: {}

event: delta
data: {"index":0,"text":"lo","usage":{"tokens":2}}

event: stop
data: {"reason":"end"}

END
cat >actual.sse <<'END'
event: delta
data: {"index":0,"text":"Hel"}

event: delta
data: {"index":0,"text":"lo!","usage":{"tokens":"2"}}

event: usage
data: {"total":12}

event: stop
data: {"reason":"end"}

END
streamdiff expected.sse actual.sse

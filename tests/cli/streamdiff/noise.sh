# Rules of noise: every action, files of our own and Keploy's, rules that name nothing, mistakes.
cat >expected.sse <<'END'
id: a1
event: delta
data: {"id":"req-1","url":"/u/0123abcd","n":100,"at":"2026-01-01T00:00:00Z","user":{"name":"A","tags":[1]},"token":"abc"}

END
cat >actual.sse <<'END'
id: b2
event: delta
data: {"id":"req-22","url":"/u/ffff0000","n":104,"at":"2026-01-01T00:00:00.1Z","user":{"name":"B","tags":[2]},"token":"xyz"}

END
rules=(--size @id --regex '/id=^req-[0-9]+$' --mask '/url=s/[0-9a-f]{8}/H/' --tolerance '.n=5%' --tolerance /at=150ms --shape /user
  --type '..token')
streamdiff -q "${rules[@]}" expected.sse actual.sse
echo "exit $?"
streamdiff "${rules[@]:2}" --tolerance /n=3 expected.sse actual.sse
echo "exit $?"
echo '== a file'
cat >noise.yml <<'END'
noise: 1
rules:
  - ignore: ['@id', /id, /**/tokn]
  - mask: ''
    match: '[0-9a-f]{8}'
    replace: H
    event: delta
  - tolerance: [/n, /nothing]
    within: 4
    optional: true
  - ignore: [/at, /user, /token]
END
streamdiff --noise noise.yml expected.sse actual.sse
echo "exit $?"
echo "== Keploy's"
cat >keploy.yml <<'END'
test:
  globalNoise:
    global:
      body: {ID: [], url: ['^/u/'], n: ['^1..$'], at: [], user.name: [], user.tags: [], bad: ['(']}
    test-sets:
      set-1: {body: {token: []}}
END
streamdiff --noise keploy.yml --ignore @id expected.sse actual.sse
echo "exit $?"
streamdiff -q --noise keploy.yml --test-set set-1 --ignore @id expected.sse actual.sse
echo "exit $?"
echo '== mistakes'
printf 'noise: 1\nrules:\n  - mask: /a\n    match: "["\n' >bad.yml
printf 'noise: 1\nrules:\n  - ignore: @id\n' >quotes.yml
for wrong in '--noise bad.yml' '--noise quotes.yml' '--noise none.yml' '--regex /a' '--regex /a=(' '--mask /a=x' '--mask /a=s/x/' \
  '--mask /a=s/(x)/\2/' '--tolerance /a=5x' '--type created' '--size @status'; do
  streamdiff $wrong expected.sse actual.sse
  echo "exit $?"
done

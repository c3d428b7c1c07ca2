# Rules of noise, on the command line and in files; a rule that names nothing is reported.
. "$(dirname -- "$0")/common.inc"
hardiff --ignore status --ignore header.accept --ignore 'body/items/*/name' --stat e.har a.har
hardiff --only status --only body/total e.har a.har
hardiff --mask 's/pen(cil)?/PEN/' --only body --stat e.har a.har
hardiff --mask 'body/items=s/pen(cil)?/PEN/' --key body/items=id --set body/none --only body e.har a.har
cat >noise.yaml <<'YAML'
noise: 1
rules:
  - ignore: [status, '@header/accept', /items/2]
  - mask: /items/*/name
    match: cil$
YAML
hardiff --noise noise.yaml --only header --only status --only body/items e.har a.har
echo "exit $?"
cat >keploy.yml <<'YAML'
test:
  globalNoise:
    global:
      body: {items: [], total: []}
      header: {Accept: []}
YAML
hardiff --noise keploy.yml --stat e.har a.har
hardiff --ignore header.x-trace --stat e.har e.har
hardiff --ignore heder.x-trace e.har e.har
echo "exit $?"
hardiff --tolerance 5 --only body --stat e.har a.har

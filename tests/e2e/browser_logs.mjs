// Chromium visits a server, and keeps a NetLog; a script keeps the DevTools protocol's events; tshark captures what is on the wire, and
// has the keys. Each of the three, read, is what the page saw and what its servers saw.
import assert from 'node:assert/strict';
import {execFileSync, spawn, spawnSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {existsSync, readFileSync, statSync, writeFileSync} from 'node:fs';
import {createSecureServer} from 'node:http2';
import {brotliCompressSync} from 'node:zlib';

import {launchChromium} from './chromium.mjs';
import {bodyOf} from './harproxy_process.mjs';
import {temporary, tool} from './support.mjs';
import {EVENTS, LARGE, NDJSON, certificates, startOrigin, visit} from './visit_origin.mjs';

const CLOCK_TOLERANCE_MS = 20;
const CAPTURE_LIMIT_MS = 20_000;
const digest = (bytes) => createHash('sha256').update(bytes).digest('hex');
const pause = (time) => new Promise((resolve) => setTimeout(resolve, time));

/// A server of HTTP/2, and what it has seen.
async function startSecond(tls) {
  const seen = [];
  const server = createSecureServer({key: readFileSync(tls.key), cert: readFileSync(tls.cert)});
  server.on('stream', (stream, headers) => {
    const chunks = [];
    stream.on('data', (chunk) => chunks.push(chunk));
    stream.on('end', async () => {
      const body = Buffer.concat(chunks);
      seen.push({method: headers[':method'], path: headers[':path'], body});
      const cors = {'access-control-allow-origin': headers.origin ?? '*'};
      if (headers[':path'] === '/pieces') {
        stream.respond({':status': 200, 'content-type': 'text/plain', ...cors});
        for (const piece of NDJSON) {
          stream.write(piece);
          await pause(40);
        }
        return stream.end();
      }
      const answer = brotliCompressSync(Buffer.concat([Buffer.from('{"sent":"'), body, Buffer.from(`","fill":"${'h2 '.repeat(20_000)}"}`)]));
      stream.respond({':status': 201, 'content-type': 'application/json', 'content-encoding': 'br', 'set-cookie': ['a=1', 'b=2; Path=/'], ...cors});
      return stream.end(answer);
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {url: `https://127.0.0.1:${server.address().port}`, port: server.address().port, seen, close: () => server.close()};
}

/// Runs in the page.
async function visitSecond(url) {
  const answer = await fetch(`${url}/echo?x=1`, {method: 'POST', body: 'é 😀'});
  return {status: answer.status, text: await answer.text(), pieces: await (await fetch(`${url}/pieces`)).text()};
}

/// tshark on the loopback; null where nothing may be captured.
async function capture(file, ports) {
  const filter = ports.map((port) => `tcp port ${port}`).join(' or ');
  const child = spawn('tshark', ['-i', 'lo', '-q', '-w', file, '-f', filter], {stdio: ['ignore', 'ignore', 'pipe']});
  let said = '';
  child.stderr.on('data', (chunk) => said += chunk);
  const ended = new Promise((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code) => resolve(`${code}: ${said}`));
  });
  const end = Date.now() + CAPTURE_LIMIT_MS;
  let over;
  ended.then((why) => over = why);
  while (over === undefined && !(existsSync(file) && /Capturing|Capture started/.test(said)) && Date.now() < end) await pause(50);
  if (over !== undefined || !existsSync(file)) {
    child.kill('SIGKILL');
    console.log(`nothing is captured here: ${over ?? said}`);
    return null;
  }
  return {async stop() {
    // What was sent last is written with its next look at the interface.
    for (let size = -1; size !== statSync(file).size; await pause(1000)) size = statSync(file).size;
    child.kill('SIGINT');
    await ended;
  }};
}

// ---- the visit

const tls = certificates(temporary('origin'));
const netlog = temporary('net.netlog.json');
const events = temporary('visit.cdp.ndjson');
const packets = temporary('visit.pcapng');
const keys = temporary('keys.txt');
const begin = Date.now();
const origin = await startOrigin(tls);
const second = await startSecond(tls);
const capturing = await capture(packets, [origin.port, second.port]);
const browser = await launchChromium('--ignore-certificate-errors', `--log-net-log=${netlog}`, '--net-log-capture-mode=Everything', `--ssl-key-log-file=${keys}`);
const page = await (await browser.newContext({ignoreHTTPSErrors: true})).newPage();
const session = await page.context().newCDPSession(page);
const lines = [];
for (const name of ['requestWillBeSent', 'requestWillBeSentExtraInfo', 'responseReceived', 'responseReceivedExtraInfo', 'dataReceived', 'loadingFinished', 'loadingFailed',
  'requestServedFromCache', 'webSocketCreated', 'webSocketWillSendHandshakeRequest', 'webSocketHandshakeResponseReceived', 'webSocketFrameSent', 'webSocketFrameReceived',
  'webSocketFrameError', 'webSocketClosed', 'eventSourceMessageReceived']) {
  session.on(`Network.${name}`, (params) => lines.push({method: `Network.${name}`, params}));
}
let command = 0;
const asked = [];
session.on('Network.loadingFinished', ({requestId}) => {
  const id = ++command;
  lines.push({id, method: 'Network.getResponseBody', params: {requestId}});
  asked.push(session.send('Network.getResponseBody', {requestId}).then((result) => lines.push({id, result}), ({message}) => lines.push({id, error: {message}})));
});
await session.send('Network.enable', {maxPostDataSize: 1 << 20});
await page.goto(`${origin.url}/`, {waitUntil: 'load'});
const record = await page.evaluate(visit, origin.other);
const two = await page.evaluate(visitSecond, second.url);
await page.evaluate(() => fetch('http://localhost:1/').catch(() => {}));
await Promise.all(asked);
await browser.close();
const end = Date.now();
await capturing?.stop();
origin.close();
second.close();
writeFileSync(events, lines.map((line) => JSON.stringify(line) + '\n').join(''));

// ---- what was read

function read(name, ...more) {
  const ran = spawnSync(tool('harconv'), ['--to', 'har', ...more], {encoding: 'utf8', maxBuffer: 1 << 28});
  assert.equal(ran.status, 0, ran.stderr);
  const file = temporary(`${name}.har`);
  writeFileSync(file, ran.stdout);
  const checked = spawnSync(tool('harcheck'), [file], {encoding: 'utf8'});
  assert.equal(checked.status, 0, checked.stdout + checked.stderr);
  const {entries} = JSON.parse(ran.stdout).log;
  return {name, said: ran.stderr, entries: entries.filter(({request}) => /^(https|wss):\/\/(localhost|127\.0\.0\.1):/.test(request.url)), all: entries};
}

function compare({name, entries, all, said}, {failures, aborted, declined, multipart, trueEvents}) {
  const of = (path, method = 'GET', nth = 0) => {
    const found = entries.filter(({request}) => request.method === method && new URL(request.url).pathname + new URL(request.url).search === path);
    assert.ok(found.length > nth, `${name}: ${method} ${path} is not there ${nth + 1} times`);
    return found[nth];
  };
  const header = (message, wanted) => message.headers.filter((field) => field.name.toLowerCase() === wanted).map(({value}) => value);
  const summary = (list) => list.map(({method, url, status}) => `${method} ${url} ${status}`).filter((line) => !/declined|endless/.test(line)).sort();
  const ours = entries.filter(({request}) => !request.url.startsWith(second.url));
  assert.deepEqual(summary(ours.map(({request, response}) => ({...request, status: response.status}))), summary(origin.log), name);

  // What the page saw.
  for (const [what, path, method, nth] of [['gzip', '/data.json'], ['brotli', '/brotli.json'], ['redirect', '/landing?x=1'], ['cookie', '/cookie'], ['form', '/echo', 'POST'],
    ['multipart', '/parts', 'POST'], ['upload', '/digest', 'PUT'], ['missing', '/nothing/here'], ['etag', '/etag'], ['head', '/data.json', 'HEAD'], ['preflighted', '/cross', 'PUT']])
    assert.equal(bodyOf(of(path, method, nth)).toString(), record.fetched[what].text, `${name}: ${what}`);
  assert.equal(digest(bodyOf(of('/large', 'GET', 1))), record.large, name);
  assert.deepEqual([...bodyOf(of('/large', 'GET', 0))], [...LARGE.subarray(100, 200)], name);
  assert.equal(bodyOf(of('/pieces')).toString(), NDJSON.join(''), name);
  assert.equal(of('/redirect?from=here').response.redirectURL, '/landing?x=1', name);
  assert.equal(of('/redirect?from=here').response.status, 302, name);
  assert.equal(header(of('/').response, 'set-cookie').length, 2, name);
  assert.equal(header(of('/cookie').request, 'cookie')[0], 'first=1; second=two words; landed=yes', name);
  assert.deepEqual(of('/echo', 'POST').request.postData.params.map(({name: each, value}) => [each, value]), [['name', 'Ada & é'], ['empty', ''], ['😀', '+']], name);
  const {postData} = of('/digest', 'PUT').request;
  assert.equal(digest(Buffer.from(postData.text, postData._encoding ?? 'utf8')), record.fetched.upload.text, name);
  assert.equal(of('/beacon', 'POST').request.postData.text, 'beacon', name);
  if (multipart) assert.match(Buffer.from(of('/parts', 'POST').request.postData.text, 'base64').toString(), /välue/, name);
  assert.deepEqual([of('/data.json').response.bodySize, of('/brotli.json').response.bodySize], [59, 36], `${name}: as long as they were on the wire`);

  // HTTP/2.
  const echo = entries.find(({request}) => request.url === `${second.url}/echo?x=1` && request.method === 'POST');
  assert.deepEqual([echo.response.status, bodyOf(echo).toString(), echo.request.postData?.text ?? (name === 'netlog' ? 'é 😀' : undefined)], [201, two.text, 'é 😀'], name);
  assert.deepEqual(header(echo.response, 'set-cookie'), ['a=1', 'b=2; Path=/'], name);
  assert.match(echo.request.httpVersion, /2/, name);
  assert.equal(bodyOf(entries.find(({request}) => request.url === `${second.url}/pieces`)).toString(), two.pieces, name);

  // Streams: nothing comes before it was sent.
  const stream = of('/events', 'GET', entries.filter(({request}) => request.url.endsWith('/events')).findIndex(({response}) => response.status === 200));
  assert.deepEqual(stream._eventSourceMessages.map(({eventName, eventId, data}) => ({id: eventId, event: eventName, data})), EVENTS, name);
  if (trueEvents) assert.match(bodyOf(stream).toString(), /^: comment\nretry: 20\n\n/, name);
  stream._eventSourceMessages.forEach(({time}, i) =>
    assert.ok(time * 1000 > origin.sent.events[i] - CLOCK_TOLERANCE_MS, `${name}: event ${i}, sent ${origin.sent.events[i]}, has ${time * 1000}`));
  const pieces = of('/pieces')._streamChunks;
  assert.ok(pieces.length >= NDJSON.length - 1 && pieces.at(-1).time - pieces[0].time > 0.05, `${name}: ${JSON.stringify(pieces)}`);
  const talk = of('/socket');
  assert.equal(talk.response.status, 101);
  const text = ({opcode, data}) => opcode === 1 ? data : Buffer.from(data, 'base64').toString('hex');
  const sent = talk._webSocketMessages.filter(({type}) => type === 'send').map(text);
  assert.deepEqual(sent, ['hello é 😀', '000102fdfeff', 'x'.repeat(100_000), '', 'bye'], name);
  assert.deepEqual(talk._webSocketMessages.filter(({type}) => type === 'receive').map(text), ['welcome', ...sent], name);
  const received = [...talk._webSocketMessages, ...of('/socket?turn')._webSocketMessages].filter(({type}) => type === 'receive');
  received.forEach(({time}, i) => assert.ok(time * 1000 > origin.sent.messages[i] - CLOCK_TOLERANCE_MS, `${name}: message ${i}`));
  if (name !== 'cdp') {
    assert.deepEqual([talk, of('/socket?turn')].map(({_webSocketClose: {code, reason}}) => [code, reason]), [[4000, 'enough é'], [4001, 'page']], name);
  }
  assert.equal(of('/declined').response.status, declined, name);

  for (const {startedDateTime, time, request} of entries) {
    const started = Date.parse(startedDateTime);
    assert.ok(started >= begin - CLOCK_TOLERANCE_MS && started + time <= end + CLOCK_TOLERANCE_MS, `${name}: ${request.url} ${startedDateTime} ${time}`);
  }
  if (aborted) assert.equal(of('/endless')._error, 'net::ERR_ABORTED', name);
  if (failures) assert.match(all.find(({request}) => request.url === 'http://localhost:1/')._error, /^net::ERR_/, name);
  console.log(`${name}: ${entries.length} exchanges are what the page and its servers saw\n${said}`);
}

compare(read('cdp', events), {failures: true, aborted: true, declined: 0, multipart: false, trueEvents: true});
const log = read('netlog', netlog);
compare(log, {failures: true, aborted: true, declined: 0, multipart: true, trueEvents: true});
assert.match(log.said, /netlog-no-post-data/, 'of HTTP/2 there is no request body');
// Cut off, as when Chromium crashes.
const cut = temporary('cut.json');
writeFileSync(cut, readFileSync(netlog).subarray(0, statSync(netlog).size * 0.6));
assert.match(read('netlog-cut', cut).said, /\[netlog-cut\]/);

if (capturing) {
  const ek = temporary('visit.ek.ndjson');
  // As docs/formats/logs.md has it.
  writeFileSync(ek, execFileSync('tshark', ['-r', packets, '-o', `tls.keylog_file:${keys}`, '-T', 'ek', '-x', '-J', 'frame ip ipv6 tcp tls http http2 websocket', '-Y', 'tcp.len > 0',
    ...[origin.port, second.port].flatMap((port) => ['-d', `tcp.port==${port},tls`])], {maxBuffer: 1 << 30, stdio: ['ignore', 'pipe', 'ignore']}));
  compare(read('tshark', ek), {failures: false, aborted: false, declined: 403, multipart: true, trueEvents: true});
}

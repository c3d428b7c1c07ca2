// Chromium behind harproxy, which it trusts as a person's browser does. What is in the HAR is what the page saw, what its server saw, and what
// DevTools saw of the same visit; and streamserve plays it to the same page, which sees the same once more.
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {readFileSync} from 'node:fs';

import {launchChromiumAt, trustingHome} from './chromium.mjs';
import {authority, bodyOf, startProxy} from './harproxy_process.mjs';
import {serve, temporary, tool} from './support.mjs';
import {EVENTS, LARGE, NDJSON, certificates, startOrigin, visit} from './visit_origin.mjs';

/// Clocks of one machine, of which the browser's is rounded.
const CLOCK_TOLERANCE_MS = 5;

const ca = authority();
const home = trustingHome(temporary('home'), ca);
const tls = certificates(temporary('origin'));
const har = temporary('visit.har');
const recording = temporary('visit.rec.ndjson');
const devtools = temporary('devtools.har');
const text = (program, ...args) => execFileSync(tool(program), args, {encoding: 'utf8', maxBuffer: 1 << 28});
const summary = (log) => log.map(({method, url, status}) => `${method} ${url} ${status}`).sort();
const digest = (bytes) => createHash('sha256').update(bytes).digest('hex');

/// The page's record, without times.
const content = ({performance: _, events, sockets, ...rest}) => ({
  ...rest,
  events: events.map(({at, ...event}) => event),
  sockets: Object.fromEntries(Object.entries(sockets).map(([name, {messages, ...socket}]) => [name, {...socket, messages: messages.map(({at, ...message}) => message)}])),
});

async function visited(proxy, url, other, saved) {
  const browser = await launchChromiumAt(home, `--proxy-server=${proxy}`, '--proxy-bypass-list=<-loopback>');
  try {
    const context = await browser.newContext(saved ? {recordHar: {path: saved, content: 'embed'}} : {});
    const page = await context.newPage();
    const session = await context.newCDPSession(page);
    await session.send('Network.enable');
    const seen = {frames: [], events: []};
    const urls = new Map();
    session.on('Network.webSocketCreated', ({requestId, url: of}) => urls.set(requestId, of));
    const frame = (type) => ({requestId, timestamp: _, response}) => seen.frames.push({url: urls.get(requestId), type, opcode: response.opcode, data: response.payloadData});
    session.on('Network.webSocketFrameSent', frame('send'));
    session.on('Network.webSocketFrameReceived', frame('receive'));
    session.on('Network.eventSourceMessageReceived', ({eventName, eventId, data}) => seen.events.push({eventName, eventId, data}));
    const answer = await page.goto(`${url}/`, {waitUntil: 'load'});
    assert.equal(answer.status(), 200);
    assert.match((await answer.securityDetails()).issuer, /^hartape /);
    const record = await page.evaluate(visit, other);
    await context.close();
    return {record, seen};
  } finally {
    await browser.close();
  }
}

// ---- the visit

const begin = Date.now();
const origin = await startOrigin(tls);
const proxy = await startProxy('-o', har, '-o', recording, '--trust', tls.ca, '--watch', `localhost:${origin.port}`, '--watch', `127.0.0.1:${origin.port}`);
const {record, seen} = await visited(proxy.url, origin.url, origin.other, devtools);
const log = await proxy.stop();
origin.close();
const end = Date.now();
// Chromium's own calls to its makers are not watched.
assert.doesNotMatch(log, /error|for (localhost|127\.0\.0\.1):/, log);

for (const file of [har, recording]) text('harcheck', file);
for (const profile of ['chrome', 'firefox', 'playwright', 'mitmproxy']) text('harcheck', '--profile', profile, har);

// The page saw what it was to see.
assert.equal(record.fetched.gzip.text, '{"large":12345678901234567890,"text":"é 😀"}');
assert.equal(record.fetched.redirect.url, `${origin.url}/landing?x=1`);
assert.equal(record.fetched.cookie.text, 'first=1; second=two words; landed=yes');
assert.deepEqual(record.events.map(({at, ...event}) => event), EVENTS);
assert.equal(record.pieces, NDJSON.join(''));
assert.equal(record.large, digest(LARGE));
assert.deepEqual([record.image, record.colour, record.begun, record.aborted], [1, 'rgb(1, 2, 3)', 'begin', 'AbortError']);
assert.deepEqual([record.sockets.talk.code, record.sockets.talk.reason, record.sockets.talk.messages.length], [4000, 'enough é', 6]);
assert.match(record.sockets.talk.extensions, /permessage-deflate/);
assert.deepEqual([record.sockets.closing.code, record.sockets.declined.code], [4001, 1006]);

// ---- the HAR, beside what the origin saw

const {entries} = JSON.parse(readFileSync(har, 'utf8')).log;
assert.deepEqual(summary(entries.map(({request, response}) => ({...request, status: response.status}))), summary(origin.log));
const of = (path, method = 'GET', nth = 0) => {
  const all = entries.filter(({request}) => request.method === method && new URL(request.url).pathname + new URL(request.url).search === path);
  assert.ok(all.length > nth, `${method} ${path} is not there ${nth + 1} times`);
  return all[nth];
};
const header = ({headers}, name) => headers.filter((field) => field.name.toLowerCase() === name).map(({value}) => value);

// What the recording becomes as a HAR is the same, but for the order (that of beginnings) and the fields of forms.
{
  const plain = (list) => list.map((entry) => {
    const {params: _, ...postData} = entry.request.postData ?? {};
    return {...entry, request: {...entry.request, ...(entry.request.postData && {postData})}};
  }).sort((a, b) => (a.startedDateTime + a.request.url < b.startedDateTime + b.request.url ? -1 : 1));
  assert.deepEqual(plain(JSON.parse(text('harconv', '--to', 'har', recording)).log.entries), plain(entries));
}

// ---- beside what the page saw

{
  const {fetched} = record;
  const same = (name, path, method, nth) => assert.equal(bodyOf(of(path, method, nth)).toString(), fetched[name].text, name);
  same('gzip', '/data.json');
  same('brotli', '/brotli.json');
  same('redirect', '/landing?x=1');
  same('cookie', '/cookie');
  same('form', '/echo', 'POST');
  same('multipart', '/parts', 'POST');
  same('upload', '/digest', 'PUT');
  same('missing', '/nothing/here');
  same('etag', '/etag');
  same('head', '/data.json', 'HEAD');
  same('preflighted', '/cross', 'PUT');
  assert.equal(of('/etag', 'GET', 1).response.status, 304);
  assert.equal(fetched.revalidated.status, 200);
  assert.equal(digest(bodyOf(of('/large', 'GET', 1))), record.large);
  assert.deepEqual([...bodyOf(of('/large', 'GET', 0))], [...LARGE.subarray(100, 200)]);
  assert.equal(of('/redirect?from=here').response.redirectURL, '/landing?x=1');
  assert.deepEqual(header(of('/').response, 'set-cookie').length, 2);
  assert.deepEqual(of('/cookie').request.cookies.map(({name, value}) => [name, value]), [['first', '1'], ['second', 'two words'], ['landed', 'yes']]);
  assert.deepEqual(of('/echo', 'POST').request.postData.params.map(({name, value}) => [name, value]),
    [['name', 'Ada & é'], ['empty', ''], ['😀', '+']]);
  const {postData} = of('/digest', 'PUT').request;
  assert.equal(digest(Buffer.from(postData.text, postData._encoding ?? 'utf8')), fetched.upload.text);
  assert.equal(of('/beacon', 'POST').request.postData.text, 'beacon');
  assert.equal(bodyOf(of('/pieces')).toString(), record.pieces);
  const aborted = of('/endless');
  assert.equal(bodyOf(aborted).toString(), 'begin and never end');
  assert.ok(aborted._error, JSON.stringify(aborted));
}
// Sizes, as the page's own timing has them: those that stand for a response whose body was taken from the wire.
{
  let compared = 0;
  for (const {url, status, encoded, decoded, transferred} of record.performance) {
    const path = url.slice(new URL(url).origin.length);
    if (url.startsWith(origin.other) || ['/endless', '/etag', '/redirect?from=here', '/events', '/large', '/beacon'].includes(path)) continue;
    const method = {'/echo': 'POST', '/parts': 'POST', '/digest': 'PUT'}[path] ?? 'GET';
    const entry = of(path, method);
    assert.equal(entry.response.status, status, path);
    if (transferred === 0 || path === '/data.json') continue;
    assert.deepEqual([path, entry.response.content.size], [path, decoded]);
    if (header(entry.response, 'transfer-encoding').length === 0) assert.deepEqual([path, entry.response.bodySize], [path, encoded]);
    ++compared;
  }
  assert.ok(compared > 10, `${compared} sizes were compared`);
}

// ---- times: nothing comes before it was sent, or after the page had it

{
  for (const entry of entries) {
    const started = Date.parse(entry.startedDateTime);
    assert.ok(started >= begin - CLOCK_TOLERANCE_MS && started + entry.time <= end + CLOCK_TOLERANCE_MS, JSON.stringify(entry.timings));
    const {blocked, dns, connect, send, wait, receive} = entry.timings;
    const sum = [blocked, dns, connect, send, wait, receive].filter((time) => time > 0).reduce((all, time) => all + time, 0);
    assert.ok(Math.abs(sum - entry.time) < 1, `${entry.request.url}: ${sum} of ${entry.time}`);
  }
  const between = (what, sent, time, had) => {
    assert.ok(sent - CLOCK_TOLERANCE_MS <= time && time <= had + CLOCK_TOLERANCE_MS, `${what}: sent ${sent}, recorded ${time}, in the page ${had}`);
  };
  const events = of('/events')._eventSourceMessages;
  assert.deepEqual(events.map(({eventName, eventId, data}) => ({eventName, eventId, data})), seen.events, 'DevTools');
  events.forEach(({time}, i) => between(`event ${i}`, origin.sent.events[i], time * 1000, record.events[i].at));
  const received = entries.filter((entry) => entry._webSocketMessages).flatMap((entry) => entry._webSocketMessages).filter(({type}) => type === 'receive');
  const had = [...record.sockets.talk.messages, ...record.sockets.closing.messages];
  assert.equal(received.length, had.length);
  received.forEach(({time}, i) => between(`message ${i}`, origin.sent.messages[i], time * 1000, had[i].at));
}

// ---- beside DevTools

{
  const frames = entries.filter((entry) => entry._webSocketMessages)
    .flatMap((entry) => entry._webSocketMessages.map(({type, opcode, data}) => ({url: entry.request.url, type, opcode, data})));
  // DevTools tells of no control frames in the order of messages; we of no others.
  const messages = (list) => list.filter(({opcode}) => opcode < 8);
  const side = (list, type) => messages(list).filter((each) => each.type === type);
  for (const type of ['send', 'receive']) assert.deepEqual(side(frames, type), side(seen.frames, type), type);
  assert.deepEqual(entries.filter((entry) => entry._webSocketClose).map(({_webSocketClose: {code, reason}}) => [code, reason]), [[4000, 'enough é'], [4001, 'page']]);

  const theirs = JSON.parse(readFileSync(devtools, 'utf8')).log.entries;
  const left = [...entries];
  let bodies = 0;
  for (const entry of theirs) {
    const url = entry.request.url.replace(/^ws/, 'http');
    const at = left.findIndex(({request, response}) =>
      request.method === entry.request.method && request.url.replace(/^ws/, 'http') === url && (entry.response.status <= 0 || response.status === entry.response.status || (response.status === 304 && entry.response.status === 200)));
    assert.notEqual(at, -1, `DevTools alone has ${entry.request.method} ${url} ${entry.response.status}`);
    const [ours] = left.splice(at, 1);
    if (entry.response.status !== ours.response.status || entry.response.content.text === undefined) continue;
    // For the body of HEAD it has asked once more, with GET; an event stream without a charset it reads as windows-1252.
    if (entry.request.method === 'HEAD' || ours._eventSourceMessages) continue;
    assert.equal(digest(bodyOf(ours)), digest(bodyOf(entry)), url);
    assert.equal(ours.response.content.mimeType, entry.response.content.mimeType, url);
    ++bodies;
  }
  assert.ok(bodies > 15, `${bodies} bodies were compared`);
  console.log(`${theirs.length} entries of DevTools and ${bodies} bodies are ours, too; we alone have: ${left.map(({request}) => `${request.method} ${request.url}`).join(', ') || 'none'}`);
}

// ---- and again, from the HAR

for (const file of [har, recording]) {
  const server = await serve(file);
  const again = await visited(server.http, origin.url, origin.other);
  assert.deepEqual(content(again.record), content(record), `the page sees the same from ${file}`);
  assert.equal(await server.stop(), 0);
}
console.log(`${entries.length} exchanges, ${record.events.length} events, ${seen.frames.length} frames: the same for the page, its server, DevTools and the HAR, and played again`);

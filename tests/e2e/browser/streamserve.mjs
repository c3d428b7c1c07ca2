// Debian's Chromium before streamserve, with nothing between them: an event stream that breaks off and goes on, a streamed fetch,
// WebSockets in lockstep over TLS, mocks, and another origin's pages. What is early is measured in the page; what is late is only told.
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {createHash, X509Certificate} from 'node:crypto';
import {readFileSync, writeFileSync} from 'node:fs';

import {launchChromium} from '../chromium.mjs';
import {assertNeverEarly, request, response, serve, temporary, tool, writeRecording} from '../support.mjs';

const LONG_AFTER = 3600;  // seconds that no test waits for

/// A page without an icon, so that nothing is asked for that was not recorded.
const pageAt = (url) => [
  request('page', 0, url), response('page', 0, 'http', 200, {'content-type': 'text/html'}),
  {ev: 'data', id: 'page', t: 0, data: '<!doctype html><link rel="icon" href="data:,"><title>page</title>'},
  {ev: 'end', id: 'page', t: 0, reason: 'eof'},
];
const folder = temporary('ca');
const ca = execFileSync(tool('streamserve'), ['--ca', folder, '--print-ca'], {encoding: 'utf8'}).trim();
const key = new X509Certificate(readFileSync(ca)).publicKey.export({type: 'spki', format: 'der'});
const trusted = createHash('sha256').update(key).digest('base64');
const browser = await launchChromium(`--ignore-certificate-errors-spki-list=${trusted}`);

/// Opens the page of `server` and evaluates `program` in it.
async function inPage(server, program, argument) {
  const page = await browser.newPage();
  try {
    page.setDefaultTimeout(0);
    assert.equal((await page.goto(`${server.http}/page`)).status(), 200);
    return await page.evaluate(program, argument);
  } finally {
    await page.close();
  }
}

function writeMocks(name, mocks) {
  const path = temporary(name);
  writeFileSync(path, JSON.stringify({mocks}));
  return path;
}

// ---- EventSource: what broke off goes on behind the last event, and nothing comes twice

async function eventsGoOnBehindTheLast() {
  const times = [0.08, 0.15, 0.3, 0.42, 0.5, 0.9];
  const recording = writeRecording('events.rec.ndjson', [
    ...pageAt('http://recorded.example/page'),
    request('sse', 1, 'http://recorded.example/events'),
    response('sse', 1.03, 'sse', 200, {'content-type': 'text/event-stream'}),
    ...times.map((at, i) => ({ev: 'data', id: 'sse', t: 1 + at, data: `${i === 0 ? 'retry: 50\n' : ''}id: e${i + 1}\ndata: number ${i + 1}\n\n`})),
    {ev: 'end', id: 'sse', t: 2, reason: 'eof'},
  ]);
  const server = await serve(recording, '--fault', 'kind=sse nth=1 after=event:3 truncate');
  const {begin, broken, arrived} = await inPage(server, (count) => new Promise((resolve) => {
    const begin = performance.now();
    const broken = [];
    const arrived = [];
    const source = new EventSource('/events');
    source.onerror = () => broken.push(source.readyState);
    source.onmessage = ({data, lastEventId}) => {
      arrived.push({at: performance.now(), id: lastEventId, data});
      if (arrived.length < count) return;
      source.close();
      setTimeout(() => resolve({begin, broken, arrived}), 200);  // one that came twice would come now
    };
  }), times.length);
  assert.equal(await server.stop(), 0);

  assert.deepEqual(broken, [0], 'it broke off once, and the page connected again');  // 0: CONNECTING
  const event = (i, at) => ({at, id: `e${i + 1}`, data: `number ${i + 1}`});
  const since = (origin) => ({at, ...rest}) => ({at: at - origin, ...rest});
  assertNeverEarly('EventSource, until it breaks off', times.slice(0, 3).map((at, i) => event(i, at)), arrived.slice(0, 3).map(since(begin)));
  // Again: what the stream's `retry` asks for (since it broke off, which was behind the third event), the pause before the head, and then
  // the recorded ones.
  const again = arrived[2].at + 50;
  assertNeverEarly('EventSource, behind that', times.slice(3).map((at, i) => event(i + 3, 0.03 + at - times[2])), arrived.slice(3).map(since(again)));

  assert.match(server.log(), /GET \/events 200 exchange sse, .*fault: truncated after event 3/);
  assert.match(server.log(), /GET \/events: goes on behind the event "e3"\n/);
  assert.equal(server.log().match(/GET \/events 200 /g).length, 2, server.log());
}

// ---- fetch: pieces when they are due; a page that aborts has left

async function fetchedPiecesComeOneByOne() {
  const pieces = [[0.1, 'one '], [0.25, 'zwei ü '], [0.3, '三 '], [0.6, 'last']];
  const more = Array.from({length: 100}, (_, i) => [3 + i, ' more']);
  const stream = (id, url, end) => [
    request(id, 10, url), response(id, 10.02, 'http', 200, {'content-type': 'text/plain; charset=utf-8'}),
    ...pieces.map(([at, data]) => ({ev: 'data', id, t: 10 + at, data})), ...end,
  ];
  const recording = writeRecording('pieces.rec.ndjson', [
    ...pageAt('http://recorded.example/page'),
    ...stream('whole', 'http://recorded.example/whole', [{ev: 'end', id: 'whole', t: 10.7, reason: 'eof'}]),
    ...stream('long', 'http://recorded.example/long', [
      ...more.map(([at, data]) => ({ev: 'data', id: 'long', t: 10 + at, data})), {ev: 'end', id: 'long', t: 10 + LONG_AFTER, reason: 'eof'},
    ]),
  ]);
  const server = await serve(recording);
  /// Runs in the page: what each read() gave, until the end or until `enough` bytes have come; then the page aborts.
  const read = async ({url, enough}) => {
    const begin = performance.now();
    const control = new AbortController();
    const answer = await fetch(url, {signal: control.signal});
    const headed = performance.now() - begin;
    const reader = answer.body.getReader();
    const reads = [];
    let size = 0;
    while (size < enough) {
      const {done, value} = await reader.read();
      if (done) return {headed, reads, ended: performance.now() - begin};
      size += value.length;
      reads.push({at: performance.now() - begin, size, text: new TextDecoder().decode(value)});
    }
    const failure = reader.read().catch((error) => error.name);
    control.abort();
    return {headed, reads, failure: await failure};
  };
  const bytes = pieces.reduce((sum, [, data]) => sum + Buffer.byteLength(data), 0);
  /// A busy machine may give two pieces in one read; so each read is held against the time at which its last byte was due.
  const check = (what, {headed, reads}) => {
    assert.ok(headed >= 20 - 1, `${what}: the head came after ${headed} ms`);
    const all = [...pieces, ...more];
    let size = 0;
    const ends = all.map(([at, data]) => ({at, size: size += Buffer.byteLength(data)}));
    const text = Buffer.from(all.map(([, data]) => data).join(''));
    let from = 0;
    const due = reads.map(({size: to}) => ({at: ends.find((end) => end.size >= to).at, size: to, text: text.subarray(from, from = to).toString()}));
    assertNeverEarly(what, due, reads);
  };
  const whole = await inPage(server, read, {url: '/whole', enough: Infinity});
  check('fetch', whole);
  assert.equal(whole.reads.at(-1).size, bytes);
  assert.ok(whole.ended >= 700 - 1, `it ended after ${whole.ended} ms`);
  // An hour before the answer's end the pieces are there: they are streamed, however slow this machine is. That the page has left
  // the server finds out by the next piece: one that has just stopped sending may still read (RFC 9112 section 9.6).
  const aborted = await inPage(server, read, {url: '/long', enough: bytes});
  check('fetch, aborted', aborted);
  assert.equal(aborted.failure, 'AbortError');
  await server.told(/GET \/long 200 exchange long, \d+ bytes, .*, the client left\n/);
  assert.equal(await server.stop(), 0);
  assert.match(server.log(), /GET \/whole 200 exchange whole, \d+ bytes, at most \S+ \S+ late\n/);
}

// ---- WebSockets

/// Runs in the page: says `lines` in turn, one each time that as many messages have come as `turns` tells, `pause` ms later. What was
/// said and heard, in order.
const converse = ({url, lines, turns, pause}) => new Promise((resolve) => {
  const begin = performance.now();
  const trace = [];
  const socket = new WebSocket(url, ['chat.v1', 'chat.v0']);
  socket.binaryType = 'arraybuffer';
  let heard = 0;
  let said = 0;
  const say = () => {
    if (said === lines.length || turns[said] !== heard) return;
    setTimeout(() => {
      trace.push({at: performance.now() - begin, send: lines[said]});
      socket.send(lines[said++]);
    }, pause);
  };
  socket.onopen = say;
  socket.onmessage = ({data}) => {
    trace.push({at: performance.now() - begin, receive: typeof data === 'string' ? data : Array.from(new Uint8Array(data))});
    ++heard;
    say();
  };
  socket.onclose = ({code, reason, wasClean}) => resolve({trace, code, reason, wasClean, protocol: socket.protocol});
});

const LOGIN = {op: 'login', user: 'é'};
/// hello | login | welcome, bytes | bye | the close, over `scale` seconds.
function chat(name, scale) {
  const message = (t, dir, data) => ({
    ev: 'message', id: 'ws', t: t * scale, dir, ...(typeof data === 'string' ? {opcode: 1, data} : {opcode: 2, data64: Buffer.from(data).toString('base64')}),
  });
  return writeRecording(name, [
    ...pageAt('https://recorded.example/page'),
    request('ws', 0, 'wss://recorded.example/chat'),
    response('ws', 0.01 * scale, 'websocket', 101, {'sec-websocket-protocol': 'chat.v1'}),
    message(0.1, 'receive', 'hello'), message(0.3, 'send', JSON.stringify(LOGIN)), message(0.4, 'receive', 'welcome é'),
    message(0.5, 'receive', [0, 255]), message(0.8, 'send', 'bye'),
    {ev: 'close', id: 'ws', t: scale, dir: 'receive', code: 4000, reason: 'so long'},
    {ev: 'end', id: 'ws', t: scale, reason: 'eof'},
  ]);
}
const conversation = (login) => [{receive: 'hello'}, {send: login}, {receive: 'welcome é'}, {receive: [0, 255]}, {send: 'bye'}];
const untimed = (trace) => trace.map(({at, ...rest}) => rest);
const closed = ({code, reason, wasClean, protocol}) => ({code, reason, wasClean, protocol});
const AS_RECORDED = {code: 4000, reason: 'so long', wasClean: true, protocol: 'chat.v1'};

async function lockstepOverTls() {
  const recording = chat('slow.rec.ndjson', LONG_AFTER);
  const options = ['--tls', '--ca', folder, '--ws', 'lockstep', '--verify'];
  const talk = (server, login) => inPage(server, converse, {url: `${server.ws}/chat`, lines: [login, 'bye'], turns: [1, 3], pause: 150});
  {
    const server = await serve(recording, ...options);
    assert.match(server.ws, /^wss:/);
    const login = JSON.stringify({user: LOGIN.user, op: LOGIN.op}, null, 2);  // the same by its meaning
    const said = await talk(server, login);
    assert.deepEqual(untimed(said.trace), conversation(login));
    assert.deepEqual(closed(said), AS_RECORDED);
    assert.equal(await server.stop(), 0, server.log());
    assert.doesNotMatch(server.log(), /deviation/);
    assert.match(server.log(), /verified: all 2 exchanges were asked for, and nothing else\n/);
  }
  {
    const server = await serve(recording, ...options);
    const login = JSON.stringify({...LOGIN, user: 'e'});
    const said = await talk(server, login);
    assert.deepEqual(untimed(said.trace), conversation(login));  // one run tells of all deviations
    assert.deepEqual(closed(said), AS_RECORDED);
    assert.equal(await server.stop(), 1, server.log());
    assert.match(server.log(), /GET \/chat exchange ws: deviation: message 1: \/user: expected "é", got "e"\n/);
    assert.match(server.log(), /not as recorded: GET \/chat: message 1: \/user: expected "é", got "e"\n/);
    assert.match(server.log(), /not verified: 0 of 2 exchanges were never asked for; 1 times a client did something else\n/);
  }
  console.log('WebSocket in lockstep over TLS: as recorded; a deviation is told');
}

async function aLatePageKeepsThePauses() {
  const server = await serve(chat('quick.rec.ndjson', 1), '--ws', 'both');
  const login = JSON.stringify(LOGIN);
  const said = await inPage(server, converse, {url: `${server.ws}/chat`, lines: [login, 'bye'], turns: [1, 3], pause: 500});
  assert.deepEqual(closed(said), AS_RECORDED);
  const [, sent] = said.trace;
  const due = [{at: 0.1, receive: 'hello'}, {at: sent.at / 1000, send: login}, {at: sent.at / 1000 + 0.1, receive: 'welcome é'},
               {at: sent.at / 1000 + 0.2, receive: [0, 255]}, {at: sent.at / 1000 + 0.2, send: 'bye'}];
  assertNeverEarly('WebSocket, --ws both, a late page', due, said.trace);
  assert.equal(await server.stop(), 0);
  assert.doesNotMatch(server.log(), /deviation/);
}

// ---- mocks

async function mocksAnswerThePage() {
  const mocks = writeMocks('page.mocks.json', [
    {request: {url: 'http://mocked.example/page'}, response: {headers: [{name: 'content-type', value: 'text/html'}], body: '<!doctype html><link rel="icon" href="data:,">'}},
    {request: {url: 'http://mocked.example/events?q=*'},
     response: {template: true, delayMs: 60, sse: [{event: 'delta', id: '{{url.1}}', data: {text: 'Hel'}}, {event: 'delta', data: {text: 'lö'}, delayMs: 120},
                                                  {comment: 'quiet', delayMs: 20}, {event: 'done', data: 'two\nlines', delayMs: 80}]}},
    {request: {url: 'http://mocked.example/orders', method: 'POST', bodyFragment: 'sku'}, response: {statusCode: 201, body: {sku: '@request.body.sku'}}},
  ]);
  const sockets = writeMocks('page.ws-mocks.json', [{
    url: 'ws://mocked.example/live/*', subprotocol: 'chat.v0', template: true,
    onConnect: [{body: {type: 'welcome', to: '{{url.1}}'}}, {body: 'AP8=', messageType: 'binary', delayMs: 80}],
    rules: [
      {match: {bodyRegex: '^sub:(?<symbol>\\w+)$'}, responses: [{body: {symbol: '{{match.symbol}}', count: '{{count}}'}, delayMs: 100}]},
      {match: {bodyJson: {op: 'bye', name: 'page'}}, responses: [{body: '{{body.op}} {{body.name}}'}], closeAfter: true, closeCode: 4001, closeReason: 'as you say'},
    ],
  }]);
  const server = await serve(null, '--mocks', mocks, '--mocks', sockets);

  const {arrived, order} = await inPage(server, async () => {
    const begin = performance.now();
    const arrived = [];
    await new Promise((resolve) => {
      const source = new EventSource('/events?q=7');
      const note = (event) => arrived.push({at: performance.now() - begin, type: event.type, id: event.lastEventId, data: event.data});
      source.addEventListener('delta', note);
      source.addEventListener('done', (event) => {
        note(event);
        source.close();
        resolve();
      });
    });
    const answer = await fetch('/orders', {method: 'POST', headers: {'content-type': 'application/json'}, body: '{"sku":"a-1"}'});
    return {arrived, order: [answer.status, answer.headers.get('content-type'), await answer.json()]};
  });
  assertNeverEarly('EventSource, mocked', [
    {at: 0.06, type: 'delta', id: '7', data: '{"text":"Hel"}'}, {at: 0.18, type: 'delta', id: '7', data: '{"text":"lö"}'},
    {at: 0.28, type: 'done', id: '7', data: 'two\nlines'},
  ], arrived);
  assert.deepEqual(order, [201, 'application/json', {sku: 'a-1'}]);

  const bye = '{"name": "page", "op": "bye"}';
  const said = await inPage(server, converse, {url: `${server.ws}/live/me`, lines: ['sub:ACME', 'sub:GLOBEX', bye], turns: [2, 3, 4], pause: 0});
  const sent = said.trace.filter((each) => each.send !== undefined).map(({at}) => at / 1000);
  assertNeverEarly('WebSocket, mocked', [
    {at: 0, receive: '{"type":"welcome","to":"me"}'}, {at: 0.08, receive: [0, 255]}, {at: sent[0], send: 'sub:ACME'},
    {at: sent[0] + 0.1, receive: '{"symbol":"ACME","count":1}'}, {at: sent[1], send: 'sub:GLOBEX'},
    {at: sent[1] + 0.1, receive: '{"symbol":"GLOBEX","count":2}'}, {at: sent[2], send: bye}, {at: sent[2], receive: 'bye page'},
  ], said.trace);
  assert.deepEqual(closed(said), {code: 4001, reason: 'as you say', wasClean: true, protocol: 'chat.v0'});
  assert.equal(await server.stop(), 0);
  assert.match(server.log(), /GET \/live\/me 101 mock \S*page\.ws-mocks\.json:/);
}

// ---- another origin

async function pagesOfAnotherOriginReadWithCors() {
  const page = await serve(writeRecording('origin.rec.ndjson', pageAt('http://page.example/page')));
  const mocks = writeMocks('cors.mocks.json', [
    {request: {url: 'http://api.example/v1', method: 'POST'}, response: {body: {ok: true}}},
    {request: {url: 'http://api.example/events'}, response: {sse: [{data: 'a'}, {data: 'b', delayMs: 30}]}},
  ]);
  /// Runs in the page: two that need no permission before and one that does, with credentials.
  const ask = async (api) => {
    const text = async (path, options) => {
      try {
        const answer = await fetch(api + path, options);
        return [answer.status, await answer.text()];
      } catch (error) {
        return error.name;
      }
    };
    const events = await new Promise((resolve) => {
      const heard = [];
      const source = new EventSource(`${api}/events`, {withCredentials: true});
      source.onmessage = ({data}) => heard.push(data);
      source.onerror = () => {
        source.close();
        resolve(heard);
      };
    });
    const json = {method: 'POST', credentials: 'include', headers: {'content-type': 'application/json', 'x-extra': '1'}, body: '{}'};
    return {events, posted: await text('/v1', json), missed: (await text('/none', {}))[0]};
  };
  for (const [cors, expected] of [
    [['--cors'], {events: ['a', 'b'], posted: [200, '{"ok":true}'], missed: 404}],
    [[], {events: [], posted: 'TypeError', missed: 'T'}],  // a TypeError is all that a page is told
  ]) {
    const api = await serve(null, '--mocks', mocks, ...cors);
    assert.deepEqual(await inPage(page, ask, api.http), expected, `with [${cors}]`);
    assert.equal(await api.stop(), 0);
    assert.equal(/OPTIONS \/v1 204 preflight, allowed/.test(api.log()), cors.length > 0, api.log());
  }
  assert.equal(await page.stop(), 0);
  console.log('another origin: reads with --cors, and not without');
}

try {
  await eventsGoOnBehindTheLast();
  await fetchedPiecesComeOneByOne();
  await lockstepOverTls();
  await aLatePageKeepsThePauses();
  await mocksAnswerThePage();
  await pagesOfAnotherOriginReadWithCors();
} finally {
  await browser.close();
}
process.exit(0);

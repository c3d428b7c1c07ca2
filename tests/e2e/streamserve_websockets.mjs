// WebSocket conversations before npm's ws: timed, in lockstep and both, with and without permessage-deflate and its parameters;
// a deviation is told.
import assert from 'node:assert/strict';
import {performance} from 'node:perf_hooks';
import {load, request, response, serve, writeRecording} from './support.mjs';

const {WebSocket} = await load('ws');

const LONG = 'a line that is worth compressing, again and again; '.repeat(60);
const LOGIN = {op: 'login', id: 7, text: LONG};
const EXPECTED = ['hello', JSON.stringify({op: 'welcome', text: LONG}), Buffer.alloc(100_000, 7)];
/// Sent with other white space and another order: the same by its meaning.
const SAID = JSON.stringify({text: LONG, id: 7, op: 'login'}, null, 1);

/// hello | login | welcome, bytes | bye | the close, recorded over `scale` seconds.
function recording(name, scale) {
  const message = (t, dir, data, opcode = 1) => ({
    ev: 'message', id: '1', t: +(t * scale).toFixed(6), dir, opcode, ...(opcode === 1 ? {data} : {data64: data.toString('base64')}),
  });
  return writeRecording(name, [
    request('1', 0, 'wss://recorded.example/chat'),
    response('1', 0.01 * scale, 'websocket', 101, {'sec-websocket-extensions': 'permessage-deflate'}),
    message(0.1, 'receive', EXPECTED[0]), message(0.3, 'send', JSON.stringify(LOGIN)), message(0.4, 'receive', EXPECTED[1]),
    message(0.5, 'receive', EXPECTED[2], 2), message(0.8, 'send', 'bye'),
    {ev: 'close', id: '1', t: scale, dir: 'receive', code: 4000, reason: 'so long'},
    {ev: 'end', id: '1', t: scale, reason: 'eof'},
  ]);
}

function talk(url, {login = SAID, bye = 'bye', wait = 0, ...options} = {}) {
  return new Promise((resolve, reject) => {
    const heard = [];
    const begin = performance.now();
    let said = 0;
    let answered = 0;
    const socket = new WebSocket(url, options);
    socket.on('message', (bytes, binary) => {
      heard.push(binary ? bytes : bytes.toString());
      if (heard.length === 1) {
        setTimeout(() => {
          said = performance.now();
          socket.send(login);
        }, wait);
      }
      if (heard.length === 2) answered = performance.now() - said;
      if (heard.length === 3) socket.send(bye);
    });
    const extensions = () => socket.extensions;
    socket.on('close', (code, reason) => resolve({
      heard, answered, code, reason: reason.toString(), took: performance.now() - begin, extensions: extensions(),
    }));
    socket.on('error', reject);
  });
}

const slow = recording('slow.rec.ndjson', 3600);
const quick = recording('quick.rec.ndjson', 1);
const threshold = 0;  // ws compresses only what is larger
for (const perMessageDeflate of [
  false, {threshold}, {threshold, serverNoContextTakeover: true, clientNoContextTakeover: true},
  {threshold, serverMaxWindowBits: 10, clientMaxWindowBits: 11}, {threshold, serverNoContextTakeover: true, clientMaxWindowBits: 9},
]) {
  const what = JSON.stringify(perMessageDeflate);
  const server = await serve(slow, '--ws', 'lockstep');
  const {heard, code, reason, extensions} = await talk(`${server.ws}/chat`, {perMessageDeflate});
  assert.deepEqual(heard, EXPECTED, what);
  assert.deepEqual({code, reason}, {code: 4000, reason: 'so long'}, what);
  assert.equal(extensions !== '', perMessageDeflate !== false, what);
  assert.equal(await server.stop(), 0);
  assert.doesNotMatch(server.log(), /deviation/, what);
}

const both = await serve(quick, '--ws', 'both');
const late = await talk(`${both.ws}/chat`, {wait: 400});
assert.deepEqual(late.heard, EXPECTED);
assert.ok(late.answered >= 99, `answered after ${late.answered} ms`);
assert.ok(late.took >= 1095, `took ${late.took} ms`);
assert.equal(await both.stop(), 0);
assert.doesNotMatch(both.log(), /deviation/);

const timed = await serve(quick);
const whatever = await talk(`${timed.ws}/chat`, {login: 'whatever', bye: 'I like'});
assert.deepEqual(whatever.heard, EXPECTED);
assert.ok(whatever.took >= 985, `took ${whatever.took} ms`);
assert.equal(await timed.stop(), 0);
assert.doesNotMatch(timed.log(), /deviation/);

const strict = await serve(slow, '--ws', 'lockstep', '--ws-ignore', '/text');
const other = await talk(`${strict.ws}/chat`, {login: JSON.stringify({...LOGIN, id: 8, text: ''}), perMessageDeflate: true});
assert.deepEqual(other.heard, EXPECTED);
assert.equal(await strict.stop(), 0);
assert.match(strict.log(), / exchange 1: deviation: message 1: \/id: expected 7, got 8\n/);
assert.match(strict.log(), /, 1 deviation\n/);
console.log('websockets: timed, lockstep and both, compressed and not');

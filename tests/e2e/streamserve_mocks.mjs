// WebSocket mocks before npm's ws: several clients at once, each with its own conversation, offering compression and not; messages are never early,
// closes are as the mocks have them, and what no rule fits is told.
import assert from 'node:assert/strict';
import {writeFileSync} from 'node:fs';
import {performance} from 'node:perf_hooks';
import {assertNeverEarly, load, serve, temporary} from './support.mjs';

const {WebSocket} = await load('ws');

const sample = new URL('../../samples/prices.ws-mocks.json', import.meta.url).pathname;

function writeMocks(name, ...mocks) {
  const path = temporary(name);
  writeFileSync(path, JSON.stringify({mocks}));
  return path;
}

/// Says the next of `lines` when as many messages have come as it waits for. What was said and heard, with times since the beginning.
function converse(url, lines, {protocols = [], ...options} = {}) {
  return new Promise((resolve, reject) => {
    const begin = performance.now();
    const trace = [];
    let heard = 0;
    const rest = [...lines];
    const socket = new WebSocket(url, protocols, options);
    const say = () => {
      while (rest.length > 0 && rest[0].after === heard) {
        const {send} = rest.shift();
        trace.push({at: performance.now() - begin, send});
        socket.send(send);
      }
    };
    socket.on('open', say);
    socket.on('message', (bytes, binary) => {
      trace.push({at: performance.now() - begin, receive: binary ? bytes.toString('hex') : bytes.toString(), binary});
      ++heard;
      say();
    });
    socket.on('close', (code, reason) => resolve({trace, took: performance.now() - begin, close: [code, reason.toString()], protocol: socket.protocol}));
    socket.on('error', reject);
  });
}
const text = (at, receive) => ({at, receive, binary: false});
/// When the nth line was said, in seconds.
const said = ({trace}, n) => trace.filter(({send}) => send !== undefined)[n].at / 1000;

// ---- the sample: twenty at once, and no one hears another's

{
  const server = await serve(null, '--mocks', sample);
  const clients = await Promise.all(Array.from({length: 20}, (_, i) => converse(`${server.ws}/live/${i}`, [
    {after: 1, send: `sub:S${i}`}, {after: 3, send: '{"op" : "ping"}'}, {after: 4, send: 'bye'},
  ], {protocols: i % 2 ? ['prices.v1'] : ['other', 'prices.v1'], perMessageDeflate: i % 3 === 0 && {threshold: 0}})));
  clients.forEach((client, i) => {
    const [subscribed, asked, left] = [0, 1, 2].map((n) => said(client, n));
    assertNeverEarly(`client ${i} of the sample`, [
      text(0, '{"type":"welcome"}'), {at: subscribed, send: `sub:S${i}`}, text(subscribed, `{"symbol":"S${i}","price":101.25}`),
      text(subscribed + 0.25, `{"symbol":"S${i}","price":101.5}`), {at: asked, send: '{"op" : "ping"}'}, text(asked, '{"op":"pong"}'),
      {at: left, send: 'bye'},
    ], client.trace);
    assert.deepEqual([client.close, client.protocol], [[1000, 'see you'], 'prices.v1']);
  });
  const unknown = await converse(`${server.ws}/live/x`, [{after: 1, send: 'sub: ACME'}], {protocols: ['other']}).catch((error) => error);
  // ws gives up a connection on which none of its subprotocols was chosen; the server has none of them.
  assert.ok(unknown instanceof Error && /no subprotocol/.test(unknown.message), unknown);
  const plain = await converse(`${server.ws}/live/x`, [{after: 1, send: 'sub: ACME'}]);
  assert.deepEqual(plain.close, [1008, 'unknown command']);
  const [missed] = await Promise.allSettled([converse(`${server.ws}/dead/x`, [])]);
  assert.match(String(missed.reason), /Unexpected server response: 404/);
  assert.equal(await server.stop(), 0);
  assert.match(server.log(), /GET \/dead\/x 404 not recorded/);
}

// ---- own mocks: files, binary messages, every, and closes

{
  writeFileSync(temporary('greeting.txt'), 'grüße 😀');
  const mocks = writeMocks('own.json', {
    url: 'wss://h.test/own?room=*', template: true, onConnect: [{body: '@greeting.txt', delayMs: 60}, {body: 'AAH/', messageType: 'binary', delayMs: 60}],
    rules: [
      {match: {bodyRegex: '"op": *"(?<op>\\w+)"'}, nth: 5, responses: [{body: 'fifth'}], closeAfter: true, closeCode: 4500, closeDelayMs: 80, closeReason: 'done with you'},
      {match: {bodyJson: {op: 'tick', at: [1, {b: null}]}}, every: 2, responses: [{body: {every: 'second', room: '{{url.1}}', n: '{{count}}'}, delayMs: 50}]},
      {match: {bodyRegex: '"op": *"(?<op>\\w+)"'}, responses: [{body: '{{match.op}}, in {{query.room}}'}]},
    ],
  });
  const server = await serve(null, '--mocks', mocks, '--unmatched', 'report', '--verify');
  const tick = '{"at": [1.0, {"b": null}], "op": "tick"}';
  for (const perMessageDeflate of [false, {threshold: 0}]) {
    const client = await converse(`${server.ws}/own?room=blue`, [
      {after: 2, send: tick}, {after: 3, send: tick}, {after: 4, send: 'no rule'}, {after: 4, send: '{"op":"tock"}'}, {after: 5, send: tick}, {after: 6, send: tick},
    ], {perMessageDeflate});
    const at = [0, 1, 2, 3, 4, 5].map((n) => said(client, n));
    assertNeverEarly(perMessageDeflate ? 'own mocks, compression offered' : 'own mocks', [
      text(0.06, 'grüße 😀'), {at: 0.12, receive: '0001ff', binary: true},
      {at: at[0], send: tick}, text(at[0], 'tick, in blue'), {at: at[1], send: tick}, text(at[1] + 0.05, '{"every":"second","room":"blue","n":2}'),
      {at: at[2], send: 'no rule'}, {at: at[3], send: '{"op":"tock"}'}, text(at[3], 'tock, in blue'), {at: at[4], send: tick}, text(at[4], 'tick, in blue'),
      // The fifth that its expression fits, whichever rule answered the others.
      {at: at[5], send: tick}, text(at[5], 'fifth'),
    ], client.trace);
    assert.deepEqual(client.close, [4500, 'done with you']);
    assert.ok(client.took >= at[5] * 1000 + 80 - 1, `closed ${client.took - at[5] * 1000} ms behind the last message`);
  }
  assert.equal(await server.stop(), 1);
  assert.equal(server.log().match(/GET \/own\?room=blue mock \S+ \/mocks\/0: deviation: message 3: expected no message, got "no rule"\n/g)?.length, 2, server.log());
}
console.log('mocks before ws: as written');

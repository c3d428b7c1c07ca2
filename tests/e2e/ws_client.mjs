// A WebSocket client of another make (npm's ws) receives the recorded messages and the close, in order and never early.
import assert from 'node:assert/strict';
import {performance} from 'node:perf_hooks';
import {assertReplay, load, serve, webSocketExchange, webSocketSample, writeRecording} from './support.mjs';

const {WebSocket} = await load('ws');

function receive(url) {
  return new Promise((resolve, reject) => {
    const begin = performance.now();
    const messages = [];
    const socket = new WebSocket(url);
    socket.on('message', (bytes, binary) => messages.push({at: performance.now() - begin, opcode: binary ? 2 : 1, bytes}));
    socket.on('close', (code, reason) => resolve({messages, code, reason: reason.toString()}));
    socket.on('error', reject);
  });
}

const server = await serve(writeRecording('ws.rec.ndjson', webSocketExchange('1', 3, 'wss://recorded.example/socket?v=1')));
// Three at once: each has a clock of its own.
const all = await Promise.all([1, 2, 3].map(() => receive(`${server.ws}/socket?v=1`)));
for (const {messages, code, reason} of all) {
  assertReplay('ws', webSocketSample(), messages);
  assert.deepEqual({code, reason}, {code: 1000, reason: 'bye'});
}
assert.equal(await server.stop(), 0);

// A real browser receives what was recorded, when it was recorded: its own EventSource and WebSocket, from one origin.
import assert from 'node:assert/strict';
import {accessSync} from 'node:fs';
import {assertReplay, load, request, response, serve, skip, sseExchange, sseSample, webSocketExchange, webSocketSample,
        writeRecording} from '../support.mjs';

const CHROMIUM = process.env.HARTAPE_CHROMIUM ?? '/usr/bin/chromium';
try {
  accessSync(CHROMIUM);
} catch {
  skip(`${CHROMIUM} is not there: install Debian's chromium`);
}
const {default: playwright} = await load('playwright-core');

const html = '<!doctype html><meta charset="utf-8"><title>recorded page</title><p id="said">é😀';
const recording = writeRecording('browser.rec.ndjson', [
  request('page', 0, 'http://recorded.example/page'),
  response('page', 0.01, 'http', 200, {'content-type': 'text/html; charset=utf-8'}),
  {ev: 'data', id: 'page', t: 0.02, data: html},
  {ev: 'end', id: 'page', t: 0.02, reason: 'eof'},
  ...sseExchange('sse', 0.5, 'http://recorded.example/events?topic=1'),
  ...webSocketExchange('ws', 2, 'ws://recorded.example/socket'),
]);

const server = await serve(recording);
const browser = await playwright.chromium.launch({
  executablePath: CHROMIUM,
  args: [
    '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage',
  ],
});
try {
  const page = await browser.newPage();
  const answer = await page.goto(`${server.http}/page`);
  assert.equal(answer.status(), 200);
  assert.equal(await page.title(), 'recorded page');
  assert.equal(await page.textContent('#said'), 'é😀');

  const sse = await page.evaluate(() => new Promise((resolve) => {
    const begin = performance.now();
    const arrived = [];
    const source = new EventSource('/events?topic=1');
    const note = (event) => {
      arrived.push({at: performance.now() - begin, type: event.type, id: event.lastEventId, data: event.data});
      if (event.type === 'done') {
        source.close();
        resolve(arrived);
      }
    };
    for (const type of ['message', 'delta', 'done']) source.addEventListener(type, note);
    source.onerror = () => resolve([...arrived, {error: 'the stream broke off'}]);
  }));
  assertReplay('EventSource in Chromium', sseSample().events, sse);

  const socket = await page.evaluate(() => new Promise((resolve) => {
    const begin = performance.now();
    const messages = [];
    const socket = new WebSocket(`ws://${location.host}/socket`);
    socket.binaryType = 'arraybuffer';
    socket.onmessage = ({data}) => {
      const text = typeof data === 'string';
      const bytes = text ? new TextEncoder().encode(data) : new Uint8Array(data);
      messages.push({at: performance.now() - begin, opcode: text ? 1 : 2, bytes: Array.from(bytes)});
    };
    socket.onclose = ({code, reason, wasClean}) => resolve({messages, close: {code, reason, wasClean}});
  }));
  const plain = webSocketSample().map((message) => ({...message, bytes: Array.from(message.bytes)}));
  assertReplay('WebSocket in Chromium', plain, socket.messages);
  assert.deepEqual(socket.close, {code: 1000, reason: 'bye', wasClean: true});
} finally {
  await browser.close();
}
assert.equal(await server.stop(), 0);

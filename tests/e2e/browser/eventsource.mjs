// Event streams in a real browser: what Chromium's EventSource dispatches for the inputs of web-platform-tests, and for some more, is what
// our decoder finds in the same bytes. Each input is sent as a whole, and in two pieces, cut at every byte: the second is sent when
// the page has told that the first was on its way. (Within a long run of one byte, where all cuts are alike, the browser is given one
// cut of 16; our decoder all.) What the browser sends as Last-Event-ID is compared as well.
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {accessSync} from 'node:fs';
import http from 'node:http';

import {cases} from '../eventsource_cases.mjs';
import {load, skip} from '../support.mjs';

const CHROMIUM = process.env.HARTAPE_CHROMIUM ?? '/usr/bin/chromium';
try {
  accessSync(CHROMIUM);
} catch {
  skip(`${CHROMIUM} is not there: install Debian's chromium`);
}
const {default: playwright} = await load('playwright-core');
const {WebSocketServer} = await load('ws');
const decoder = process.env.HARTAPE_SSE_EVENTS;
assert.ok(decoder, 'HARTAPE_SSE_EVENTS names the program that decodes');

/// A browser keeps six connections to an origin; each port is one.
const ORIGINS = 16;
const CONNECTIONS_PER_ORIGIN = 5;

// ---- what our decoder says, of the whole and of every cut

const decoded = spawnSync(decoder, {input: cases.map(({body}) => body.toString('base64') + '\n').join(''), maxBuffer: 1 << 26});
assert.equal(decoded.status, 0, decoded.stderr.toString());
const ours = decoded.stdout.toString().trimEnd().split('\n').map((line) => JSON.parse(line));
assert.equal(ours.length, cases.length);
for (const [i, {name}] of cases.entries()) assert.equal(ours[i].differs_at, undefined, `${name}: cut at ${ours[i].differs_at}, it decodes to something else`);

// ---- the server: /CASE/CUT is the body, cut there; CUT is 0 for a body that comes whole

const waiting = new Map();  // by path: sends the second piece
const lastEventIds = new Map();  // by the case's index: what the browser sent when it connected again
const servers = await Promise.all(Array.from({length: ORIGINS}, async () => {
  const server = http.createServer((request, response) => {
    if (request.url === '/') return response.writeHead(200, {'Content-Type': 'text/html'}).end('<!doctype html><title>events</title>');
    const [, kind, index, cut] = /^\/(\w+)\/(\d+)\/(\d+)$/.exec(request.url) ?? [];
    if (!kind) return response.writeHead(404).end();
    const {body, contentType} = cases[index];
    const headers = {'Content-Type': contentType, 'Access-Control-Allow-Origin': '*', 'Cache-Control': 'no-store'};
    if (kind === 'again') {
      if (lastEventIds.has(index)) {
        lastEventIds.set(index, Buffer.from(request.headers['last-event-id'] ?? '', 'latin1').toString());
        return response.writeHead(204, headers).end();
      }
      lastEventIds.set(index, undefined);
    }
    response.writeHead(200, headers);
    response.flushHeaders();
    if (Number(cut) === 0) return response.end(body);
    response.write(body.subarray(0, cut));
    waiting.set(request.url, () => response.end(body.subarray(cut)));
  });
  server.keepAliveTimeout = 60_000;
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}));
const ports = servers.map((server) => server.address().port);
new WebSocketServer({server: servers[0]}).on('connection', (socket) => {
  socket.on('message', (path) => {
    waiting.get(path.toString())();
    waiting.delete(path.toString());
  });
});

// ---- the browser

/// Whether the 32 bytes around a cut are the same.
const isInRun = (body, cut) => cut >= 16 && cut + 16 <= body.length && body.subarray(cut - 16, cut + 16).every((byte) => byte === body[cut]);

const plain = cases.map(({body}, index) => ({
  cuts: Array.from({length: Math.max(0, body.length - 1)}, (_, i) => i + 1).filter((cut) => cut % 16 === 0 || !isInRun(body, cut)),
  // Whatever may be a type, so that a type our decoder misses is heard as well.
  types: [...new Set(['message', 'open', 'error', ...ours[index].events.map(({type}) => type),
                      ...[...body.toString().matchAll(/event: ?([^\r\n]*)/g)].map(([, type]) => type)])].filter(Boolean),
}));

/// Runs in the page: [{index, cut, events}] for every cut, those that say the same left out.
async function listenToAll({plain, ports, each, cutsOf}) {
  const control = new WebSocket(`ws://127.0.0.1:${ports[0]}/`);
  await new Promise((resolve, reject) => {
    control.onopen = resolve;
    control.onerror = () => reject(new Error('no control connection'));
  });
  const jobs = plain.flatMap(({cuts}, index) => (cutsOf === 'whole' ? [0] : cuts).map((cut) => ({index, cut})));
  const found = [];
  const seen = new Map();
  const listen = (port, {index, cut}) => new Promise((resolve) => {
    const path = `/cut/${index}/${cut}`;
    const source = new EventSource(`http://127.0.0.1:${port}${path}`);
    const events = [];
    let opened = false;
    const finish = () => {
      source.close();
      const text = JSON.stringify(events);
      const known = seen.get(index) ?? seen.set(index, new Set()).get(index);
      if (!known.has(text)) found.push({index, cut, events});
      known.add(text);
      resolve();
    };
    for (const type of plain[index].types) {
      source.addEventListener(type, (event) => {
        if (event instanceof MessageEvent) events.push({type: event.type, data: event.data, id: event.lastEventId});
        else if (event.type === 'error') finish();
        else if (!opened) {
          opened = true;
          if (cut) setTimeout(() => control.send(path));
        }
      });
    }
  });
  let next = 0;
  const work = async (port) => {
    while (next < jobs.length) await listen(port, jobs[next++]);
  };
  await Promise.all(ports.flatMap((port) => Array.from({length: each}, () => work(port))));
  control.close();
  return {found, connections: jobs.length};
}

/// Runs in the page: resolves when the browser has connected a second time for each input, which is answered with 204.
function connectAgain({indexes, ports}) {
  return Promise.all(indexes.map((index, i) => new Promise((resolve) => {
    const source = new EventSource(`http://127.0.0.1:${ports[i % ports.length]}/again/${index}/0`);
    source.addEventListener('error', (event) => {
      if (!(event instanceof MessageEvent) && source.readyState === EventSource.CLOSED) resolve();
    });
  })));
}

const browser = await playwright.chromium.launch({
  executablePath: CHROMIUM,
  args: [
    '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage',
  ],
});
try {
  const page = await browser.newPage();
  page.setDefaultTimeout(0);
  await page.goto(`http://127.0.0.1:${ports[0]}/`);
  const whole = await page.evaluate(listenToAll, {plain, ports, each: CONNECTIONS_PER_ORIGIN, cutsOf: 'whole'});
  assert.equal(whole.found.length, cases.length);
  const theirs = new Map(whole.found.map(({index, events}) => [index, events]));
  let events = 0;
  for (const [index, {name}] of cases.entries()) {
    assert.deepEqual(ours[index].events, theirs.get(index), name);
    events += ours[index].events.length;
  }
  assert.ok(events > 60, `${events} events`);

  // Reconnecting takes the 3 s that are Chromium's, or what the input says; the cuts are listened to meanwhile.
  const second = await browser.newPage();
  await second.goto(`http://127.0.0.1:${ports[1]}/`);
  const again = second.evaluate(connectAgain, {indexes: cases.map((_, index) => index), ports});
  const begin = performance.now();
  const cut = await page.evaluate(listenToAll, {plain, ports, each: CONNECTIONS_PER_ORIGIN - 1, cutsOf: 'every'});
  const seconds = (performance.now() - begin) / 1000;
  for (const {index, cut: at, events} of cut.found) assert.deepEqual(events, theirs.get(index), `${cases[index].name}, cut at ${at}`);
  assert.ok(cut.connections > 2000, `${cut.connections} cuts`);

  await again;
  for (const [index, {name}] of cases.entries()) {
    const sent = ours[index].last_event_id.replace(/^[ \t]+|[ \t]+$/g, '');  // a field's value has no space at its ends
    assert.equal(lastEventIds.get(String(index)), sent, `${name}: Last-Event-ID`);
  }
  console.log(`EventSource in Chromium: ${cases.length} inputs with ${events} events, ${cut.connections} cuts in ${seconds.toFixed(1)} s: as decoded`);
} finally {
  await browser.close();
}
process.exit(0);

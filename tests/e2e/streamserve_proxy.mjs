// streamserve as the forward proxy of clients that know nothing of it, and over TLS: Node, and Chromium with its fetch, EventSource and
// WebSocket. Each is told to trust the tools' own certificate authority, and not to trust it is tried as well.
import assert from 'node:assert/strict';
import {execFileSync, spawnSync} from 'node:child_process';
import {createHash, X509Certificate} from 'node:crypto';
import {readFileSync} from 'node:fs';
import {launchChromium} from './chromium.mjs';
import {assertReplay, request, response, serve, sseExchange, sseSample, temporary, tool, webSocketExchange, webSocketSample, writeRecording} from './support.mjs';

const CORS = {'access-control-allow-origin': '*'};
const plain = (id, url, text, headers = {}) => [
  request(id, 0, url), response(id, 0, 'http', 200, {'content-type': 'text/plain', ...CORS, ...headers}), {ev: 'data', id, t: 0, data: text},
  {ev: 'end', id, t: 0, reason: 'eof'},
];
const allowed = (events) => events.map((event) => {
  if (event.ev === 'response') event.response.headers.push({name: 'access-control-allow-origin', value: '*'});
  return event;
});
const html = {'content-type': 'text/html'};
const recording = writeRecording('proxy.rec.ndjson', [
  ...plain('page', 'https://page.example/', '<!doctype html><title>recorded page</title>', html),
  ...plain('old', 'http://plain.example/', '<!doctype html><title>plain page</title>', html),
  ...plain('v1', 'https://api.example/v1', 'secure'),
  ...plain('big', 'https://api.example/big', 'x'.repeat(300_000)),
  ...allowed(sseExchange('sse', 1, 'https://api.example/events')),
  ...webSocketExchange('ws', 2, 'ws://plain.example/socket'),
]);
const folder = temporary('ca');
const ca = execFileSync(tool('streamserve'), ['--ca', folder, '--print-ca'], {encoding: 'utf8'}).trim();

// ---- Node

/// Runs in another Node, which reads the certificates it trusts when it starts.
function inNode(program, environment) {
  const done = spawnSync(process.execPath, ['--input-type=module', '-e', program], {encoding: 'utf8', timeout: 60_000, env: {...process.env, ...environment}});
  return done.stdout.trim() || done.stderr;
}

/// Asks `url` through the proxy, or directly, and prints the answer or the error.
const asking = (url, proxy) => `
  import http from 'node:http';
  import https from 'node:https';
  import tls from 'node:tls';
  const url = new URL(${JSON.stringify(url)});
  const fail = (error) => { console.log(error.code); process.exit(); };
  function ask(options) {
    https.get(url, options, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (piece) => { text += piece; }).on('end', () => { console.log(answer.statusCode, text); process.exit(); });
    }).on('error', fail);
  }
  const proxy = ${JSON.stringify(proxy ?? null)};
  if (proxy === null) ask({});
  else http.request({host: new URL(proxy).hostname, port: new URL(proxy).port, method: 'CONNECT', path: url.host + ':443'})
    .on('connect', (answer, socket) => ask({createConnection: () => tls.connect({socket, servername: url.hostname}).on('error', fail)}))
    .on('error', fail).end();
`;

{
  const server = await serve(recording, '--tls', '--ca', folder, '--no-delay');
  assert.match(server.http, /^https:/);
  assert.equal(inNode(asking(`${server.http}/v1`), {NODE_EXTRA_CA_CERTS: ca}), '200 secure');
  assert.match(inNode(asking(`${server.http}/v1`), {NODE_EXTRA_CA_CERTS: ''}), /SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_VERIFY_LEAF_SIGNATURE/);
  assert.equal(await server.stop(), 0);
}

const server = await serve(recording, '--ca', folder);
assert.equal(inNode(asking('https://api.example/v1', server.http), {NODE_EXTRA_CA_CERTS: ca}), '200 secure');
assert.match(inNode(asking('https://api.example/v1', server.http), {NODE_EXTRA_CA_CERTS: ''}), /SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_VERIFY_LEAF_SIGNATURE/);

// ---- Chromium

{
  const browser = await launchChromium(`--proxy-server=${server.http}`);
  const page = await browser.newPage();
  await assert.rejects(page.goto('https://page.example/'), /ERR_CERT_AUTHORITY_INVALID/);
  await browser.close();
}

// What Chromium asks for: the SHA-256 of the public key, that of the authority being enough.
const key = new X509Certificate(readFileSync(ca)).publicKey.export({type: 'spki', format: 'der'});
const trusted = createHash('sha256').update(key).digest('base64');
const browser = await launchChromium(`--proxy-server=${server.http}`, `--ignore-certificate-errors-spki-list=${trusted}`);
try {
  const page = await browser.newPage();
  const answer = await page.goto('https://page.example/');
  assert.equal(answer.status(), 200);
  assert.equal(await page.title(), 'recorded page');
  assert.equal((await answer.securityDetails()).issuer.startsWith('hartape '), true);

  const fetched = await page.evaluate(async () => {
    const text = async (url) => (await fetch(url)).text();
    return [await text('https://api.example/v1'), (await text('https://api.example/big')).length];
  });
  assert.deepEqual(fetched, ['secure', 300_000]);

  const sse = await page.evaluate(() => new Promise((resolve) => {
    const begin = performance.now();
    const arrived = [];
    const source = new EventSource('https://api.example/events');
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
  assertReplay('EventSource in Chromium, through a tunnel', sseSample().events, sse);

  /// Runs in the page: the messages of a WebSocket, and how it was closed.
  const converse = (url) => new Promise((resolve) => {
    const begin = performance.now();
    const messages = [];
    const socket = new WebSocket(url);
    socket.binaryType = 'arraybuffer';
    socket.onmessage = ({data}) => {
      const text = typeof data === 'string';
      messages.push({at: performance.now() - begin, opcode: text ? 1 : 2, bytes: text ? data : String.fromCharCode(...new Uint8Array(data))});
    };
    socket.onclose = ({code, reason}) => resolve({messages, code, reason});
  });
  const expected = webSocketSample().map(({at, opcode, bytes}) => ({at, opcode, bytes: bytes.toString(opcode === 1 ? 'utf8' : 'latin1')}));
  await page.goto('http://plain.example/');  // a secure page may not open ws:
  assert.equal(await page.title(), 'plain page');
  const conversation = await page.evaluate(converse, 'ws://plain.example/socket');
  assert.deepEqual([conversation.code, conversation.reason], [1000, 'bye']);
  assertReplay('ws: in Chromium, through a tunnel', expected, conversation.messages);
} finally {
  await browser.close();
}
assert.equal(await server.stop(), 0);

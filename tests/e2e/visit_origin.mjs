// A server and a page that do everything a browser does on the wire: documents in several codings, redirects, cookies, forms, uploads,
// event streams, streamed fetches, WebSockets. Both keep a record of what they saw.
import {execFileSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {mkdirSync, readFileSync} from 'node:fs';
import {createServer} from 'node:https';
import {brotliCompressSync, gzipSync} from 'node:zlib';

import {load} from './support.mjs';

const PAUSE_MS = 40;
const pause = (time = PAUSE_MS) => new Promise((resolve) => setTimeout(resolve, time));
const digest = (bytes) => createHash('sha256').update(bytes).digest('hex');
// A pixel.
const PNG = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==', 'base64');
export const NDJSON = ['{"piece":1}\n{"pie', 'ce":2}\n', '{"piece":3,"text":"é 😀"}\n', '{"piece":4}\n'];
export const EVENTS = [
  {id: '1', event: 'message', data: 'first'}, {id: '2', event: 'delta', data: '{"text":"Hello"}'}, {id: '3', event: 'message', data: 'two\nlines'},
  {id: '4', event: 'done', data: '[DONE] é 😀'},
];
export const LARGE = Buffer.alloc(1 << 20, 0).map((_, i) => (i * 2654435761) >>> 13);

/// A CA, and a certificate for localhost and 127.0.0.1 that it has signed: the files' names.
export function certificates(folder) {
  mkdirSync(folder, {recursive: true});
  const at = (name) => `${folder}/${name}`;
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  const openssl = (...args) => execFileSync('openssl', args, {stdio: ['ignore', 'ignore', 'pipe']});
  openssl('req', '-x509', ...key, '-subj', '/CN=Origins', '-keyout', at('ca.key'), '-out', at('ca.pem'));
  openssl('req', '-x509', ...key, '-subj', '/CN=localhost', '-CA', at('ca.pem'), '-CAkey', at('ca.key'),
    '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-addext', 'basicConstraints=critical,CA:FALSE',
    '-keyout', at('leaf.key'), '-out', at('leaf.pem'));
  return {ca: at('ca.pem'), key: at('leaf.key'), cert: at('leaf.pem')};
}

/// Runs in the page: does everything once, one thing after another, and returns what it saw. Nothing of it is a time but `at`.
export async function visit(other) {
  const record = {fetched: {}, events: [], pieces: '', sockets: {}};
  const hex = async (bytes) => [...new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  const note = async (name, url, options) => {
    const answer = await fetch(url, options);
    record.fetched[name] = {url: answer.url, status: answer.status, type: answer.headers.get('content-type'), text: await answer.text()};
  };
  await note('gzip', '/data.json');
  await note('brotli', '/brotli.json');
  await note('redirect', '/redirect?from=here');
  await note('cookie', '/cookie');
  await note('form', '/echo', {method: 'POST', body: new URLSearchParams({name: 'Ada & é', empty: '', '😀': '+'})});
  const fields = new FormData();
  fields.append('field', 'välue');
  fields.append('file', new Blob([new Uint8Array([0, 1, 2, 253, 254, 255])], {type: 'application/octet-stream'}), 'bytes "1".bin');
  await note('multipart', '/parts', {method: 'POST', body: fields});
  const bytes = new Uint8Array(100_000).map((_, i) => i * 7);
  await note('upload', '/digest', {method: 'PUT', body: bytes});
  await note('missing', '/nothing/here');
  await note('etag', '/etag', {cache: 'no-cache'});
  await note('revalidated', '/etag', {cache: 'no-cache'});
  await note('head', '/data.json', {method: 'HEAD', cache: 'no-store'});
  await note('empty', '/empty');
  await note('range', '/large', {headers: {range: 'bytes=100-199'}, cache: 'no-store'});
  await note('preflighted', `${other}/cross`, {method: 'PUT', headers: {'x-custom': 'yes', 'content-type': 'application/json'}, body: '{"cross":true}'});
  record.large = await hex(await (await fetch('/large', {cache: 'no-store'})).arrayBuffer());
  record.image = document.querySelector('img').naturalWidth;
  record.colour = getComputedStyle(document.body).color;

  // Streams.
  const source = new EventSource('/events');
  await new Promise((resolve) => {
    const arrived = (event) => record.events.push({id: event.lastEventId, event: event.type, data: event.data, at: performance.timeOrigin + performance.now()});
    for (const type of ['message', 'delta', 'done']) source.addEventListener(type, arrived);
    // It breaks off, and the second time there is no more.
    source.addEventListener('error', () => source.readyState === EventSource.CLOSED && resolve());
  });
  const reader = (await fetch('/pieces')).body.pipeThrough(new TextDecoderStream()).getReader();
  for (let piece; !(piece = await reader.read()).done;) record.pieces += piece.value;
  const stop = new AbortController();
  const endless = (await fetch('/endless', {signal: stop.signal})).body.getReader();
  record.begun = new TextDecoder().decode((await endless.read()).value).slice(0, 5);
  stop.abort();
  record.aborted = await endless.read().catch((error) => error.name);

  // WebSockets.
  const converse = (name, path, talk) => new Promise((resolve) => {
    const socket = new WebSocket(`${location.origin.replace(/^http/, 'ws')}${path}`, name === 'declined' ? [] : ['visit']);
    const seen = record.sockets[name] = {messages: []};
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => {
      seen.protocol = socket.protocol;
      seen.extensions = socket.extensions;
      talk?.(socket);
    };
    socket.onmessage = async ({data}) => {
      const at = performance.timeOrigin + performance.now();
      seen.messages.push(typeof data === 'string' ? {text: data, at} : {bytes: btoa(String.fromCharCode(...new Uint8Array(data))), at});
      if (data === 'your turn') socket.close(4001, 'page');
    };
    socket.onclose = ({code, reason, wasClean}) => {
      Object.assign(seen, {code, reason, clean: wasClean});
      resolve();
    };
  });
  await converse('talk', '/socket', (socket) => {
    socket.send('hello é 😀');
    socket.send(new Uint8Array([0, 1, 2, 253, 254, 255]));
    socket.send('x'.repeat(100_000));
    socket.send('');
    socket.send('bye');
  });
  await converse('closing', '/socket?turn');
  await converse('declined', '/declined');

  record.beacon = navigator.sendBeacon('/beacon', 'beacon');
  await note('last', '/last');
  record.performance = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')].map((entry) => ({
    url: entry.name, status: entry.responseStatus, encoded: entry.encodedBodySize, decoded: entry.decodedBodySize, transferred: entry.transferSize,
  }));
  return record;
}

const PAGE = `<!doctype html><html><head><meta charset="utf-8"><title>visit</title><link rel="icon" href="data:,">
<link rel="stylesheet" href="/style.css"></head><body><img src="/pixel.png" alt=""><p>Ä page 😀</p></body></html>`;

export async function startOrigin(tls) {
  const {WebSocketServer} = await load('ws');
  /// Each request that was answered, and each event and message with the time it was sent at (ms).
  const log = [];
  const sent = {events: [], messages: []};

  const body = async (request) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    return Buffer.concat(chunks);
  };
  const routes = {
    '/': (_, reply) => reply(200, {'content-type': 'text/html; charset=utf-8', 'set-cookie': ['first=1; Path=/; Secure; HttpOnly', 'second=two words; Path=/']}, PAGE),
    '/style.css': (_, reply) => reply(200, {'content-type': 'text/css', 'content-encoding': 'gzip'}, gzipSync('body { color: rgb(1, 2, 3) }')),
    '/pixel.png': (_, reply) => reply(200, {'content-type': 'image/png'}, PNG),
    '/data.json': (_, reply) => reply(200, {'content-type': 'application/json', 'content-encoding': 'gzip'}, gzipSync('{"large":12345678901234567890,"text":"é 😀"}')),
    '/brotli.json': (_, reply) => reply(200, {'content-type': 'application/json', 'content-encoding': 'br'}, brotliCompressSync(`["${'brotli '.repeat(500)}"]`)),
    '/redirect': (_, reply) => reply(302, {'location': '/landing?x=1', 'set-cookie': 'landed=yes; Path=/'}, 'over there'),
    '/landing': (_, reply) => reply(200, {'content-type': 'text/plain; charset=utf-8'}, 'landed'),
    '/cookie': (request, reply) => reply(200, {'content-type': 'text/plain'}, request.headers.cookie ?? ''),
    '/echo': (request, reply, bytes) => reply(200, {'content-type': 'text/plain'}, `${request.headers['content-type']}: ${bytes}`),
    '/parts': (request, reply, bytes) => {
      const boundary = request.headers['content-type'].split('boundary=')[1];
      reply(200, {'content-type': 'text/plain'}, digest(Buffer.from(bytes.toString('latin1').replaceAll(boundary, ''), 'latin1')));
    },
    '/digest': (_, reply, bytes) => reply(200, {'content-type': 'text/plain'}, digest(bytes)),
    '/etag': (request, reply) => {
      const fields = {'etag': '"one"', 'content-type': 'text/plain'};
      request.headers['if-none-match'] === '"one"' ? reply(304, fields) : reply(200, fields, 'tagged');
    },
    '/empty': (_, reply) => reply(204, {}),
    '/large': (request, reply) => {
      const fields = {'content-type': 'application/octet-stream'};
      if (request.headers.range !== 'bytes=100-199') return reply(200, fields, LARGE);
      return reply(206, {...fields, 'content-range': `bytes 100-199/${LARGE.length}`}, LARGE.subarray(100, 200));
    },
    '/cross': (request, reply) => {
      const fields = {'access-control-allow-origin': request.headers.origin};
      if (request.method !== 'OPTIONS') return reply(200, {...fields, 'content-type': 'application/json'}, '{"crossed":true}');
      return reply(204, {...fields, 'access-control-allow-methods': 'PUT', 'access-control-allow-headers': 'x-custom, content-type'});
    },
    '/beacon': (_, reply) => reply(204, {}),
    '/last': (_, reply) => reply(200, {'content-type': 'text/plain'}, 'last'),
    '/events': async (request, reply, _, response) => {
      if (request.headers['last-event-id'] !== undefined) return reply(204, {'x-last': request.headers['last-event-id']});
      response.writeHead(200, {'content-type': 'text/event-stream', 'cache-control': 'no-store'});
      response.write(': comment\nretry: 20\n\n');
      for (const {id, event, data} of EVENTS) {
        await pause();
        sent.events.push(Date.now());
        const text = `id: ${id}\n${event === 'message' ? '' : `event: ${event}\n`}${data.split('\n').map((line) => `data: ${line}\n`).join('')}\n`;
        // In the middle of an event a chunk ends.
        response.write(text.slice(0, 9));
        response.write(text.slice(9));
      }
      return response.end();
    },
    '/pieces': async (_request, _reply, _body, response) => {
      response.writeHead(200, {'content-type': 'application/x-ndjson'});
      for (const piece of NDJSON) {
        response.write(piece);
        await pause();
      }
      response.end();
    },
    '/endless': (_request, _reply, _body, response) => {
      response.writeHead(200, {'content-type': 'text/plain'});
      response.write('begin and never end');
      return 'open';
    },
  };

  const server = createServer({key: readFileSync(tls.key), cert: readFileSync(tls.cert)}, async (request, response) => {
    const {pathname} = new URL(request.url, 'https://localhost');
    const own = {method: request.method, url: `https://${request.headers.host}${request.url}`, status: 0};
    log.push(own);
    const bytes = await body(request);
    const reply = (status, fields, text = '') => {
      response.writeHead(status, status === 204 || status === 304 ? fields : {...fields, 'content-length': Buffer.byteLength(text)});
      response.end(request.method === 'HEAD' ? undefined : text);
    };
    const route = routes[pathname];
    if (route) await route(request, reply, bytes, response);
    else reply(404, {'content-type': 'text/plain'}, 'nothing here');
    own.status = response.statusCode;
  });
  const sockets = new WebSocketServer({noServer: true, perMessageDeflate: {threshold: 0}, handleProtocols: () => 'visit'});
  server.on('upgrade', (request, socket, head) => {
    const own = {method: 'GET', url: `wss://${request.headers.host}${request.url}`, status: 101};
    log.push(own);
    if (request.url === '/declined') {
      own.status = 403;
      socket.end('HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno');
      return;
    }
    sockets.handleUpgrade(request, socket, head, (client) => {
      const send = (data) => {
        sent.messages.push(Date.now());
        client.send(data);
      };
      if (request.url === '/socket?turn') return send('your turn');
      send('welcome');
      return client.on('message', (data, binary) => {
        send(binary ? data : data.toString());
        if (!binary && data.toString() === 'bye') client.close(4000, 'enough é');
      });
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const {port} = server.address();
  return {
    url: `https://localhost:${port}`,
    other: `https://127.0.0.1:${port}`,
    port,
    log,
    sent,
    close() {
      server.closeAllConnections();
      for (const client of sockets.clients) client.terminate();
      server.close();
    },
  };
}

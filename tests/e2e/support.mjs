// What the end-to-end tests share: recordings made on the spot, a streamserve that ends with the test, and what may be said
// about arrival times on a machine of unknown speed.
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

/// The two clocks (the server's, and performance.now() in a browser, which is rounded) may disagree by this much.
const CLOCK_TOLERANCE_MS = 5;
/// How late a whole replay may end on a machine that is busy with other tests.
const LATENESS_LIMIT_MS = 10_000;
/// How long a line of the log may take that is sure to come.
const LOG_LIMIT_MS = 60_000;
/// performance.now() in a browser is rounded.
const ROUNDING_MS = 1;

const PACKAGES = new URL('./node_modules/', import.meta.url);

/// Ends the test as skipped (77), or as failed where nothing may be skipped.
export function skip(reason) {
  const required = process.env.HARTAPE_REQUIRE_E2E === '1';
  console.log(`${required ? 'failed' : 'skipped'}: ${reason}`);
  process.exit(required ? 1 : 77);
}

/// A package of package.json; without it the test is skipped.
export async function load(name) {
  try {
    return await import(name);
  } catch (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    return skip(`${name} is not in ${PACKAGES.pathname}: run npm ci in tests/e2e`);
  }
}

const directory = mkdtempSync(join(tmpdir(), 'hartape-e2e-'));
const children = new Set();
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(directory, {recursive: true, force: true});
});

export function tool(name) {
  const folder = process.env.HARTAPE_BIN;
  assert.ok(folder, 'HARTAPE_BIN names the folder of the tools');
  return join(folder, name);
}

export function temporary(name) {
  return join(directory, name);
}

/// Writes events, one a line, as a recording.
export function writeRecording(name, events) {
  const header = {recording: 1, start: '2026-11-22T09:15:30.123456789Z', creator: {name: 'hartape-e2e', version: '1'}};
  const path = temporary(name);
  writeFileSync(path, [header, ...events].map((line) => JSON.stringify(line) + '\n').join(''));
  return path;
}

export function request(id, t, url, headers = []) {
  return {ev: 'request', id, t, request: {method: 'GET', url, httpVersion: 'HTTP/1.1', headers, queryString: [], cookies: [], headersSize: -1, bodySize: 0}};
}

export function response(id, t, kind, status, headers) {
  const all = Object.entries(headers).map(([name, value]) => ({name, value}));
  return {
    ev: 'response', id, t, kind,
    response: {
      status, statusText: '', httpVersion: 'HTTP/1.1', headers: all, cookies: [], redirectURL: '', headersSize: -1, bodySize: -1,
      content: {size: -1, mimeType: headers['content-type'] ?? ''},
    },
  };
}

/// A chunk of bytes, as `data` where it is valid UTF-8 and `data64` elsewhere.
export function octets(buffer) {
  try {
    return {data: new TextDecoder('utf-8', {fatal: true, ignoreBOM: true}).decode(buffer)};
  } catch {
    return {data64: Buffer.from(buffer).toString('base64')};
  }
}

/// Starts streamserve on a free port and waits until it says where it listens. Without a recording (null) it has its mocks alone.
export async function serve(recording, ...options) {
  const inputs = recording === null ? [] : [recording];
  const child = spawn(tool('streamserve'), ['--port', '0', ...options, ...inputs], {stdio: ['ignore', 'pipe', 'pipe']});
  children.add(child);
  let said = '';
  const origin = await new Promise((resolve, reject) => {
    const listen = (chunk) => {
      said += chunk;
      const found = /http(s?:\/\/[\w.:[\]]+:\d+)/.exec(said);
      if (found) resolve(found[1]);
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    child.on('error', reject);
    child.on('exit', (code) => reject(new Error(`streamserve ended with ${code}: ${said}`)));
  });
  return {
    http: `http${origin}`,
    ws: `ws${origin}`,
    /// What it has said so far.
    log: () => said,
    /// Waits until it has said what `pattern` matches.
    async told(pattern) {
      const end = Date.now() + LOG_LIMIT_MS;
      while (!pattern.test(said)) {
        assert.ok(Date.now() < end, `${pattern} is not in the log: ${said}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    /// Asks the server to end, as Ctrl-C does, and returns its exit status.
    async stop() {
      const ended = new Promise((resolve) => child.on('close', (code, signal) => resolve(code ?? signal)));
      child.kill('SIGINT');
      const status = await ended;
      children.delete(child);
      return status;
    },
  };
}

/// Asserts that every arrival is as recorded and none is early. `expected` and `arrived` are lists of {at, ...}: expected
/// in seconds since the request, arrived in milliseconds since the client began. The server's clock begins when it has the
/// request, which is after the client began; so nothing may come sooner than recorded, however slow the machine is.
export function assertReplay(what, expected, arrived) {
  const contents = (list) => list.map(({at, ...rest}) => rest);
  assert.deepEqual(contents(arrived), contents(expected), what);
  arrived.forEach(({at}, index) => {
    const due = expected[index].at * 1000;
    assert.ok(at >= due - CLOCK_TOLERANCE_MS, `${what}: number ${index} came at ${at} ms, and was due at ${due} ms`);
  });
  const last = expected.at(-1).at * 1000;
  assert.ok(arrived.at(-1).at <= last + LATENESS_LIMIT_MS, `${what}: ended at ${arrived.at(-1).at} ms, and was due at ${last} ms`);
  console.log(`${what}: ${arrived.length} as recorded, the last ${(arrived.at(-1).at - last).toFixed(1)} ms after it was due`);
}

/// As assertReplay, but to the millisecond; and however late anything comes, it is only told.
export function assertNeverEarly(what, expected, arrived) {
  const contents = (list) => list.map(({at, ...rest}) => rest);
  assert.deepEqual(contents(arrived), contents(expected), what);
  const lateness = arrived.map(({at}, index) => at - expected[index].at * 1000);
  lateness.forEach((late, index) => assert.ok(late >= -ROUNDING_MS, `${what}: number ${index} came ${-late} ms before it was due`));
  console.log(`${what}: ${arrived.length} as recorded, at most ${Math.max(...lateness).toFixed(1)} ms late`);
}

/// A stream with everything that a chunk boundary may cut: a line, a CRLF, a character; with names, ids, comments, an empty
/// event, several data lines. Each event has the time of the chunk that completes it.
export function sseSample() {
  const cut = (text, at) => [Buffer.from(text).subarray(0, at), Buffer.from(text).subarray(at)];
  const [face1, face2] = cut('data: smile 😀\n\n', 14);
  const chunks = [
    [0.05, Buffer.from(': a comment is no event\n\nid: 1\nevent: delta\ndata: {"text":"Hel')],
    [0.12, Buffer.from('lo"}\n\n')],
    [0.2, face1],
    [0.26, face2],
    [0.3, Buffer.from('data: first\r\ndata: second\r')],
    [0.31, Buffer.from('\n\r\n')],
    [0.31, Buffer.from('event: delta\nid: 2\ndata:no space\n\ndata\n\n')],
    [0.75, Buffer.from('event: done\ndata: [DONE]\n\n')],
  ];
  const events = [
    {at: 0.12, type: 'delta', id: '1', data: '{"text":"Hello"}'},
    {at: 0.26, type: 'message', id: '1', data: 'smile 😀'},
    {at: 0.31, type: 'message', id: '1', data: 'first\nsecond'},
    {at: 0.31, type: 'delta', id: '2', data: 'no space'},
    {at: 0.31, type: 'message', id: '2', data: ''},
    {at: 0.75, type: 'done', id: '2', data: '[DONE]'},
  ];
  return {chunks, events};
}

/// The sample as an exchange, whose request was sent `begin` seconds after the recording's start.
export function sseExchange(id, begin, url) {
  return [
    request(id, begin, url, [{name: 'Accept', value: 'text/event-stream'}]),
    response(id, begin + 0.02, 'sse', 200, {'content-type': 'text/event-stream', 'cache-control': 'no-store'}),
    ...sseSample().chunks.map(([at, bytes]) => ({ev: 'data', id, t: begin + at, ...octets(bytes)})),
    {ev: 'end', id, t: begin + 0.8, reason: 'eof'},
  ];
}

/// What a server sent over a WebSocket, in seconds since the request.
export function webSocketSample() {
  const binary = Buffer.from([0, 1, 2, 253, 254, 255]);
  return [
    {at: 0.05, opcode: 1, bytes: Buffer.from('{"price":101.25}')},
    {at: 0.1, opcode: 2, bytes: binary},
    {at: 0.1, opcode: 1, bytes: Buffer.from('')},
    {at: 0.35, opcode: 1, bytes: Buffer.from('é 😀 \u0000 \u2028')},
    {at: 0.4, opcode: 2, bytes: Buffer.alloc(70_000, 'x')},  // longer than a 16-bit length
    {at: 0.7, opcode: 1, bytes: Buffer.from('last')},
  ];
}

export function webSocketExchange(id, begin, url) {
  const upgrade = {'upgrade': 'websocket', 'connection': 'Upgrade', 'sec-websocket-accept': 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='};
  const handshake = [
    {name: 'Upgrade', value: 'websocket'}, {name: 'Connection', value: 'Upgrade'}, {name: 'Sec-WebSocket-Version', value: '13'},
    {name: 'Sec-WebSocket-Key', value: 'dGhlIHNhbXBsZSBub25jZQ=='},
  ];
  return [
    request(id, begin, url, handshake),
    response(id, begin + 0.01, 'websocket', 101, upgrade),
    ...webSocketSample().map(({at, opcode, bytes}) => ({ev: 'message', id, t: begin + at, dir: 'receive', opcode, ...octets(bytes)})),
    {ev: 'close', id, t: begin + 0.75, dir: 'receive', code: 1000, reason: 'bye'},
    {ev: 'end', id, t: begin + 0.76, reason: 'eof'},
  ];
}

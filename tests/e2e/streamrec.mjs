// streamrec against Node's servers, ws, and streamserve: what it prints is what curl -N prints, byte for byte; what it records is
// what happened; and what goes wrong is told as what it is.
import assert from 'node:assert/strict';
import {execFile, execFileSync, spawn, spawnSync} from 'node:child_process';
import {existsSync, readFileSync, writeFileSync} from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';

import {load, skip, temporary, tool} from './support.mjs';

const {WebSocketServer} = await load('ws');
for (const program of ['curl', 'openssl']) {
  if (spawnSync(program, ['--version']).error && spawnSync(program, ['version']).error) skip(`${program} is not installed`);
}

const STREAMREC = tool('streamrec');
let files = 0;
const newFile = () => temporary(`${++files}.rec.ndjson`);
const events = (path) => readFileSync(path, 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line)).slice(1);
const octets = (event) => ('data' in event ? Buffer.from(event.data) : Buffer.from(event.data64, 'base64'));
const body = (path) => Buffer.concat(events(path).filter((event) => event.ev === 'data').map(octets));
const endOf = (path) => events(path).filter((event) => event.ev === 'end').at(-1);

function run(program, args, input = '') {
  return new Promise((resolve) => {
    const child = execFile(program, args, {encoding: 'buffer', timeout: 60_000, maxBuffer: 1 << 26}, (error, stdout, stderr) =>
      resolve({status: error ? error.code ?? error.signal : 0, stdout, stderr: stderr.toString()}));
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}
async function record(...args) {
  const path = newFile();
  const input = typeof args.at(-1) === 'object' ? args.pop().input : '';
  return {path, ...await run(STREAMREC, ['-o', path, ...args], input)};
}
const listen = (server) => new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server.address().port)));

// ---- a server with an answer of every kind

const connections = {resumed: []};
function answer(request, response) {
  const {pathname} = new URL(request.url, 'http://x');
  const pieces = ['data: one\n\n', 'id: 7\nretry: 1\ndata: two é\n\n', Buffer.from([0x64, 0xff, 0, 10, 10]), 'data: [DONE]\n\n', 'data: behind\n\n'];
  switch (pathname) {
    case '/length':
      response.writeHead(200, {'Content-Length': 5, 'X-Case': 'Kept'});
      return response.end('hello');
    case '/chunked':
      response.writeHead(200, {'Content-Type': 'text/event-stream', Trailer: 'X-Sum'});
      for (const piece of pieces) response.write(piece);
      response.addTrailers({'X-Sum': '5'});
      return response.end();
    case '/empty':
      return response.writeHead(204).end();
    case '/same':
      return response.writeHead(304, {ETag: '"x"'}).end();
    case '/missing':
      return response.writeHead(404).end('not here');
    case '/moved':
      return response.writeHead(302, {Location: '/echo?moved'}).end('elsewhere');
    case '/echo': {
      const parts = [`${request.method} ${request.url} ${JSON.stringify(request.rawHeaders.slice(2))}\n`];
      request.on('data', (part) => parts.push(part));
      return request.on('end', () => response.end(Buffer.concat(parts.map((part) => Buffer.from(part)))));
    }
    case '/reset':
      response.writeHead(200);
      return response.write('abc', () => setImmediate(() => request.socket.resetAndDestroy()));
    case '/cut':
      response.writeHead(200);
      return response.write('abc', () => setImmediate(() => request.socket.end()));
    case '/endless': {
      response.writeHead(200, {'Content-Type': 'application/x-ndjson'});
      let n = 0;
      const timer = setInterval(() => response.write(`{"n":${n++}}\n`), 5);
      return response.on('close', () => clearInterval(timer));
    }
    case '/resume': {
      connections.resumed.push(request.headers['last-event-id']);
      if (connections.resumed.length === 4) return response.writeHead(204).end();
      response.writeHead(200, {'Content-Type': 'text/event-stream'});
      const end = connections.resumed.length === 2 ? () => request.socket.destroy() : () => response.end();
      return response.write(`retry: 5\nid: ${connections.resumed.length}\ndata: x\n\n`, end);
    }
    default:
      return response.writeHead(500).end();
  }
}
const server = http.createServer(answer);
const url = `http://127.0.0.1:${await listen(server)}`;

// ---- what is printed is what curl prints

for (const path of ['/length', '/chunked', '/empty', '/same', '/missing', '/echo']) {
  const agent = ['-A', 'agent', '-H', 'X-Mine: 1', '-H', 'Accept:'];
  const recorded = await record(...agent, url + path);
  const curl = await run('curl', ['-sN', '--noproxy', '*', ...agent, url + path]);
  assert.equal(recorded.status, 0, recorded.stderr);
  assert.deepEqual(recorded.stdout, curl.stdout, path);
  assert.deepEqual(body(recorded.path), curl.stdout, path);
  assert.equal(endOf(recorded.path).reason, 'eof');
}
for (const args of [['-d', 'a=1', '-d', 'b=2'], ['--data-binary', '{}', '-X', 'PUT'], ['--json', '{"a":1}'], ['-u', 'me:secret'], ['-X', 'DELETE']]) {
  const recorded = await record('-A', 'x', ...args, `${url}/echo`);
  const curl = await run('curl', ['-sN', '--noproxy', '*', '-A', 'x', ...args, `${url}/echo`]);
  const sorted = (text) => {
    const [line, ...rest] = text.toString().split('\n');
    const at = line.indexOf('[');
    const flat = JSON.parse(line.slice(at));
    const fields = flat.flatMap((name, i) => (i % 2 ? [] : [`${name}: ${flat[i + 1]}`])).filter((field) => !/^Connection/.test(field));
    return [line.slice(0, at), ...fields.sort(), ...rest];
  };
  assert.deepEqual(sorted(recorded.stdout), sorted(curl.stdout), args.join(' '));
}
{
  const head = await record('-X', 'HEAD', `${url}/length`);
  assert.equal(head.status, 0);
  assert.equal(head.stdout.length, 0);
  const recorded = await record(`${url}/chunked`);
  const response = events(recorded.path).find((event) => event.ev === 'response');
  assert.equal(response.kind, 'sse');
  assert.deepEqual(endOf(recorded.path).trailers, [{name: 'X-Sum', value: '5'}]);
  const times = events(recorded.path).map((event) => event.t);
  assert.deepEqual(times, [...times].sort((a, b) => a - b));
  const failed = await record('--fail', `${url}/missing`);
  assert.equal(failed.status, 1);
  assert.equal(failed.stdout.length, 0);
  assert.equal(body(failed.path).toString(), 'not here');
}

// ---- redirects, only where they are asked for

{
  const stays = await record(`${url}/moved`);
  assert.equal(stays.stdout.toString(), 'elsewhere');
  const follows = await record('-L', '-d', 'x', `${url}/moved`);
  assert.match(follows.stdout.toString(), /^GET \/echo\?moved /);
  assert.deepEqual(events(follows.path).filter((event) => event.ev === 'request').map((event) => event.id), ['1', '2']);
}

// ---- where it ends

{
  const until = await record('--until', 'data == [DONE]', `${url}/chunked`);
  assert.equal(until.status, 0);
  assert.deepEqual([endOf(until.path).reason, endOf(until.path).error], ['abort', '--until came true']);
  const counted = await record('--max-events', '3', `${url}/endless`);
  assert.equal(counted.status, 0);
  assert.ok(counted.stdout.toString().startsWith('{"n":0}\n{"n":1}\n{"n":2}\n'));
  const short = await record('--duration', '100ms', `${url}/endless`);
  assert.equal(short.status, 0);
  assert.deepEqual([endOf(short.path).reason, endOf(short.path).error], ['abort', '--duration is over']);
  const long = await record('--max-time', '100ms', `${url}/endless`);
  assert.equal(long.status, 1);
  assert.equal(endOf(long.path).reason, 'timeout');
  const reset = await record(`${url}/reset`);
  assert.equal(reset.status, 1);
  assert.equal(endOf(reset.path).reason, 'reset');
  const cut = await record(`${url}/cut`);
  assert.equal(cut.status, 1);
  assert.equal(cut.stdout.toString(), 'abc');
  assert.deepEqual([endOf(cut.path).reason, endOf(cut.path).error], ['error', 'the connection was closed before the last chunk of the body']);
}
for (const signal of ['SIGINT', 'SIGKILL']) {
  const path = newFile();
  const child = spawn(STREAMREC, ['-o', path, `${url}/endless`], {stdio: ['ignore', 'pipe', 'inherit']});
  let shown = '';
  child.stdout.on('data', (bytes) => {
    shown += bytes;
    if (shown.length > 30) child.kill(signal);
  });
  const [status, by] = await new Promise((resolve) => child.on('close', (...args) => resolve(args)));
  const recorded = body(path).toString();
  assert.ok(recorded.startsWith(shown), 'what was shown is in the file');
  if (signal === 'SIGINT') {
    assert.equal(status, 0);
    assert.deepEqual([endOf(path).reason, endOf(path).error], ['abort', 'interrupted']);
  } else {
    assert.equal(by, 'SIGKILL');
    assert.equal(endOf(path), undefined);
    execFileSync(tool('harconv'), ['--to', 'har', path, '-o', temporary('killed.har')]);
  }
}

// ---- an event stream across lost connections

{
  const recorded = await record('--reconnect', `${url}/resume`);
  assert.equal(recorded.status, 0, recorded.stderr);
  assert.deepEqual(connections.resumed, [undefined, '1', '2', '3']);
  assert.deepEqual(events(recorded.path).filter((event) => event.ev === 'end').map((event) => event.reason), ['eof', 'error', 'eof', 'eof']);
}

// ---- HTTP/1.0, no HTTP, nobody

const raw = net.createServer((socket) => {
  socket.on('error', () => {});
  socket.once('data', (bytes) => {
    if (bytes.includes(' /old ')) socket.end('HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nto the end');
    else socket.end('SSH-2.0-OpenSSH_9.2\r\n');
  });
});
{
  const address = `http://127.0.0.1:${await listen(raw)}`;
  const old = await record(`${address}/old`);
  assert.equal(old.stdout.toString(), 'to the end');
  assert.equal(old.status, 0);
  const ssh = await record(`${address}/ssh`);
  assert.equal(ssh.status, 1);
  assert.match(ssh.stderr, /expected "HTTP\/1\.1", found "SSH-2"/);
  const port = raw.address().port;
  await new Promise((resolve) => raw.close(resolve));
  const nobody = await record(`http://127.0.0.1:${port}/`);
  assert.equal(nobody.status, 2);
  assert.match(nobody.stderr, /Connection refused/);
  assert.ok(!existsSync(nobody.path), 'no file is left where nothing was recorded');
}

// ---- TLS

function openssl(...args) {
  execFileSync('openssl', args, {stdio: 'pipe'});
}
function certificate(name, subject, ...more) {
  const [key, cert] = [temporary(`${name}.key`), temporary(`${name}.crt`)];
  openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key, '-out', cert, '-subj', subject, ...more);
  return {key, cert};
}
const ca = certificate('ca', '/CN=Test CA', '-days', '2');
function issued(name, host, from, to) {
  const [key, request, cert, config] = ['key', 'csr', 'crt', 'cnf'].map((suffix) => temporary(`${name}.${suffix}`));
  writeFileSync(config, `[ca]\ndefault_ca=d\n[d]\ndatabase=${temporary(name + '.db')}\nnew_certs_dir=${temporary('.')}\nserial=${temporary(name + '.srl')}\n` +
    `default_md=sha256\npolicy=p\ncopy_extensions=copy\nunique_subject=no\n[p]\ncommonName=supplied\n`);
  writeFileSync(temporary(`${name}.db`), '');
  writeFileSync(temporary(`${name}.srl`), '01\n');
  openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key, '-out', request, '-subj', `/CN=${host}`,
    '-addext', `subjectAltName=${/^[0-9.]+$/.test(host) ? 'IP' : 'DNS'}:${host}`);
  openssl('ca', '-batch', '-config', config, '-cert', ca.cert, '-keyfile', ca.key, '-in', request, '-out', cert, '-startdate', from, '-enddate', to);
  return {key, cert};
}
const secure = async (pair) => {
  const one = https.createServer({key: readFileSync(pair.key), cert: readFileSync(pair.cert)}, answer);
  return {server: one, port: await listen(one)};
};
const now = new Date();
const stamp = (years) => `${now.getUTCFullYear() + years}0101000000Z`;
const good = await secure(issued('good', '127.0.0.1', stamp(-1), stamp(2)));
const other = await secure(issued('other', 'other.example', stamp(-1), stamp(2)));
const expired = await secure(issued('expired', '127.0.0.1', stamp(-3), stamp(-1)));
{
  const right = await record('--cacert', ca.cert, `https://127.0.0.1:${good.port}/chunked`);
  assert.equal(right.status, 0, right.stderr);
  assert.deepEqual(right.stdout, (await record(`${url}/chunked`)).stdout);
  assert.match(events(right.path)[0].entry._tls, /^TLSv1\.[23]$/);
  for (const [port, why] of [[other.port, 'IP address mismatch'], [expired.port, 'certificate has expired']]) {
    const wrong = await record('--cacert', ca.cert, `https://127.0.0.1:${port}/length`);
    assert.equal(wrong.status, 2);
    assert.ok(wrong.stderr.includes(`the certificate of 127.0.0.1 is not accepted: ${why}`), wrong.stderr);
    assert.match(wrong.stderr, /hint: --cacert names certificates to trust; --insecure accepts any/);
    assert.equal((await record('-k', `https://127.0.0.1:${port}/length`)).stdout.toString(), 'hello');
  }
  const unknown = await record(`https://127.0.0.1:${good.port}/length`);
  assert.equal(unknown.status, 2);
  assert.match(unknown.stderr, /is not accepted: (self-signed|unable to get local issuer)/);
  const plain = await record(`https://127.0.0.1:${server.address().port}/length`);
  assert.equal(plain.status, 2);
  assert.match(plain.stderr, /the TLS handshake with 127\.0\.0\.1:\d+ failed/);
}

// ---- WebSocket

for (const secureSocket of [false, true]) {
  const holder = secureSocket ? good.server : server;
  const sockets = new WebSocketServer({server: holder, path: '/ws', perMessageDeflate: {threshold: 0},
    handleProtocols: (offered) => (offered.has('b') ? 'b' : false)});
  sockets.on('connection', (socket) => {
    socket.ping('p');
    socket.on('message', (data, binary) => socket.send(data, {binary}));
  });
  const address = `${secureSocket ? 'wss' : 'ws'}://127.0.0.1:${holder.address().port}`;
  const trust = secureSocket ? ['--cacert', ca.cert] : [];
  for (const deflate of [[], ['--deflate']]) {
    const recorded = await record(...trust, ...deflate, '--subprotocol', 'a', '--subprotocol', 'b', '--send', 'first é', '--send', '-',
      `${address}/ws`, {input: 'second\nthird'});
    assert.equal(recorded.status, 0, recorded.stderr);
    assert.equal(recorded.stdout.toString(), 'first é\nsecond\nthird\n');
    const all = events(recorded.path);
    const of = (dir, opcode) => all.filter((event) => event.ev === 'message' && event.dir === dir && event.opcode === opcode).map((event) => event.data);
    assert.deepEqual(of('send', 1), ['first é', 'second', 'third']);
    assert.deepEqual(of('receive', 1), ['first é', 'second', 'third']);
    assert.deepEqual([of('receive', 9), of('send', 10)], [['p'], ['p']]);
    assert.deepEqual(all.filter((event) => event.ev === 'close').map((event) => [event.dir, event.code]), [['send', 1000], ['receive', 1000]]);
    assert.equal(endOf(recorded.path).reason, 'eof');
    const extension = all.find((event) => event.ev === 'response').response.headers.some((field) => /extensions/i.test(field.name));
    assert.equal(extension, deflate.length > 0);
  }
  const declined = await record(...trust, `${address}/no`);
  assert.equal(declined.status, 1);
  assert.match(declined.stderr, /the server declined the WebSocket: 400/);
}

// ---- what was recorded is served again, and is the same

{
  const recorded = await record(`${url}/chunked`);
  const child = spawn(tool('streamserve'), ['--port', '0', recorded.path], {stdio: ['ignore', 'pipe', 'ignore']});
  const address = (await new Promise((resolve) => child.stdout.once('data', resolve))).toString().trim();
  const again = await record(`${address}/chunked`);
  child.kill();
  assert.deepEqual(again.stdout, recorded.stdout);
  const compared = await run(tool('streamdiff'), [recorded.path, again.path]);
  assert.equal(compared.status, 0, compared.stdout.toString() + compared.stderr);
  const played = await run(STREAMREC, ['play', recorded.path]);
  assert.deepEqual(played.stdout, recorded.stdout);
}

console.log('streamrec: as it happened');
process.exit(0);

// hardiff --against, at streamserve and at Node's servers: the requests that arrive are those that were recorded, what is answered
// is compared, streams are left when all has come, WebSocket conversations go on in lockstep, and nothing is waited for for ever.
import assert from 'node:assert/strict';
import {execFile, execFileSync, spawn} from 'node:child_process';
import {existsSync, readFileSync, writeFileSync} from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import zlib from 'node:zlib';

import {load, serve, sseExchange, temporary, tool, webSocketExchange, writeRecording} from './support.mjs';

const {WebSocketServer} = await load('ws');
const HARDIFF = tool('hardiff');
let files = 0;

function run(...args) {
  const began = Date.now();
  return new Promise((resolve) => {
    const child = execFile(HARDIFF, args, {timeout: 60_000, maxBuffer: 1 << 26}, (error, stdout, stderr) =>
      resolve({status: error ? error.code ?? error.signal : 0, stdout, stderr, took: Date.now() - began}));
    child.stdin.end();
  });
}

/// Runs it; what differs, as a list of [entry's number, place].
async function against(url, session, ...args) {
  const path = temporary(`got${++files}.har`);
  const done = await run('--against', url, '--json', '-o', path, ...args, session);
  const records = done.stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line));
  const changed = records.filter(({record, kind}) => record === 'entry' && kind === 'changed');
  const differences = changed.flatMap(({expected, differences: list}) => list.map(({place}) => [expected.number, place]));
  const got = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).log.entries : [];
  return {...done, records, differences, got};
}

const fields = (object) => Object.entries(object).flatMap(([name, value]) => [value].flat().map((one) => ({name, value: one})));

/// An entry as a browser writes it.
function entry({method = 'GET', url, at = 0, took = 20, headers = {}, post, status = 200, answer = {}, body = '', type = 'text/plain', ...rest}) {
  return {
    startedDateTime: new Date(Date.UTC(2026, 10, 22, 9, 0, 0) + at).toISOString(), time: took,
    request: {method, url, httpVersion: 'h2', headers: fields(headers), queryString: [], cookies: [], headersSize: -1,
              bodySize: post === undefined ? 0 : Buffer.byteLength(post.text), ...(post === undefined ? {} : {postData: post})},
    response: {status, statusText: '', httpVersion: 'h2', headers: fields({...(type === '' ? {} : {'content-type': type}), ...answer}), cookies: [], redirectURL: '',
               headersSize: -1, bodySize: -1, content: {size: Buffer.byteLength(body), mimeType: type, text: body}},
    cache: {}, timings: {send: 0, wait: took, receive: 0}, ...rest,
  };
}

function har(...entries) {
  const path = temporary(`session${++files}.har`);
  writeFileSync(path, JSON.stringify({log: {version: '1.2', creator: {name: 'test', version: '1'}, entries}}));
  return path;
}

const closing = [];
/// A server on a free port; its address.
async function listen(server) {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(server);
  return `127.0.0.1:${server.address().port}`;
}

const APP = 'https://app.example';

// ---- streamserve is the server in the recording: all is as expected, and one planted change is the only difference

{
  const entries = [
    entry({url: `${APP}/`, type: 'text/html', body: '<p>hello</p>'}),
    entry({url: `${APP}/api/items?page=1`, at: 30, type: 'application/json', body: '{"items":[{"id":1},{"id":2}],"at":5}'}),
    entry({method: 'POST', url: `${APP}/api/items`, at: 60, status: 201, type: 'application/json', body: '{"id":3}',
           headers: {'content-type': 'application/json'}, post: {mimeType: 'application/json', text: '{"name":"é 😀"}'}}),
    entry({url: `${APP}/old`, at: 90, status: 302, answer: {location: `${APP}/new?x=1`}}),
    entry({url: 'data:text/plain,x', at: 95}),
    entry({url: 'https://cdn.example/x.js', at: 100, body: 'x'}),
    entry({url: `${APP}/cached`, at: 110, _fromCache: 'disk'}),
  ];
  entries[3].response.redirectURL = `${APP}/new?x=1`;
  const session = har(...entries);
  const server = await serve(session);
  const same = await against(server.http, session);
  assert.equal(same.status, 0, same.stdout + same.stderr);
  assert.deepEqual(same.got.map(({request, response}) => [request.method, new URL(request.url).pathname, response.status]),
                   [['GET', '/', 200], ['GET', '/api/items', 200], ['POST', '/api/items', 201], ['GET', '/old', 302]]);
  assert.equal(same.got[2].request.postData.text, '{"name":"é 😀"}');
  for (const said of ['data: is no address of a server', 'it came from the cache', 'cdn.example']) assert.match(same.stderr, new RegExp(said));

  const other = structuredClone(entries);
  other[1].response.content.text = '{"items":[{"id":1},{"id":7}],"at":5}';
  const changed = await against(server.http, har(...other));
  assert.equal(changed.status, 1, changed.stderr);
  assert.deepEqual(changed.differences, [[2, 'response.body/items/1/id']]);
  const ignored = await against(server.http, har(...other), '--ignore', 'body/items/*/id');
  assert.equal(ignored.status, 0, ignored.stdout);

  // Another host, too.
  const mapped = await against(server.http, session, '--map-host', `cdn.example=${server.http.slice(7)}`);
  assert.equal(mapped.got.length, 5);
  assert.equal(mapped.status, 0, mapped.stdout);
  await server.stop();
}

// ---- streams and WebSockets of streamserve, and one that it breaks on purpose

{
  const session = writeRecording('streams.rec.ndjson',
                                 [...sseExchange('1', 0, 'https://api.test/events'), ...webSocketExchange('2', 1, 'wss://api.test/ws')]);
  const server = await serve(session);
  const same = await against(server.http, session);
  assert.equal(same.status, 0, same.stdout + same.stderr);
  assert.equal(same.got[0]._streamChunks.length > 3, true);
  assert.equal(same.got[1]._webSocketMessages.length, 6);
  assert.equal(same.got[1]._webSocketClose.code, 1000);
  await server.stop();
  const faulty = await serve(session, '--fault', 'url=/events after=event:3 truncate');
  const cut = await against(faulty.http, session, '--margin', '2s');
  assert.equal(cut.status, 1, cut.stderr);
  assert.ok(cut.differences.length > 0 && cut.differences.every(([number]) => number === 1), cut.stdout);
  await faulty.stop();
}

// ---- what arrives is what was recorded; cookies are the live server's

{
  const asked = [];
  const address = await listen(http.createServer((request, response) => {
    const pieces = [];
    request.on('data', (piece) => pieces.push(piece)).on('end', () => {
      asked.push({url: request.url, method: request.method, headers: request.headers, raw: request.rawHeaders, body: Buffer.concat(pieces)});
      if (request.url === '/login') response.setHeader('Set-Cookie', ['sid=7f3a9c0d51e2b864; Path=/; HttpOnly; Secure', 'old=; Max-Age=0; Path=/']);
      response.setHeader('Content-Type', 'text/plain');
      response.end(request.url === '/me' && !/(^|; )sid=7f3a9c0d51e2b864($|;)/.test(request.headers.cookie ?? '') ? 'who?' : 'ok');
    });
  }));
  const session = har(
    entry({method: 'POST', url: `${APP}/login`, body: 'ok', answer: {'set-cookie': ['sid=0a1b2c3d4e5f6071; Path=/; HttpOnly; Secure', 'old=; Max-Age=0; Path=/']},
           headers: {':method': 'POST', host: 'app.example', connection: 'keep-alive', 'content-type': 'application/x-www-form-urlencoded',
                     'content-length': '99', origin: APP, referer: `${APP}/start`, cookie: 'old=1; theme=dark', 'X-Order': ['2', '1'],
                     'accept-encoding': 'gzip, br, dcb'},
           post: {mimeType: 'application/x-www-form-urlencoded', params: [{name: 'a b', value: '1&2'}, {name: 'c', value: 'é'}], text: ''}}),
    entry({url: `${APP}/me`, at: 50, body: 'ok', headers: {cookie: 'sid=0a1b2c3d4e5f6071; old=1; theme=dark', 'if-none-match': '"x"'}}),
    entry({method: 'PUT', url: `${APP}/bytes`, at: 100, body: 'ok', headers: {'content-type': 'application/octet-stream'},
           post: {mimeType: 'application/octet-stream', text: Buffer.from([0, 255, 10, 13]).toString('base64'), _encoding: 'base64'}}),
    entry({url: 'https://other.example/x', at: 120, body: 'ok', headers: {cookie: 'theirs=1'}}));
  const done = await against(`http://${address}`, session, '--map-host', `other.example=${address}`, '--header', 'Authorization: Bearer t',
                             '--header', 'X-Order:');
  assert.equal(done.status, 0, done.stdout + done.stderr);
  const [login, me, bytes, other] = asked;
  assert.equal(login.headers.host, address);
  assert.equal(login.headers.origin, `http://${address}`);
  assert.equal(login.headers.referer, `http://${address}/start`);
  assert.equal(login.headers.cookie, 'old=1; theme=dark');
  assert.equal(login.headers['accept-encoding'], 'gzip, br');
  assert.equal(login.headers['x-order'], undefined);
  assert.equal(login.body.toString(), 'a%20b=1%262&c=%C3%A9');
  assert.equal(login.headers['content-length'], String(login.body.length));
  assert.equal(me.headers.cookie, 'sid=7f3a9c0d51e2b864; theme=dark');
  assert.equal(me.headers['if-none-match'], '"x"');
  assert.deepEqual([...bytes.body], [0, 255, 10, 13]);
  assert.equal(other.headers.cookie, 'theirs=1');
  for (const each of asked) assert.equal(each.headers.authorization, 'Bearer t');
  assert.deepEqual(done.got[1].request.cookies, [{name: 'sid', value: '7f3a9c0d51e2b864'}, {name: 'theme', value: 'dark'}]);

  asked.length = 0;
  await against(`http://${address}/base/`, session, '--no-conditional', '--header', 'Host: app.example');
  assert.deepEqual(asked.map(({url}) => url), ['/base/login', '/base/me', '/base/bytes']);
  assert.equal(asked[1].headers['if-none-match'], undefined);
  assert.equal(asked[1].headers.host, 'app.example');
}

// ---- a body in a content coding is compared decoded

{
  const address = await listen(http.createServer((request, response) => {
    const body = request.url === '/broken' ? Buffer.from('no gzip at all') : zlib.gzipSync('{"a": 1, "long": "' + 'x'.repeat(500) + '"}');
    response.writeHead(200, {'Content-Type': 'application/json', 'Content-Encoding': 'gzip'}).end(body);
  }));
  const body = `{"a":1,"long":"${'x'.repeat(500)}"}`;
  const packed = {headers: {'accept-encoding': 'gzip'}, answer: {'content-encoding': 'gzip'}, type: 'application/json', body};
  const done = await against(`http://${address}`, har(entry({url: `${APP}/zip`, ...packed}), entry({url: `${APP}/broken`, ...packed})));
  assert.equal(done.status, 1, done.stderr);
  assert.ok(done.differences.length > 0 && done.differences.every(([number]) => number === 2), done.stdout);
  assert.equal(JSON.parse(done.got[0].response.content.text).a, 1);
  assert.ok(done.got[0].response.content.compression > 0);
  assert.match(done.stdout, /not in its Content-Encoding/);
}

// ---- a stream that goes on for ever is left when all that was recorded has come; one that says something else is not equal

{
  let left = 0;
  const address = await listen(http.createServer((request, response) => {
    response.writeHead(200, {'Content-Type': 'text/event-stream'});
    let number = 0;
    const timer = setInterval(() => response.write(`data: {"n":${++number}}\n\n`), 20);
    response.on('close', () => {
      clearInterval(timer);
      ++left;
    });
  }));
  const events = (...numbers) => numbers.map((n) => `data: {"n": ${n}}\n\n`).join('');
  const open = (body) => entry({url: `${APP}/events`, type: 'text/event-stream', body, _incomplete: true});
  const endless = await against(`http://${address}`, har(open(events(1, 2, 3)), entry({url: `${APP}/events`, at: 1000, type: 'text/event-stream',
    body: events(1, 2, 3), _incomplete: true})));
  assert.equal(endless.status, 0, endless.stdout + endless.stderr);
  assert.ok(endless.took < 4_000, `${endless.took}`);
  assert.equal(left, 2);
  const wrong = await against(`http://${address}`, har(open(events(1, 9, 3))));
  assert.equal(wrong.status, 1);
  assert.ok(wrong.took < 4_000, `${wrong.took}`);
  assert.equal(wrong.differences.length, 1, wrong.stdout);
  // The recording has an end: the live server's is waited for, unless it need not come.
  const ended = har(entry({url: `${APP}/events`, type: 'text/event-stream', body: events(1, 2, 3)}));
  const late = await against(`http://${address}`, ended, '--margin', '500ms');
  assert.equal(late.status, 1);
  assert.ok(late.took < 5_000, `${late.took}`);
  const extra = await against(`http://${address}`, ended, '--allow-extra');
  assert.equal(extra.status, 0, extra.stdout);
}

// ---- an answer that does not come is waited for as long as the recording took and the margin; the others are compared

{
  const sockets = [];
  const address = await listen(http.createServer((request, response) => {
    if (request.url === '/never') return sockets.push(response);
    if (request.url === '/half') return response.writeHead(200, {'Content-Length': 10}).write('half');
    if (request.url === '/reset') return request.socket.destroy();
    return response.end('ok');
  }));
  const session = har(entry({url: `${APP}/first`, body: 'ok'}), entry({url: `${APP}/never`, at: 30, took: 100, body: 'ok'}),
                      entry({url: `${APP}/half`, at: 200, took: 100, body: 'half and more'}), entry({url: `${APP}/reset`, at: 400, body: 'ok'}),
                      entry({url: `${APP}/last`, at: 500, body: 'ok'}));
  const done = await against(`http://${address}`, session, '--margin', '300ms', '--ignore', 'content-type', '--ignore', 'header.content-type');
  assert.equal(done.status, 1);
  assert.ok(done.took < 6_000, `${done.took}`);
  assert.deepEqual([...new Set(done.differences.map(([number]) => number))], [2, 3, 4]);
  assert.match(done.stdout, /timed out after 4\d\d\.\d ms; the recording took 100\.0 ms/);
  assert.deepEqual(done.got.map(({response}) => response.status), [200, 0, 200, 0, 200]);
  assert.equal(done.got[2].response.content.text, 'half');
  for (const response of sockets) response.destroy();
}

// ---- a recording of which nothing can be sent is no test that passes

{
  const done = await run('--against', 'http://127.0.0.1:9', har(entry({url: 'data:text/plain,x'}), entry({url: `${APP}/x`, status: 0})));
  assert.equal(done.status, 2);
  assert.match(done.stderr, /nothing has been compared/);
}

// ---- nobody there: one message, and no file

{
  const free = net.createServer();
  const address = await listen(free);
  await new Promise((resolve) => free.close(resolve));
  const session = har(entry({url: `${APP}/1`}), entry({url: `${APP}/2`}), entry({url: `${APP}/3`}));
  const path = temporary('none.har');
  const done = await run('--against', `http://${address}`, '-o', path, session);
  assert.equal(done.status, 2);
  assert.equal(done.stderr.match(/error:/g).length, 1, done.stderr);
  assert.match(done.stderr, /refused/i);
  assert.equal(existsSync(path), false);
}

// ---- a WebSocket is re-enacted in lockstep; a server that answers in another order, or too little, is told of

{
  const heard = [];
  const address = await listen(http.createServer());
  const server = new WebSocketServer({server: closing.at(-1)});
  server.on('connection', (socket, request) => {
    const say = [];
    heard.push(say);
    socket.on('message', (data) => {
      const text = data.toString();
      say.push(text);
      if (text === 'hello') socket.send('welcome');
      if (text === 'two' && request.url !== '/short') {
        socket.send(request.url === '/swapped' ? 'b' : 'a');
        socket.send(request.url === '/swapped' ? 'a' : 'b');
      }
      if (text === 'bye') socket.close(1000, 'done');
    });
    socket.on('close', (code) => say.push(code));
  });
  const message = (type, data, time) => ({type, time, opcode: 1, data});
  const start = Date.UTC(2026, 10, 22, 9, 0, 0) / 1000;
  const talk = (path, ...more) => ({
    ...entry({url: `wss://app.example${path}`, status: 101, took: 100, type: ''}), _resourceType: 'websocket',
    _webSocketMessages: [message('send', 'hello', start + 0.01), message('receive', 'welcome', start + 0.02), message('send', 'two', start + 0.03),
                         message('receive', 'a', start + 0.04), message('receive', 'b', start + 0.05), message('send', 'bye', start + 0.06), ...more],
  });
  const same = await against(`http://${address}`, har(talk('/')));
  assert.equal(same.status, 0, same.stdout + same.stderr);
  assert.deepEqual(heard.pop(), ['hello', 'two', 'bye', 1000]);
  const swapped = await against(`http://${address}`, har(talk('/swapped')));
  assert.equal(swapped.status, 1);
  assert.ok(swapped.differences.every(([, place]) => place.startsWith('message')), swapped.stdout);
  assert.deepEqual(heard.pop(), ['hello', 'two', 'bye', 1000]);
  const short = await against(`http://${address}`, har(talk('/short')), '--margin', '400ms');
  assert.equal(short.status, 1);
  assert.ok(short.took < 5_000, `${short.took}`);
  assert.match(short.stdout, /2 of 3 messages had not come/);
  assert.equal(heard.pop().slice(0, 2).join(), 'hello,two');
  // One that was open while others were made stays open beside them.
  const beside = await against(`http://${address}`, har(talk('/'), entry({url: `${APP}/x`, at: 10, status: 426, took: 5})));
  assert.equal(beside.got.length, 2);
  server.close();
}

// ---- the recorded pace: what overlapped overlaps, starts are as recorded

{
  const starts = [];
  let open = 0;
  let most = 0;
  const address = await listen(http.createServer((request, response) => {
    starts.push(Date.now());
    most = Math.max(most, ++open);
    setTimeout(() => {
      --open;
      response.setHeader('Content-Type', 'text/plain');
      response.end('ok');
    }, 250);
  }));
  const session = har(...[0, 100, 200, 700].map((at) => entry({url: `${APP}/${at}`, at, took: 250, body: 'ok'})));
  const paced = await against(`http://${address}`, session, '--pace', 'recorded');
  assert.equal(paced.status, 0, paced.stdout + paced.stderr);
  assert.ok(most >= 2, `${most} at once`);
  [0, 100, 200, 700].forEach((at, index) => assert.ok(starts[index] - starts[0] >= at - 60, `${starts.map((each) => each - starts[0])}`));
  starts.length = most = 0;
  await against(`http://${address}`, session);
  assert.equal(most, 1);
  starts.length = 0;
  await against(`http://${address}`, session, '--pace', 'recorded', '--speed', '10');
  assert.ok(starts[3] - starts[0] < 600, `${starts.map((each) => each - starts[0])}`);
}

// ---- https, with the server's own authority or without asking who it is

{
  const data = temporary('authority');
  const session = har(entry({url: `${APP}/x`, body: 'ok'}));
  const server = await serve(session, '--tls', '--ca', data);
  const authority = execFileSync(tool('streamserve'), ['--print-ca', '--ca', data], {encoding: 'utf8'}).trim();
  assert.equal((await against(server.http, session, '--cacert', authority)).status, 0);
  assert.equal((await against(server.http, session, '-k')).status, 0);
  const refused = await against(server.http, session);
  assert.equal(refused.status, 2);
  assert.match(refused.stderr, /certificate/);
  await server.stop();
}

// ---- a recorded kind holds for the same type; times are compared by --timing, and a recording can be written

{
  const address = await listen(http.createServer((request, response) => {
    response.writeHead(200, {'Content-Type': 'text/plain'});
    response.write('{"n": 1}\n');
    setTimeout(() => response.end('{"n":2}\n'), 150);
  }));
  const session = har(entry({url: `${APP}/lines`, body: '{"n": 1}\n{"n":2}\n', _streamKind: 'ndjson'}));
  const path = temporary('got.rec.ndjson');
  const done = await run('--against', `http://${address}`, '--timing', '--fail-on', 'time>+100ms', '--json', '-o', path, session);
  const summary = JSON.parse(done.stdout.trim().split('\n').at(-1));
  assert.equal(summary.differences, 0, done.stdout);
  assert.equal(done.status, 1);
  assert.equal(summary.thresholds[0].exceeded, true, done.stdout);
  const events = readFileSync(path, 'utf8').trim().split('\n').map((line) => JSON.parse(line));
  assert.deepEqual(events.map(({ev}) => ev ?? 'header'), ['header', 'request', 'response', 'data', 'data', 'end']);
  assert.equal(events[2].kind, 'ndjson');
}

// ---- Ctrl-C: what came is written

{
  const address = await listen(http.createServer((request, response) => {
    if (request.url === '/slow') return undefined;
    response.setHeader('Content-Type', 'text/plain');
    return response.end('ok');
  }));
  const session = har(entry({url: `${APP}/1`, body: 'ok'}), entry({url: `${APP}/slow`, at: 30, took: 60_000, body: 'ok'}));
  const path = temporary('interrupted.har');
  const child = spawn(HARDIFF, ['--against', `http://${address}`, '-v', '-o', path, session], {stdio: ['ignore', 'pipe', 'pipe']});
  let said = '';
  const ended = new Promise((resolve) => child.on('close', resolve));
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      said += chunk;
      if (/slow/.test(said)) child.kill('SIGINT');
    });
  }
  assert.equal(await ended, 2, said);
  assert.match(said, /interrupted/);
  assert.deepEqual(JSON.parse(readFileSync(path, 'utf8')).log.entries.map(({request}) => new URL(request.url).pathname).slice(0, 1), ['/1']);
}

for (const server of closing) {
  server.closeAllConnections?.();
  server.close();
}
console.log('hardiff --against: as recorded');

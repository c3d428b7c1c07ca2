// Node's clients and the official clients of two language models' interfaces behind harproxy. Their origin sends the next piece only when the client
// has had the last: what a proxy holds back would never come.
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import {Readable} from 'node:stream';
import tlsModule from 'node:tls';

import {authority, bodyOf, startProxy} from './harproxy_process.mjs';
import {recorded, sample} from './sdk_samples.mjs';
import {load, temporary, tool} from './support.mjs';
import {certificates} from './visit_origin.mjs';

const {default: OpenAI} = await load('openai');
const {default: Anthropic} = await load('@anthropic-ai/sdk');
const {WebSocket, WebSocketServer} = await load('ws');
const ca = readFileSync(authority());
const tls = certificates(temporary('origin'));

/// Counts what the client has had; send() waits for it.
function pacing() {
  let had = 0;
  let wake = () => {};
  return {
    had() {
      ++had;
      wake();
    },
    async until(count) {
      while (had < count) await new Promise((resolve) => { wake = resolve; });
    },
  };
}

async function listen(handle) {
  const server = https.createServer({key: readFileSync(tls.key), cert: readFileSync(tls.cert)}, handle);
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

/// A TLS connection to the origin, through the proxy's tunnel.
function tunnelled(proxy, host, port) {
  return new Promise((resolve, reject) => {
    http.request({host: '127.0.0.1', port: proxy.port, method: 'CONNECT', path: `${host}:${port}`}).on('connect', (answer, socket) => {
      if (answer.statusCode !== 200) return reject(new Error(`CONNECT: ${answer.statusCode}`));
      const secure = tlsModule.connect({socket, servername: host, ca}, () => resolve(secure));
      return secure.on('error', reject);
    }).on('error', reject).end();
  });
}

/// fetch() by way of the proxy, as undici's ProxyAgent has it.
const fetchThrough = (proxy) => async (input, init = {}) => {
  const url = new URL(input);
  const socket = await tunnelled(proxy, url.hostname, url.port);
  return new Promise((resolve, reject) => {
    const request = https.request(url, {method: init.method, headers: Object.fromEntries(new Headers(init.headers)), createConnection: () => socket}, (answer) => {
      resolve(new Response(Readable.toWeb(answer), {status: answer.statusCode, headers: answer.headers}));
    });
    request.on('error', reject);
    request.end(init.body);
  });
};

const checked = (file) => {
  execFileSync(tool('harcheck'), [file]);
  return JSON.parse(readFileSync(file, 'utf8')).log.entries;
};

// ---- the clients of two interfaces

for (const [name, talk] of [
  ['chat-llm', (url, fetch, request) => new OpenAI({apiKey: 'none', baseURL: `${url}/v1`, maxRetries: 0, fetch}).chat.completions.create({...request, stream: true})],
  ['messages-llm', (url, fetch, request) => new Anthropic({apiKey: 'none', baseURL: url, maxRetries: 0, fetch}).messages.create({...request, stream: true})],
]) {
  const {request, events} = recorded(sample(name));
  const pace = pacing();
  const type = (data) => (data.startsWith('{"type"') ? `event: ${JSON.parse(data).type}\n` : '');
  const silent = (data) => data === '[DONE]' || JSON.parse(data).type === 'ping';  // the clients keep these to themselves
  const server = await listen(async (asked, answer) => {
    for await (const _ of asked);
    answer.writeHead(200, {'content-type': 'text/event-stream'});
    let told = 0;
    for (const {data} of events) {
      await pace.until(told);
      answer.write(`${type(data)}data: ${data}\n\n`);
      if (!silent(data)) ++told;
    }
    answer.end();
  });
  const har = temporary(`${name}.har`);
  const proxy = await startProxy('-o', har, '--trust', tls.ca);
  const arrived = [];
  for await (const event of await talk(`https://localhost:${server.address().port}`, fetchThrough(proxy), request)) {
    arrived.push(event);
    pace.had();
  }
  assert.deepEqual(arrived, events.filter(({data}) => !silent(data)).map(({data}) => JSON.parse(data)), name);
  await proxy.stop();
  server.closeAllConnections();
  server.close();
  const [entry] = checked(har);
  assert.deepEqual(JSON.parse(entry.request.postData.text), {...request, stream: true});
  assert.deepEqual(entry._eventSourceMessages.map(({data}) => data), events.map(({data}) => data));
  const times = entry._eventSourceMessages.map(({time}) => time);
  assert.deepEqual(times, [...times].sort((a, b) => a - b));
  assert.ok(times.at(0) < times.at(-1));
  console.log(`${name}: ${arrived.length} events, each had before the next was sent`);
}

// ---- Node's own fetch, of a reverse proxy; an upload that is a stream; a WebSocket of ws

{
  const down = pacing();
  const up = pacing();
  const server = await listen(async (asked, answer) => {
    if (asked.url === '/up') {
      let text = '';
      for await (const chunk of asked) {
        text += chunk;
        up.had();
      }
      return answer.end(text);
    }
    answer.writeHead(200, {'content-type': 'application/x-ndjson', 'trailer': 'x-sum'});
    for (let i = 0; i < 5; ++i) {
      await down.until(i);
      answer.write(`{"piece":${i}}\n`);
    }
    answer.addTrailers({'x-sum': '5'});
    return answer.end();
  });
  const sockets = new WebSocketServer({server, perMessageDeflate: {threshold: 0}});
  sockets.on('connection', (socket) => socket.on('message', (data, binary) => socket.send(data, {binary})));
  const har = temporary('node.har');
  const target = `https://localhost:${server.address().port}`;
  const proxy = await startProxy('-o', har, '--trust', tls.ca, '--target', target);
  let pieces = '';
  for await (const piece of (await fetch(`${proxy.url}/down`)).body) {
    pieces += Buffer.from(piece);
    down.had();
  }
  assert.equal(pieces, [0, 1, 2, 3, 4].map((i) => `{"piece":${i}}\n`).join(''));
  const upload = new ReadableStream({
    async start(controller) {
      for (let i = 0; i < 5; ++i) {
        await up.until(i);
        controller.enqueue(Buffer.from(`part ${i};`));
      }
      controller.close();
    },
  });
  assert.equal(await (await fetch(`${proxy.url}/up`, {method: 'POST', body: upload, duplex: 'half'})).text(), 'part 0;part 1;part 2;part 3;part 4;');
  await proxy.stop();
  const forward = await startProxy('-o', temporary('ws.har'), '--trust', tls.ca);
  const secure = await tunnelled(forward, 'localhost', server.address().port);
  const socket = new WebSocket(`${target.replace('https', 'wss')}/talk`, {createConnection: () => secure, perMessageDeflate: {threshold: 0}});
  const got = [];
  const pongs = [];
  const closed = await new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('pong', (data) => pongs.push(data.toString()));
    socket.on('open', () => {
      socket.send('text é 😀');
      socket.send(Buffer.from([0, 255, 128]));
      socket.send('in ', {fin: false});
      socket.send('three ', {fin: false});
      socket.ping('between');
      socket.send('frames', {fin: true});
      socket.send('y'.repeat(300_000));
    });
    socket.on('message', (data, binary) => {
      got.push(binary ? data.toString('base64') : data.toString());
      if (got.length === 4) socket.close(4002, 'that is all');
    });
    socket.on('close', (code, reason) => resolve([code, reason.toString()]));
  });
  const expected = ['text é 😀', 'AP+A', 'in three frames', 'y'.repeat(300_000)];
  assert.deepEqual([got, pongs, closed], [expected, ['between'], [4002, 'that is all']]);
  await forward.stop();
  server.closeAllConnections();
  for (const client of sockets.clients) client.terminate();
  server.close();

  const [first, second] = checked(har);
  assert.equal(first.request.url, `${target}/down`);
  assert.equal(bodyOf(first).toString(), pieces);
  assert.deepEqual(first.response._trailers.map(({name, value}) => [name.toLowerCase(), value]), [['x-sum', '5']]);
  assert.ok(first._streamChunks.length >= 5, 'the pieces came one by one');
  assert.equal(second.request.postData.text, 'part 0;part 1;part 2;part 3;part 4;');
  const [talk] = checked(temporary('ws.har'));
  const messages = (type) => talk._webSocketMessages.filter((each) => each.type === type && each.opcode < 8).map(({data}) => data);
  assert.deepEqual([messages('send'), messages('receive')], [expected, expected]);
  assert.deepEqual([talk._webSocketClose.code, talk._webSocketClose.reason, talk._webSocketClose.dir], [4002, 'that is all', 'send']);
  console.log(`fetch: pieces both ways; ws: ${got.length} messages, a ping between frames`);
}

// The same app recorded twice by Chromium's own HAR export (Playwright's recordHar): with what servers and browsers make anew each
// time, two recordings are the same, and of an app that was changed exactly the changes are told. With a folder as its argument the
// recordings are kept there.
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {createHash, randomBytes, randomUUID} from 'node:crypto';
import {copyFileSync, readFileSync} from 'node:fs';
import {createServer} from 'node:http';
import {join} from 'node:path';
import {launchChromium} from './chromium.mjs';
import {load, temporary, tool} from './support.mjs';

const PAGE = `<!doctype html><meta charset="utf-8"><title>shop</title><link rel="stylesheet" href="/style.css">
<img src="/logo.png"><script type="module">
const get = async (path, init) => (await fetch(path, init)).text();
await get('/api/items?page=1&_=' + Date.now());
await get('/api/user');
await get('/api/cart', {method: 'POST', headers: {'content-type': 'application/json'}, body: JSON.stringify({item: 2, count: 1})});
await get('/api/search', {method: 'POST', body: new URLSearchParams({q: 'ink', sort: 'price'})});
await Promise.all([1, 2, 3].map((n) => get('/api/related/' + n)));
await get('/api/events', {headers: {accept: 'text/event-stream'}});
await new Promise((done) => {
  const socket = new WebSocket('ws://' + location.host + '/api/live');
  socket.onopen = () => socket.send(JSON.stringify({subscribe: 'prices'}));
  socket.onmessage = ({data}) => { if (JSON.parse(data).last) socket.close(1000, 'done'); };
  socket.onclose = done;
});
document.title = 'done';
</script>`;
const LOGO = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==', 'base64');

/// The app; `changed`: as it is after a release that has changed some of it.
async function start(WebSocketServer, changed) {
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const {pathname} = new URL(request.url, 'http://localhost');
    const answer = (status, type, content, headers = {}) => {
      response.writeHead(status, {
        'content-type': type, 'x-request-id': randomUUID(), 'server-timing': `app;dur=${(Math.random() * 9).toFixed(1)}`,
        etag: `"${randomBytes(9).toString('hex')}"`, ...headers,
      });
      response.end(content);
    };
    const json = (status, value, headers) => answer(status, 'application/json', JSON.stringify(value), headers);
    // Answers to requests at once come in any order.
    if (pathname.startsWith('/api/related/')) await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
    switch (pathname) {
      case '/':
        return answer(200, 'text/html; charset=utf-8', PAGE, {'set-cookie': [`sid=${randomBytes(16).toString('hex')}; HttpOnly; Path=/`, 'lang=en; Path=/']});
      case '/style.css':
        return answer(200, 'text/css', changed ? 'body { margin: 0 }\nimg { width: 2em }\n' : 'body { margin: 0 }\nimg { width: 1em }\n');
      case '/logo.png':
        return answer(200, 'image/png', LOGO);
      case '/api/items':
        return json(200, {items: [{id: 1, name: 'pen', price: 1.2}, {id: 2, name: 'ink', price: changed ? 3.75 : 3.5}], ...(changed && {next: null})});
      case '/api/user':
        return changed ? json(500, {error: 'out of order'}) : json(200, {name: 'Ada'}, {'x-api': '2'});
      case '/api/cart':
        return json(201, {count: JSON.parse(body).count});
      case '/api/search':
        return json(200, []);
      case '/api/events':
        return answer(200, 'text/event-stream', `id: 1\ndata: {"step":1}\n\nid: 2\ndata: {"step":${changed ? 3 : 2}}\n\nevent: end\ndata: bye\n\n`);
      default:
        return pathname.startsWith('/api/related/') ? json(200, {related: pathname.slice(13)}) : answer(404, 'text/plain', 'nothing');
    }
  });
  const sockets = new WebSocketServer({server});
  sockets.on('connection', (socket) => socket.on('message', () => {
    for (const price of [1, changed ? 25 : 2, 3]) socket.send(JSON.stringify({price, last: price === 3}));
  }));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {server, port: server.address().port};
}

async function record(browser, WebSocketServer, name, changed) {
  const {server, port} = await start(WebSocketServer, changed);
  const path = temporary(name);
  const context = await browser.newContext({recordHar: {path, content: 'embed', mode: 'full'}});
  const page = await context.newPage();
  await page.goto(`http://127.0.0.1:${port}/`);
  await page.waitForFunction(() => document.title === 'done');
  await context.close();
  server.close();
  server.closeAllConnections();
  return {path, port};
}

function hardiff(...args) {
  const {status, stdout, stderr} = spawnSync(tool('hardiff'), args, {encoding: 'utf8'});
  return {status, stdout, stderr};
}

const {WebSocketServer} = await load('ws');
const browser = await launchChromium();
const first = await record(browser, WebSocketServer, 'first.har', false);
const second = await record(browser, WebSocketServer, 'second.har', false);
const third = await record(browser, WebSocketServer, 'third.har', true);
await browser.close();

const map = ({port}) => ['--map-host', `127.0.0.1:${first.port}=127.0.0.1:${port}`];
const kept = process.argv[2];
if (kept) [first, second, third].forEach(({path}, i) => copyFileSync(path, join(kept, `session-${i + 1}.har`)));
const digest = ({path}) => createHash('sha256').update(readFileSync(path)).digest('hex');
assert.notEqual(digest(first), digest(second));

// Requests that were made at once may have changed places.
const again = hardiff('--order', 'any', ...map(second), first.path, second.path);
assert.deepEqual([again.status, again.stderr], [0, ''], again.stdout);
assert.equal(hardiff('-q', '--exact', ...map(second), first.path, second.path).status, 1);

const changed = hardiff('--order', 'any', '--json', ...map(third), first.path, third.path);
assert.equal(changed.status, 1, changed.stderr);
const records = changed.stdout.trim().split('\n').map((line) => JSON.parse(line));
const told = records.filter(({kind}) => kind === 'changed')
  .flatMap(({expected, differences}) => differences.map(({place, change}) => `${new URL(expected.url).pathname} ${place} ${change}`));
assert.deepEqual(told.sort(), [
  '/api/events event/step changed',
  '/api/items response.body/items/1/price changed',
  '/api/items response.body/next extra',
  '/api/live message/price changed',
  '/api/user response.body/error extra',
  '/api/user response.body/name missing',
  '/api/user response.header.x-api missing',
  '/api/user status changed',
  '/style.css response.body changed',
]);
const summary = records.at(-1);
assert.deepEqual([summary.changed, summary.missing, summary.extra], [5, 0, 0]);
console.log('two recordings of one app are the same, and of the changed one the 9 changes are told');

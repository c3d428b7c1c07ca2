// Archives of Playwright's: what it records into one is read with every byte, and it answers from ours what it answers from its own.
// Python and Info-ZIP open what we write.
import assert from 'node:assert/strict';
import {execFileSync, spawnSync} from 'node:child_process';
import {existsSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync} from 'node:fs';
import {createServer} from 'node:http';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {launchChromium} from './chromium.mjs';
import {corpusFiles} from './importers.mjs';
import {temporary, tool} from './support.mjs';

const PATIENCE_MS = 10_000;
const CORPUS_FILES = 8;
const ENTRIES_OF_A_FILE = 10;

/// Runs harconv, which says nothing of what it can keep.
function harconv(...args) {
  const run = spawnSync(tool('harconv'), args, {encoding: 'utf8', maxBuffer: 1 << 30});
  assert.equal(run.status, 0, `harconv ${args.join(' ')}: ${run.stderr}`);
  return run.stderr;
}

const every = Buffer.from(Array.from({length: 256}, (_, byte) => byte));
const SITE = {
  '/': ['text/html; charset=utf-8', Buffer.from('<!doctype html><title>ü</title><link rel="stylesheet" href="/style.css">')],
  '/style.css': ['text/css', Buffer.from('body { color: red }\n'.repeat(100))],
  '/data.json': ['application/json', Buffer.from('{"größe":[1,2,3]}')],
  '/every.bin': ['application/octet-stream', every],
  '/image.png': ['image/png', Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), every])],
  '/empty.txt': ['text/plain', Buffer.alloc(0)],
  '/latin.txt': ['text/plain; charset=iso-8859-1', Buffer.from('gr\xfc\xdfe', 'latin1')],
  '/lines': ['application/x-ndjson', Buffer.from('{"a":1}\n{"a":2}\n')],
};
const POSTED = [['/post', Buffer.from('first')], ['/post', Buffer.from('{"zweite":"ü"}')], ['/post', every]];

function site() {
  const server = createServer((request, response) => {
    const pieces = [];
    request.on('data', (piece) => pieces.push(piece));
    request.on('end', () => {
      const found = SITE[request.url];
      if (request.url === '/post') {
        response.writeHead(201, {'content-type': 'application/octet-stream'}).end(Buffer.concat([Buffer.from('got '), ...pieces]));
      } else if (found) {
        response.writeHead(200, {'content-type': found[0]}).end(found[1]);
      } else {
        response.writeHead(404, {'content-type': 'text/plain'}).end('nothing here');
      }
    });
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

/// Asks in the page, all at once or one after another; per request {status, body in base64}, or null where nothing came.
function ask(page, requests, together) {
  return page.evaluate(async ([list, limit, atOnce]) => {
    const one = async ({url, method, body}) => {
      try {
        const bytes = body === undefined ? undefined : Uint8Array.from(atob(body), (c) => c.charCodeAt(0));
        const answer = await fetch(url, {method, body: bytes, signal: AbortSignal.timeout(limit)});
        const content = new Uint8Array(await answer.arrayBuffer());
        let text = '';
        for (let begin = 0; begin < content.length; begin += 4096) text += String.fromCharCode(...content.subarray(begin, begin + 4096));
        return {status: answer.status, body: btoa(text)};
      } catch {
        return null;
      }
    };
    if (atOnce) return Promise.all(list.map(one));
    const answers = [];
    for (const request of list) answers.push(await one(request));
    return answers;
  }, [requests, PATIENCE_MS, together]);
}

const START = 'http://start.example/';

/// What a page gets for the requests when this file alone answers.
async function routed(browser, file, requests) {
  const context = await browser.newContext({serviceWorkers: 'block'});
  try {
    await context.routeFromHAR(file, {notFound: 'abort'});
    await context.route(START, (route) => route.fulfill({contentType: 'text/html', body: '<!doctype html>'}));
    const page = await context.newPage();
    await page.goto(START);
    return await ask(page, requests, true);
  } finally {
    await context.close();
  }
}

/// Others open it, and find the same in it.
function openedByOthers(archive) {
  execFileSync('unzip', ['-tqq', archive]);
  const listed = execFileSync('python3', ['-c', `
import hashlib, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as archive:
    assert archive.testzip() is None
    names = archive.namelist()
    assert names[0] == "har.har" and len(set(names)) == len(names), names
    for name in names[1:]:
        assert hashlib.sha1(archive.read(name)).hexdigest() == name.split(".")[0], name
    print(len(names))
`, archive], {encoding: 'utf8'});
  return Number(listed);
}

const browser = await launchChromium('--disable-web-security', '--disable-features=HttpsUpgrades');
const counts = {asked: 0, files: 0};
try {
  // What Playwright records is read.
  const server = await site();
  const origin = `http://127.0.0.1:${server.address().port}`;
  const requests = [
    ...Object.keys(SITE).map((path) => ({url: origin + path, method: 'GET'})),
    ...POSTED.map(([path, body]) => ({url: origin + path, method: 'POST', body: body.toString('base64')})),
    {url: `${origin}/nothing`, method: 'GET'},
  ];
  const recorded = temporary('recorded.har.zip');
  const context = await browser.newContext({recordHar: {path: recorded, content: 'attach', mode: 'full'}});
  const page = await context.newPage();
  await page.goto(`${origin}/`);
  const expected = await ask(page, requests, false);
  await context.close();
  server.close();
  server.closeAllConnections();
  assert.ok(expected.every((answer) => answer !== null));
  expected[Object.keys(SITE).indexOf('/latin.txt')].body = Buffer.from(SITE['/latin.txt'][1].toString('latin1')).toString('base64');

  const embedded = temporary('embedded.har');
  assert.equal(harconv(recorded, '-o', embedded), '');
  const entries = JSON.parse(readFileSync(embedded, 'utf8')).log.entries;
  const bytes = ({text, encoding}) => Buffer.from(text ?? '', encoding === 'base64' ? 'base64' : 'utf8');
  for (const [path, [, body]] of Object.entries(SITE)) {
    const found = entries.filter(({request}) => request.url === origin + path);
    assert.ok(found.length > 0, `${path} was recorded`);
    // Of a text in another charset the browser tells what it means.
    const kept = path === '/latin.txt' ? Buffer.from(body.toString('latin1')) : body;
    for (const {response} of found) assert.ok(bytes(response.content).equals(kept), `${path} has its body`);
  }
  const posted = entries.filter(({request}) => request.url === `${origin}/post`);
  assert.deepEqual(posted.map(({request: {postData: {text, _encoding}}}) => bytes({text, encoding: _encoding}).toString('base64')),
                   POSTED.map(([, body]) => body.toString('base64')));
  assert.ok(entries.every(({request, response}) => response.content._file === undefined && request.postData?._file === undefined));

  // Playwright answers from ours, and only from ours: the server is gone.
  const ours = temporary('ours.har.zip');
  assert.equal(harconv(embedded, '-o', ours), '');
  assert.ok(openedByOthers(ours) > 8);
  assert.ok(!execFileSync('unzip', ['-p', ours, 'har.har'], {encoding: 'utf8'}).includes('color: red'), 'bodies are files');
  const asked = [...requests, {url: `${origin}/never`, method: 'GET'}];
  assert.deepEqual(await routed(browser, ours, asked), [...expected, null]);
  const again = temporary('again.har.zip');
  harconv(recorded, '-o', again);
  assert.deepEqual(await routed(browser, again, asked), [...expected, null]);
  counts.asked += 2 * asked.length;

  // And of many recordings what it answers from the HAR.
  for (const file of corpusFiles()) {
    if (counts.files === CORPUS_FILES) break;
    let list;
    try {
      list = JSON.parse(readFileSync(file, 'utf8')).log.entries;
    } catch {
      continue;
    }
    if (!Array.isArray(list) || list.some((one) => !one?.request || !one.response?.content || !Array.isArray(one.response.headers))) continue;
    const wanted = list.filter(({request: {method, url}, response: {status, content}}) => method === 'GET' && /^https?:\/\/[^@]+$/.test(url) &&
        !url.endsWith('/favicon.ico') && status >= 200 && status < 300 && !content._file && content.text);
    if (wanted.length < 3) continue;
    const some = wanted.slice(0, ENTRIES_OF_A_FILE).map(({request: {url, method}}) => ({url, method}));
    const zipped = temporary(`corpus-${counts.files}.har.zip`);
    if (spawnSync(tool('harconv'), [file, '-o', zipped]).status !== 0) continue;
    openedByOthers(zipped);
    ++counts.files;
    counts.asked += some.length;
    assert.deepEqual(await routed(browser, zipped, some), await routed(browser, file, some), file);
  }
  if (corpusFiles().length > 0) assert.equal(counts.files, CORPUS_FILES);

  // Python's archives that would do harm are refused; one with several compressions, a long comment and ZIP64 is read.
  const folder = mkdtempSync(join(tmpdir(), 'hartape-zip-'));
  symlinkSync('/etc/passwd', join(folder, 'link'));
  writeFileSync(join(folder, 'har.har'), readFileSync(embedded));
  execFileSync('python3', ['-c', `
import os, sys, warnings, zipfile
os.chdir(sys.argv[1])
har = open("har.har", "rb").read()
def make(name, *more, **options):
    with zipfile.ZipFile(name, "w", **options) as archive:
        archive.writestr("har.har", har)
        for member in more:
            archive.writestr(member, "x")
make("up.zip", "../up")
warnings.simplefilter("ignore")
make("twice.zip", "a", "a")
link = zipfile.ZipInfo("link")
link.create_system = 3
link.external_attr = 0o120777 << 16
make("link.zip", link)
make("bz2.zip", "a", compression=zipfile.ZIP_BZIP2)
make("lzma.zip", "a", compression=zipfile.ZIP_LZMA)
with zipfile.ZipFile("large.zip", "w", zipfile.ZIP_DEFLATED) as archive:
    with archive.open("har.har", "w", force_zip64=True) as member:
        member.write(har)
    archive.comment = b"c" * 65535
`, folder]);
  const said = (name) => spawnSync(tool('harconv'), [join(folder, name), '-o', join(folder, 'out.har')], {encoding: 'utf8'});
  for (const [name, why] of [['up.zip', 'leaves its folder'], ['twice.zip', 'stands in it twice'], ['link.zip', 'is a symbolic link']]) {
    const run = said(name);
    assert.equal(run.status, 2, name);
    assert.ok(run.stderr.includes(why), run.stderr);
    assert.ok(!existsSync(join(folder, 'out.har')), 'nothing is written');
  }
  for (const name of ['large.zip', 'bz2.zip']) {
    const out = join(folder, `${name}.har`);
    harconv(join(folder, name), '-o', out);
    assert.deepEqual(JSON.parse(readFileSync(out, 'utf8')), JSON.parse(readFileSync(embedded, 'utf8')), name);
  }
  console.log(`${counts.asked} requests got the same answers from our archives, those of ${counts.files} recordings among them`);
} finally {
  await browser.close();
}
process.exit(0);

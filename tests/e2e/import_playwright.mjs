// harcheck --profile playwright says of an entry that Playwright does not answer with it if and only if a page that asks for it,
// with the HAR routed by the real Playwright, gets another answer, or none.
import assert from 'node:assert/strict';
import {existsSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {launchChromium} from './chromium.mjs';
import {mutation, wholeEntry} from './har_mutations.mjs';
import {brief, corpusFiles, verdicts} from './importers.mjs';
import {temporary} from './support.mjs';

const FILES = 10;
const ENTRIES = 40;
/// Of a recording so many entries are asked for.
const ENTRIES_OF_A_RECORDING = 12;
/// A request that Playwright never answers is given up after the first time; one that should be answered gets the second.
const PATIENCE_MS = [700, 20_000];
const START = 'http://start.example/';
const REDIRECTS = [301, 302, 303, 307, 308];

/// What throws where no test can catch it arrives here.
let uncaught = 0;
process.on('unhandledRejection', () => { ++uncaught; });

const folder = temporary('playwright');
mkdirSync(folder);
for (const name of ['a', 'a.txt', 'b']) writeFileSync(join(folder, name), `the file ${name}`);

function startEntry() {
  const entry = wholeEntry(START);
  entry.request.method = 'GET';
  delete entry.request.postData;
  entry.response.content = {size: 0, mimeType: 'text/html', text: '<!doctype html><title>start</title>'};
  entry.response.headers = [{name: 'content-type', value: 'text/html'}];
  return entry;
}

/// The bytes of a body as the HAR means them; undefined if there is no telling.
function bytesOf(body) {
  if (body === null || typeof body !== 'object' || Array.isArray(body)) return undefined;
  if (typeof body._file === 'string' && body._file !== '') {
    const path = join(folder, body._file);
    return existsSync(path) ? readFileSync(path) : undefined;
  }
  const text = body.text ?? '';
  return typeof text === 'string' ? Buffer.from(text, body.encoding === 'base64' ? 'base64' : 'utf8') : Buffer.alloc(0);
}

/// What a page would ask for to get this entry's answer; undefined: it would not ask Playwright, or for a favicon, which
/// Playwright never lets through.
function requestOf({request}) {
  if (typeof request?.url !== 'string' || typeof request.method !== 'string' || request.url.endsWith('/favicon.ico')) return undefined;
  try {
    const {protocol, username} = new URL(request.url);
    if (!/^(https?|wss?):$/.test(protocol) || username !== '') return undefined;  // fetch() refuses credentials
  } catch {
    // Then fetch() fails, as it should.
  }
  let body = request.method === 'POST' && request.postData ? bytesOf(request.postData) : undefined;
  const params = request.postData?.params;
  if (body?.length === 0 && Array.isArray(params) && params.length > 0) body = Buffer.from('x=1');
  return {url: request.url, method: request.method, body: body?.length > 0 ? body.toString('base64') : null};
}

/// Asks for all of them at once, in the page; per request {status, body}, or null if there was no answer in time.
function ask(page, requests, patience) {
  return page.evaluate(([list, limit]) => Promise.all(list.map(async ({url, method, body}) => {
    try {
      const bytes = body === null ? undefined : Uint8Array.from(atob(body), (c) => c.charCodeAt(0));
      const answer = await fetch(url, {method, body: bytes, signal: AbortSignal.timeout(limit)});
      const content = new Uint8Array(await answer.arrayBuffer());
      let text = '';
      for (let begin = 0; begin < content.length; begin += 4096) text += String.fromCharCode(...content.subarray(begin, begin + 4096));
      return {status: answer.status, body: btoa(text)};
    } catch {
      return null;
    }
  })), [requests, patience]);
}

/// Whether an answer is the entry's.
function isAnswer(answer, {request, response}) {
  if (answer === null || answer.status !== response?.status) return false;
  const body = bytesOf(response.content);
  const read = Buffer.from(answer.body, 'base64');
  return body !== undefined && (request.method === 'HEAD' || body.equals(read));
}

/// Whether what comes of it depends on other entries.
function isRedirect({response}) {
  return REDIRECTS.includes(response?.status) && Array.isArray(response.headers) &&
      response.headers.some((header) => typeof header?.name === 'string' && header.name.toLowerCase() === 'location');
}

const browser = await launchChromium('--disable-web-security', '--disable-features=HttpsUpgrades');
const counts = {asked: 0, marked: 0, ended: 0};

/// Asks for some entries of a HAR that is routed, and compares. `numbers`: which, by their index.
async function compare(file, har, verdict, numbers) {
  const context = await browser.newContext({serviceWorkers: 'block'});
  try {
    await context.routeFromHAR(file);
    await context.route(START, (route) => route.fulfill({contentType: 'text/html', body: '<!doctype html>'}));
    const page = await context.newPage();
    await page.goto(START);

    const asked = [];
    for (const number of numbers) {
      const entry = har.log.entries[number];
      const request = requestOf(entry);
      const place = `/log/entries/${number}`;
      const marks = verdict.findings.filter(({pointer}) => pointer === place || pointer.startsWith(`${place}/`));
      if (request !== undefined && !(isRedirect(entry) && marks.length === 0)) asked.push({entry, request, marks});
    }
    const before = uncaught;
    const answers = await ask(page, asked.map(({request}) => request), PATIENCE_MS[0]);
    let ends = 0;
    for (const [index, {entry, request, marks}] of asked.entries()) {
      const said = brief({findings: marks});
      if (answers[index] === null && marks.length === 0) [answers[index]] = await ask(page, [request], PATIENCE_MS[1]);
      const right = isAnswer(answers[index], entry);
      assert.equal(marks.length === 0, right,
                   `${file}: ${JSON.stringify(answers[index])} is ${right ? '' : 'not '}the answer; harcheck says ${said}\n${JSON.stringify(entry)}`);
      const end = marks.some(({level}) => level === 'error');
      if (end) assert.equal(answers[index], null, `${file}: ${said}, and yet there is an answer`);
      ends += end ? 1 : 0;
      counts.marked += marks.length === 0 ? 0 : 1;
    }
    counts.asked += asked.length;
    counts.ended += ends;
    assert.equal(uncaught - before, ends, `${file}: ${uncaught - before} errors that nobody could catch, ${ends} foretold`);
  } finally {
    await context.close();
  }
}

/// Entries with distinct URLs, each with a change or two; requests that are no objects are in `broken`.
function mutated(seed) {
  const entries = [];
  const broken = [];
  const seen = new Set([START]);
  for (let number = 0; entries.length < ENTRIES; ++number) {
    const prepare = ({log}, pick) => {
      // What Playwright does not look at at all would only thin the changes out.
      const {request: {method, postData, headers}, response: {status, headers: answered, content}} = log.entries[0];
      const url = `http://e${number}.example/things?a=1&b=2`;
      log.entries[0] = {request: {method, url, postData, headers}, response: {status, headers: answered, content}};
      if (pick(2) === 0) log.entries[0].request.method = ['GET', 'PUT', 'DELETE', 'PATCH', 'HEAD'][pick(5)];
    };
    const only = ({log}) => log.entries[0];
    const [entry] = mutation(seed, number, {only, prepare}).log.entries;
    if (entry.request === null || entry.request === undefined) {
      broken.push(entry);
      continue;
    }
    const key = `${entry.request.method} ${entry.request.url}`;
    if (seen.has(key) || seen.has(entry.request.url)) continue;
    seen.add(key);
    entries.push(entry);
  }
  return {entries, broken};
}

try {
  // Files of which each entry has its own fault.
  const hars = [];
  const broken = [];
  for (let seed = 1; seed <= FILES; ++seed) {
    const made = mutated(100 + seed);
    broken.push(...made.broken);
    hars.push({log: {version: '1.2', creator: {name: 'hartape-e2e', version: '1'}, entries: made.entries}});
  }
  const files = hars.map((har, number) => {
    const path = join(folder, `${number}.har`);
    writeFileSync(path, JSON.stringify(har));
    return path;
  });
  const said = verdicts('playwright', files);
  for (const [number, har] of hars.entries()) await compare(files[number], har, said[number], har.log.entries.keys());

  // A request that is not there spoils the file for all others.
  assert.ok(broken.length > 0, 'some requests are not there');
  const good = wholeEntry('http://good.example/');
  const path = join(folder, 'broken.har');
  writeFileSync(path, JSON.stringify({log: {entries: [startEntry(), broken[0], good]}}));
  assert.equal(verdicts('playwright', [path])[0].valid, false, 'harcheck refuses a file without a request');
  const context = await browser.newContext();
  await context.routeFromHAR(path);
  const page = await context.newPage();
  await assert.rejects(page.goto(START), 'Playwright answers nothing');
  await context.close();

  // What Playwright does not open.
  const bare = JSON.stringify({log: {entries: [startEntry()]}});
  for (const [text, opens] of [[bare, true], [` \n${bare}`, true], [`\uFEFF${bare}`, false], [`onInputData(${bare});`, false], [bare.slice(0, -1), false]]) {
    writeFileSync(path, text);
    assert.equal(verdicts('playwright', [path])[0].valid, opens, `harcheck on ${text.slice(0, 20)}`);
    const other = await browser.newContext();
    const opened = await other.routeFromHAR(path).then(() => true, () => false);
    await other.close();
    assert.equal(opened, opens, `Playwright on ${text.slice(0, 20)}`);
  }

  // Recordings of many programs.
  const corpus = corpusFiles();
  const corpusSaid = verdicts('playwright', corpus);
  for (const [number, file] of corpus.entries()) {
    let har;
    try {
      har = JSON.parse(readFileSync(file, 'utf8'));
    } catch {
      assert.equal(corpusSaid[number].valid, false, `${file} is not JSON`);
      continue;
    }
    if (!Array.isArray(har?.log?.entries)) continue;
    const times = new Map();
    const keys = har.log.entries.map(({request}) => `${request?.method} ${request?.url}`);
    for (const key of keys) times.set(key, (times.get(key) ?? 0) + 1);
    // Of several entries for a request one is chosen; bodies in files are not there.
    const numbers = [...keys.keys()].filter((index) => times.get(keys[index]) === 1 && !har.log.entries[index].response?.content?._file);
    if (har.log.entries.some(({request}) => request === null || request === undefined)) {
      assert.equal(corpusSaid[number].valid, false, `${file} has an entry without a request`);
      continue;
    }
    const step = Math.max(1, Math.floor(numbers.length / ENTRIES_OF_A_RECORDING));
    await compare(file, har, corpusSaid[number], numbers.filter((_, index) => index % step === 0).slice(0, ENTRIES_OF_A_RECORDING));
  }
  assert.ok(counts.marked > 50 && counts.asked - counts.marked > 100 && counts.ended > 5, 'there is something of each');
  console.log(`${counts.asked} requests: ${counts.asked - counts.marked} got their answers, ${counts.marked} did not, as harcheck says; ` +
              `${counts.ended} ended with an error that nobody could catch`);
} finally {
  await browser.close();
}

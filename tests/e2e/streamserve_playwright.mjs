// streamserve and Playwright's routeFromHAR on the same HARs: where both answer, they give the same answer. What only streamserve
// answers stands in a table of docs/streamserve.md, each line of which is tried here.
import assert from 'node:assert/strict';
import {readFileSync, writeFileSync} from 'node:fs';
import {request as httpRequest} from 'node:http';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {launchChromium} from './chromium.mjs';
import {corpusFiles} from './importers.mjs';
import {serve, temporary} from './support.mjs';

const FILES = 40;
const ENTRIES_OF_A_FILE = 10;
const PATIENCE_MS = 3000;
const START = 'http://start.example/';
const SITE = 'http://site.example';

/// Asks in the page, one after another; per request {status, body in base64}, or null where nothing came.
function ask(page, requests) {
  return page.evaluate(async ([list, limit]) => {
    const answers = [];
    for (const {url, method, body, type} of list) {
      try {
        const bytes = body === undefined ? undefined : Uint8Array.from(atob(body), (c) => c.charCodeAt(0));
        const headers = type === undefined ? {} : {'content-type': type};
        const answer = await fetch(url, {method, body: bytes, headers, redirect: 'follow', signal: AbortSignal.timeout(limit)});
        const content = new Uint8Array(await answer.arrayBuffer());
        let text = '';
        for (let begin = 0; begin < content.length; begin += 4096) text += String.fromCharCode(...content.subarray(begin, begin + 4096));
        answers.push({status: answer.status, body: btoa(text)});
      } catch {
        answers.push(null);
      }
    }
    return answers;
  }, [requests, PATIENCE_MS]);
}

/// The same as a request to a forward proxy, with Node's own client; null for a miss or no answer.
function askServer(server, {url, method, body, type}) {
  return new Promise((resolve) => {
    const {hostname, port} = new URL(server.http);
    const bytes = body === undefined ? undefined : Buffer.from(body, 'base64');
    const absolute = new URL(url);
    absolute.protocol = 'http:';
    absolute.hash = '';
    const headers = {host: absolute.host, connection: 'close'};
    if (type !== undefined) headers['content-type'] = type;
    if (bytes !== undefined) headers['content-length'] = bytes.length;
    const asked = httpRequest({hostname, port, method, path: absolute.href, headers}, (answer) => {
      const pieces = [];
      answer.on('data', (piece) => pieces.push(piece));
      answer.on('error', () => resolve(null));
      answer.on('close', () => {
        const content = Buffer.concat(pieces);
        if (answer.statusCode === 404 && content.includes('no exchange was recorded for')) return resolve(null);
        resolve({status: answer.statusCode, body: content.toString('base64'), coding: answer.headers['content-encoding']});
      });
    });
    asked.setTimeout(PATIENCE_MS, () => asked.destroy());
    asked.on('error', () => resolve(null));
    asked.end(bytes);
  });
}

/// What both answer to the same requests, one after another.
async function both(browser, file, requests, options) {
  const context = await browser.newContext({serviceWorkers: 'block'});
  const server = await serve(file, '--no-delay', ...options);
  try {
    await context.routeFromHAR(file);
    await context.route(START, (route) => route.fulfill({contentType: 'text/html', body: '<!doctype html>'}));
    const page = await context.newPage();
    await page.goto(START);
    const theirs = await ask(page, requests);
    const ours = [];
    for (const one of requests) ours.push(await askServer(server, one));
    return requests.map((_, index) => ({theirs: theirs[index], ours: ours[index]}));
  } finally {
    await context.close();
    await server.stop();
  }
}

const shown = (answer) => (answer === null ? 'none' : Buffer.from(answer.body, 'base64').toString());
const base64 = (text) => Buffer.from(text).toString('base64');

function entry(method, path, text, post) {
  const headers = [{name: 'content-type', value: 'text/plain'}, {name: 'access-control-allow-origin', value: '*'}];
  return {
    startedDateTime: '2026-11-22T09:15:30.000Z', time: 0,
    request: {method, url: SITE + path, httpVersion: 'HTTP/1.1', queryString: [], cookies: [], headersSize: -1, bodySize: -1,
              headers: post ? [{name: 'content-type', value: post[0]}] : [], ...(post ? {postData: {mimeType: post[0], text: post[1]}} : {})},
    response: {status: 200, statusText: 'OK', httpVersion: 'HTTP/1.1', headers, cookies: [], redirectURL: '', headersSize: -1, bodySize: -1,
               content: {size: text.length, mimeType: 'text/plain', text}},
    cache: {}, timings: {send: 0, wait: 0, receive: 0},
  };
}

function har(name, entries) {
  const path = temporary(name);
  writeFileSync(path, JSON.stringify({log: {version: '1.2', creator: {name: 'hartape-e2e', version: '1'}, entries}}));
  return path;
}

const JSON_TYPE = 'application/json';
const multipart = (boundary) => `--${boundary}\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--${boundary}--\r\n`;

/// The lines of the table: what is asked, and what each answers.
const CASES = [
  {what: 'the same GET twice', entries: [entry('GET', '/n', 'first'), entry('GET', '/n', 'second')], asked: [['GET', '/n'], ['GET', '/n']]},
  {what: 'POST, by its body', entries: [entry('POST', '/p', 'first', [JSON_TYPE, '{"a":1}']), entry('POST', '/p', 'second', [JSON_TYPE, '{"a":2}'])],
   asked: [['POST', '/p', JSON_TYPE, '{"a":2}']]},
  {what: 'JSON with its members in another order', entries: [entry('POST', '/o', 'first', [JSON_TYPE, '{"a":1,"b":2}'])],
   asked: [['POST', '/o', JSON_TYPE, '{"b":2,"a":1}']]},
  {what: 'PUT, by its body', entries: [entry('PUT', '/u', 'first', [JSON_TYPE, '{"a":1}']), entry('PUT', '/u', 'second', [JSON_TYPE, '{"a":2}'])],
   asked: [['PUT', '/u', JSON_TYPE, '{"a":2}']]},
  {what: 'a form with its fields in another order', entries: [entry('POST', '/f', 'first', ['application/x-www-form-urlencoded', 'a=1&b=2'])],
   asked: [['POST', '/f', 'application/x-www-form-urlencoded', 'b=2&a=1']]},
  {what: 'multipart with another boundary', entries: [entry('POST', '/m', 'first', ['multipart/form-data; boundary=one', multipart('one')])],
   asked: [['POST', '/m', 'multipart/form-data; boundary=two', multipart('two')]]},
  {what: 'a query in another order', entries: [entry('GET', '/q?a=1&b=2', 'first')], asked: [['GET', '/q?b=2&a=1']]},
  {what: 'HEAD, where GET was recorded', entries: [entry('GET', '/h', 'first')], asked: [['HEAD', '/h']]},
];

const browser = await launchChromium('--disable-web-security', '--disable-features=HttpsUpgrades');
const counts = {files: 0, asked: 0, same: 0, onlyOurs: 0, onlyTheirs: 0};
try {
  const table = [];
  for (const {what, entries, asked} of CASES) {
    const requests = asked.map(([method, path, type, body]) => ({method, url: SITE + path, type, body: body === undefined ? undefined : base64(body)}));
    const answers = await both(browser, har('case.har', entries), requests, []);
    const told = (side) => answers.map((answer) => (requests[0].method === 'HEAD' && answer[side] ? String(answer[side].status) : shown(answer[side]))).join(', ');
    table.push(`| ${what} | ${told('theirs')} | ${told('ours')} |`);
  }
  console.log(table.join('\n'));
  const text = readFileSync(join(fileURLToPath(new URL('../..', import.meta.url)), 'docs/streamserve.md'), 'utf8');
  for (const line of table) assert.ok(text.includes(line), `docs/streamserve.md has no line ${line}`);

  for (const file of corpusFiles()) {
    if (counts.files === FILES) break;
    let entries;
    try {
      entries = JSON.parse(readFileSync(file, 'utf8')).log.entries;
    } catch {
      continue;
    }
    if (!Array.isArray(entries) || entries.some((one) => !one?.request || !one.response)) continue;
    const key = ({request}) => `${request.method} ${request.url}`;
    const times = new Map();
    for (const one of entries) times.set(key(one), (times.get(key(one)) ?? 0) + 1);
    const requests = [];
    for (const one of entries) {
      const {method, url, postData} = one.request;
      // Of several entries Playwright takes one by the headers of its browser; a body in a file is not there.
      if (times.get(key(one)) !== 1 || one.response.content?._file || !/^https?:\/\/[^@]+$/.test(url) || !/^(GET|POST|PUT|DELETE|PATCH)$/.test(method)) continue;
      if (url.endsWith('/favicon.ico') || one.response.status < 200) continue;
      if (one.response.status === 204 || one.response.status === 304) continue;  // a server sends no body with these, Playwright may
      if (postData?.params?.length > 0 && !postData.text) continue;  // Playwright does not look at such a body
      const body = typeof postData?.text === 'string' && postData.text !== '' && method !== 'GET' ? postData.text : undefined;
      requests.push({method, url, type: body === undefined ? undefined : postData.mimeType || undefined, body: body === undefined ? undefined : base64(body)});
      if (requests.length === ENTRIES_OF_A_FILE) break;
    }
    if (requests.length === 0) continue;
    ++counts.files;
    const answers = await both(browser, file, requests, ['--follow-redirects', '--repeat', 'first', '--on-error', 'reset']);
    for (const [index, {theirs, ours}] of answers.entries()) {
      ++counts.asked;
      if (theirs === null || ours === null) {
        if (ours !== null) ++counts.onlyOurs;
        if (theirs !== null) {
          ++counts.onlyTheirs;
          console.log(`${file}: only Playwright answers ${requests[index].method} ${requests[index].url}`);
        }
        continue;
      }
      if (ours.coding !== undefined) continue;  // the browser has decoded it
      assert.equal(ours.status, theirs.status, `${file}: ${requests[index].url}`);
      assert.ok(ours.body === theirs.body, `${file}: ${requests[index].url}: ${ours.body.slice(0, 80)} and ${theirs.body.slice(0, 80)}`);
      ++counts.same;
    }
  }
  console.log(JSON.stringify(counts));
  assert.equal(counts.onlyTheirs, 0, 'what Playwright answers is answered');
} finally {
  await browser.close();
}
process.exit(0);

// hardiff's reports for other programs: JUnit and Markdown hold what must be escaped, are bounded, and the HTML page works by itself in
// Chromium: nothing in it runs that came out of a session, and its filter and its buttons do what they say.
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {existsSync, writeFileSync} from 'node:fs';

import {load, temporary, tool} from './support.mjs';

const NASTY = ['<a & \'b\' "c">', '</script><script>window.ran = 1</script>', '\u0001\u001b[31m\u007f', ']]>', '\u2028\u2029', '```\n| a | b |',
               '<!--', '東京 🎌', '\\u003c', '<img src=x onerror="window.ran = 1">'];

function run(...args) {
  const done = spawnSync(tool('hardiff'), args, {encoding: 'utf8', maxBuffer: 1 << 28, timeout: 60_000});
  assert.ok(done.status === 0 || done.status === 1, done.stderr);
  return {status: done.status, out: done.stdout};
}

function entry(number, url, body, status = 200, headers = []) {
  return {
    startedDateTime: new Date(Date.UTC(2026, 10, 22, 9, 0, number)).toISOString(), time: 12.5,
    request: {method: 'GET', url, httpVersion: 'HTTP/1.1', cookies: [], headers: [], queryString: [], headersSize: -1, bodySize: 0},
    response: {status, statusText: '', httpVersion: 'HTTP/1.1', cookies: [], headers: [{name: 'Content-Type', value: 'application/json'}, ...headers],
               content: {size: -1, mimeType: 'application/json', text: body}, redirectURL: '', headersSize: -1, bodySize: -1},
    cache: {}, timings: {send: 1, wait: 5.5, receive: 6},
  };
}

function har(name, entries) {
  const path = temporary(name);
  writeFileSync(path, JSON.stringify({log: {version: '1.2', creator: {name: 'test', version: '1'}, entries}}));
  return path;
}

const before = NASTY.map((text, i) => entry(i, `https://app.example/${i}?q=${text}`, JSON.stringify({i, text, list: [1, {deep: text}]})));
const after = structuredClone(before);
after.forEach((each, i) => {
  if (i % 2 === 0) each.response.content.text = JSON.stringify({i, text: `${NASTY[i]}!`, list: [1, {deep: NASTY[(i + 1) % NASTY.length]}]});
  if (i === 4) each.response.headers.push({name: 'X-New', value: NASTY[1]});
});
after[6].response.status = 500;
after.splice(5, 1);
after.push(entry(50, 'https://app.example/extra', '{}'));
const expected = har('expected <&> 東.har', before);
const actual = har('actual|`x`.har', after);

// ---- JUnit

{
  const {status, out} = run('--report', 'junit', expected, actual);
  assert.equal(status, 1);
  const python = spawnSync('python3', ['-c', `
import sys, json, xml.etree.ElementTree as E
root = E.fromstring(sys.stdin.buffer.read())
[suite] = root
print(json.dumps({"tests": suite.get("tests"), "failures": suite.get("failures"), "name": suite.get("name"),
                  "cases": [[c.get("name"), [f.get("type") for f in c], "".join(f.text for f in c)] for c in suite]}))`], {input: out, encoding: 'utf8'});
  if (!python.error) {
    assert.equal(python.status, 0, python.stderr);
    const suite = JSON.parse(python.stdout);
    assert.equal(suite.tests, '11');
    assert.equal(suite.failures, '7');
    assert.ok(suite.name.includes('<&> 東'), suite.name);
    const types = suite.cases.map(([, type]) => type[0] ?? 'passed').sort().join();
    assert.equal(types, 'changed,changed,changed,changed,changed,extra,missing,passed,passed,passed,passed');
    assert.ok(suite.cases.some(([, , text]) => text.includes('</script><script>window.ran = 1</script>')));
  }
  assert.match(run('--report', 'junit', expected, expected).out, /failures="0"/);
}

// ---- Markdown: fences are longer than what is in them, cells hold no bars, and it fits into a comment

{
  const {out} = run('--report', 'markdown', expected, actual);
  assert.match(out, /^## hardiff: ❌ the sessions differ\n/);
  const fences = out.match(/^`{3,}/gm);
  assert.equal(fences.length % 2, 0);
  assert.ok(!/\n\| #/.test(out) && !/<summary>#/.test(out), 'a number is no link to an issue');
  for (const line of out.split('\n').filter((each) => each.startsWith('| '))) {
    assert.ok([5, 4].includes(line.replace(/\\\|/g, '').split('|').length), line);
  }
  assert.ok(!out.includes('<summary><code>`#1` GET https://app.example/1?q=</script>'));
  const many = Array.from({length: 3000}, (_, i) => entry(i % 60, `https://app.example/${i}`, JSON.stringify({i, text: 'x'.repeat(200)})));
  const other = structuredClone(many);
  other.forEach((each) => { each.response.content.text = each.response.content.text.replace('xx', 'y'); });
  const large = run('--report', 'markdown', har('many.har', many), har('other.har', other)).out;
  assert.ok(large.length < 65_536, `${large.length}`);
  assert.match(large, /The table leaves out 2,960 entries/);
  assert.match(large, /differences of [\d,]+ entries are left out/);
  assert.match(run('--report', 'markdown', expected, expected).out, /^## hardiff: ✅ the sessions are equal\n/);
}

// ---- HTML

const {out: page} = run('--report', 'html', '--timing', '-v', expected, actual);
assert.ok(!/<(img|iframe|link|object)\b/i.test(page), 'nothing is loaded');
assert.equal(page.match(/<script\b/g).length, 1);
assert.equal(page.match(/<details\b/g).length, 11);
const path = temporary('page.html');
writeFileSync(path, page);

if (existsSync('/usr/bin/chromium')) {
  const {chromium} = await load('playwright-core');
  const browser = await chromium.launch({executablePath: '/usr/bin/chromium', args: ['--no-sandbox']});
  const said = [];
  const colors = [];
  for (const colorScheme of ['light', 'dark']) {
    const tab = await browser.newPage({colorScheme});
    tab.on('console', (message) => said.push(message.text()));
    tab.on('pageerror', (error) => said.push(String(error)));
    tab.on('request', (request) => assert.ok(request.url().startsWith('file:'), request.url()));
    await tab.goto(`file://${path}`);
    assert.equal(await tab.evaluate('window.ran'), undefined);
    colors.push(await tab.evaluate('getComputedStyle(document.body).backgroundColor'));
    const visible = () => tab.locator('details:visible').count();
    assert.equal(await visible(), 11);
    await tab.fill('nav input', 'list/1/deep');
    assert.equal(await visible(), 5);
    assert.equal(await tab.textContent('output'), '5 of 11');
    await tab.fill('nav input', 'nothing has this');
    assert.equal(await tab.isVisible('.none'), true);
    await tab.fill('nav input', '');
    await tab.click('nav button[data-kind=changed]');
    assert.equal(await visible(), 6);
    await tab.click('nav button[data-kind=changed]');
    assert.equal(await visible(), 11);
    await tab.click('nav button.fold');
    await tab.click('nav button.fold');
    assert.equal(await tab.locator('details[open]').count(), 0);
    await tab.click('summary >> nth=0');
    assert.equal(await tab.locator('details[open] article').first().isVisible(), true);
    // Both sides stand beside each other.
    const [e, a] = [await tab.locator('details[open] pre.e').first().boundingBox(), await tab.locator('details[open] pre.a').first().boundingBox()];
    assert.ok(e.x + e.width <= a.x && Math.abs(e.y - a.y) < 2, JSON.stringify([e, a]));
    assert.equal(await tab.locator('header').evaluate((header) => header.getBoundingClientRect().top < document.querySelector('details').getBoundingClientRect().top),
                 true);
    await tab.close();
  }
  await browser.close();
  assert.deepEqual(said, []);
  assert.notEqual(colors[0], colors[1]);
  console.log('junit, markdown, html, html in chromium');
} else {
  console.log('junit, markdown, html');
}

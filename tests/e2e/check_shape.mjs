// What harcheck finds wrong with a document's shape is what an independent validator (Ajv) finds by the same schemas: in the
// files of the tests, in thousands of documents that are wrong in a few places, in lines of recordings, and in the recordings of
// HARTAPE_CORPUS.
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {random} from './har_mutations.mjs';
import {load, temporary, tool} from './support.mjs';

const DOCUMENTS = 4000;
const LINES = 6000;
/// harcheck marks a hundred places of a rule in a text, and counts the others.
const PLACES = 100;

const {default: Ajv2020} = await load('ajv/dist/2020.js');
const source = new URL('../../', import.meta.url);
const schema = (name) => JSON.parse(readFileSync(new URL(`schemas/${name}.schema.json`, source), 'utf8'));
const ajv = new Ajv2020({allErrors: true, strictRequired: false, strictTypes: false, verbose: false});
for (const keyword of ['x-default', 'x-rule', 'x-tolerated']) ajv.addKeyword(keyword);
ajv.addSchema(schema('har-1.2'));
const isHar = ajv.compile(schema('har-extensions-1'));
const isLine = ajv.compile(schema('recording-1'));

/// The rules whose findings come from the schemas.
const SHAPE = new Set(['har-type', 'har-required', 'har-member', 'har-value', 'date-format', 'timings-negative', 'timings-unknown',
                       'size-negative', 'content-size-unknown', 'recording-shape']);
const LEVELS = ['*=off', ...SHAPE, 'json-syntax', 'json-utf8', 'json-limit', 'har-cut'].flatMap((rule) => ['--rule', rule.includes('=') ? rule : `${rule}=error`]);

/// The places that Ajv complains about.
function ajvPlaces(validate, document) {
  if (validate(document)) return [];
  const places = new Set();
  for (const error of validate.errors) {
    const at = error.instancePath;
    const pointer = (name) => `${at}/${name.replace(/~/g, '~0').replace(/\//g, '~1')}`;
    if (error.keyword === 'if') continue;  // what is behind it complains itself
    if (error.schemaPath.includes('/oneOf/')) continue;
    if (error.keyword === 'oneOf') places.add(`${at} one of`);
    else if (error.keyword === 'required') places.add(`${at} without ${error.params.missingProperty}`);
    else if (error.keyword === 'additionalProperties') places.add(pointer(error.params.additionalProperty));
    else places.add(at);
  }
  assert.notEqual(places.size, 0, ajv.errorsText(validate.errors));
  return [...places].sort();
}

/// What harcheck says of files, by file: the places of the rules about shape, and whether it could read the file at all.
function harcheckPlaces(files) {
  const said = new Map(files.map((file) => [file, {places: new Set(), readable: true, many: false, checked: false}]));
  for (let from = 0; from < files.length; from += 500) {
    const run = spawnSync(tool('harcheck'), ['--profile', 'strict', '--json', ...LEVELS, ...files.slice(from, from + 500)],
                          {encoding: 'utf8', maxBuffer: 1 << 30});
    assert.ok(run.status === 0 || run.status === 1, `harcheck ended with ${run.status}: ${run.stderr}`);
    for (const text of run.stdout.split('\n').slice(0, -1)) {
      const record = JSON.parse(text);
      const of = said.get(record.file);
      if (record.record === 'summary') of.checked = true;
      if (record.record !== 'finding') continue;
      // JSON that is no HAR: harcheck says so, and can't say what is wrong with its entries.
      if (!SHAPE.has(record.rule) || /^this (is JSON, but not a HAR|HAR has no array)/.test(record.message)) {
        of.readable = false;
      } else if (/more like those before$/.test(record.message)) {
        of.many = true;
      } else if (!record.message.startsWith('expected milliseconds, or -1')) {  // between -1 and 0: no schema says that
        const missing = /^the member "(.*)" is missing$/.exec(record.message);
        const oneOf = /^expected exactly one of/.test(record.message);
        const line = record.file.endsWith('.ndjson') ? `${record.line}:` : '';
        of.places.add(line + (missing ? `${record.pointer} without ${missing[1]}` : oneOf ? `${record.pointer} one of` : record.pointer));
      }
    }
  }
  for (const [file, of] of said) assert.ok(of.checked, `${file} was checked`);
  return said;
}

const counts = {documents: 0, invalid: 0, unreadable: 0, lines: 0, invalidLines: 0};
const differences = [];

function compareFiles(names, documents) {
  const said = harcheckPlaces(names);
  names.forEach((name, index) => {
    const of = said.get(name);
    const expected = ajvPlaces(isHar, documents[index]);
    ++counts.documents;
    if (expected.length > 0) ++counts.invalid;
    if (!of.readable) {
      ++counts.unreadable;
      if (expected.length === 0) differences.push(`${name}: harcheck can't read what Ajv calls valid`);
      return;
    }
    const found = [...of.places].sort();
    const same = of.many || expected.length > PLACES ? found.every((place) => expected.includes(place)) && expected.length > 0
                                                     : JSON.stringify(found) === JSON.stringify(expected);
    if (!same) {
      const only = (list, other) => list.filter((place) => !other.includes(place)).slice(0, 5);
      differences.push(`${name}: only Ajv: ${only(expected, found)}; only harcheck: ${only(found, expected)}`);
    }
  });
}

/// A HAR with every member that the schemas describe.
function wholeHar() {
  const read = (name) => JSON.parse(readFileSync(new URL(`tests/data/check/${name}.har`, source), 'utf8'));
  const har = read('valid');
  har._root = 1;
  const entries = [...har.log.entries.slice(1, 3), ...read('valid-more').log.entries];
  Object.assign(har.log, {browser: {name: 'b', version: '2', comment: ''}, comment: 'c', _log: {}});
  har.log.pages[0].comment = 'p';
  har.log.pages[0].pageTimings.comment = '';
  har.log.entries = entries;
  const [first, second, form] = entries;
  Object.assign(first, {connection: '443', comment: '', _streamKind: 'sse', _incomplete: true, _mocked: false, _recordingEvents: [{ev: 'x'}]});
  first.request.postData.params = [{name: 'n', value: 'v', fileName: 'f', contentType: 'a/b', comment: ''}];
  Object.assign(first.request.postData, {comment: '', _encoding: 'base64', _file: 'x'});
  Object.assign(first.response, {_transferSize: 12, comment: '', _trailers: [{name: 'a', value: 'b'}]});
  Object.assign(first.response.content, {comment: '', encoding: 'base64', compression: 0, _file: 'y'});
  first.timings.comment = '';
  first.request.headers[0].comment = '';
  second.request.cookies[0].comment = '';
  second.cache.comment = '';
  second.cache.afterRequest.comment = '';
  form._chunks = [{ts: 1, bytes: 2}, {ts: 2.5, bytes: 3}];
  form._webSocketClose = {code: 1000, reason: 'x', timestamp: 1, dir: 'receive'};
  return har;
}

const VALUES = [null, true, false, 0, -1, -2, -0.5, 1.5, 70000, 1e300, -1e300, '', 'text', '2026-11-22T09:15:30Z', '2026-11-22T09:15:30', 'send', [], {}, [1],
                [null], [{}], {a: 1}, {name: 'n', value: 'v'}];
const NAMES = ['extra', '_extra', 'name', 'value', 'time', 'encoding', 'sameSite', 'comment', 'type', 'data', 'data64', 'recording', 'ev', 't', 'opcode'];

/// All containers within a value.
function containers(value, out = []) {
  if (value === null || typeof value !== 'object') return out;
  out.push(value);
  for (const member of Object.values(value)) containers(member, out);
  return out;
}

/// Changes one place.
function change(document, pick) {
  const all = containers(document);
  const at = all[pick(all.length)];
  const keys = Object.keys(at);
  const key = keys.length > 0 ? keys[pick(keys.length)] : undefined;
  const put = (name, value) => Object.defineProperty(at, name, {value: structuredClone(value), enumerable: true, configurable: true, writable: true});
  const what = pick(8);
  if (what === 0 || key === undefined) {
    if (Array.isArray(at)) at.push(structuredClone(VALUES[pick(VALUES.length)]));
    else put(NAMES[pick(NAMES.length)], VALUES[pick(VALUES.length)]);
  } else if (what <= 2) {
    if (Array.isArray(at)) at.splice(Number(key), 1);
    else delete at[key];
  } else if (what === 3 && !Array.isArray(at)) {
    const value = at[key];
    delete at[key];
    put([`_${key}`, `${key}s`, key.toUpperCase(), NAMES[pick(NAMES.length)]][pick(4)], value);
  } else if (what === 4) {
    const from = all[pick(all.length)];
    put(key, Object.values(from)[0] ?? null);
  } else {
    put(key, VALUES[pick(VALUES.length)]);
  }
}

// The files of the tests.
const data = new URL('tests/data/check/', source).pathname;
const own = readdirSync(data).filter((name) => name.endsWith('.har')).map((name) => join(data, name));
const parsed = own.flatMap((path) => {
  try {
    return [[path, JSON.parse(new TextDecoder('utf-8', {fatal: true, ignoreBOM: true}).decode(readFileSync(path)))]];
  } catch {
    return [];  // about JSON, not about its shape
  }
});
assert.ok(parsed.length > 60, 'there are files for the rules');
compareFiles(parsed.map(([path]) => path), parsed.map(([, document]) => document));
assert.deepEqual(ajvPlaces(isHar, wholeHar()), [], 'the HAR with every member is valid');

// Documents that are wrong in one to three places.
const pick = random(20261122);
const folder = temporary('shape');
mkdirSync(folder);
const names = [];
const documents = [];
for (let number = 0; number < DOCUMENTS; ++number) {
  const document = wholeHar();
  // Fewer entries, so that each member is hit more often.
  document.log.entries = [document.log.entries[pick(document.log.entries.length)]];
  for (let changes = 1 + pick(3); changes > 0; --changes) change(document, pick);
  const path = join(folder, `${number}.har`);
  writeFileSync(path, number % 2 === 0 ? JSON.stringify(document) : JSON.stringify(document, null, 1));
  names.push(path);
  documents.push(document);
}
compareFiles(names, documents);

// Lines of recordings: of the samples, and changed ones.
const lines = readdirSync(new URL('samples/', source)).filter((name) => name.endsWith('.rec.ndjson'))
  .flatMap((name) => readFileSync(new URL(`samples/${name}`, source), 'utf8').split('\n').slice(0, 40)).filter((line) => line !== '')
  .map((line) => JSON.parse(line));
lines.push({ev: 'data', id: '1', t: 1, data64: '/w==', dir: 'send'}, {ev: 'mark', t: 1, text: 'here'},
           {ev: 'message', t: 1, dir: 'send', opcode: 9, data64: '', mocked: true, frames: []}, {ev: 'end', t: 1, reason: 'reset', error: 'e', trailers: [{name: 'a', value: 'b'}]});
const EVENTS = ['request', 'response', 'data', 'message', 'close', 'end', 'mark', 'other', 1];
const changed = [...lines];
while (changed.length < LINES) {
  const line = structuredClone(lines[pick(lines.length)]);
  if (pick(6) === 0) line.ev = EVENTS[pick(EVENTS.length)];
  for (let changes = pick(3); changes > 0; --changes) change(line, pick);
  changed.push(line);
}
const path = join(folder, 'changed.rec.ndjson');
writeFileSync(path, changed.map((line) => JSON.stringify(line) + '\n').join(''));
const places = [...harcheckPlaces([path]).get(path).places];
const foundIn = changed.map(() => []);
for (const place of places) {
  const colon = place.indexOf(':');
  foundIn[Number(place.slice(0, colon)) - 1].push(place.slice(colon + 1));
}
changed.forEach((line, index) => {
  const expected = ajvPlaces(isLine, line);
  ++counts.lines;
  if (expected.length > 0) ++counts.invalidLines;
  if (JSON.stringify(foundIn[index].sort()) !== JSON.stringify(expected)) {
    differences.push(`line ${JSON.stringify(line).slice(0, 300)}: Ajv: ${expected}; harcheck: ${foundIn[index]}`);
  }
});

// Real recordings.
const corpus = process.env.HARTAPE_CORPUS;
if (corpus && existsSync(join(corpus, 'har'))) {
  const real = readdirSync(join(corpus, 'har')).filter((name) => name.endsWith('.har')).map((name) => join(corpus, 'har', name));
  const texts = real.flatMap((name) => {
    try {
      return [[name, JSON.parse(new TextDecoder('utf-8', {fatal: true}).decode(readFileSync(name)))]];
    } catch {
      return [];
    }
  });
  compareFiles(texts.map(([name]) => name), texts.map(([, document]) => document));
  console.log(`${texts.length} recordings of ${corpus}`);
} else {
  console.log('skipped: the recordings of HARTAPE_CORPUS, which is not set');
}

console.log(`${counts.documents} documents, ${counts.invalid} of them invalid (${counts.unreadable} no HARs); ${counts.lines} lines, ${counts.invalidLines} of them invalid`);
for (const difference of differences.slice(0, 20)) console.log(difference);
assert.equal(differences.length, 0, 'harcheck and Ajv agree');

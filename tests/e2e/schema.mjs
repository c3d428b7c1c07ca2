// The shipped recordings, and what the tools write, fit the schema; lines that are wrong do not.
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {readdirSync, readFileSync} from 'node:fs';
import {load, tool} from './support.mjs';

const {default: Ajv2020} = await load('ajv/dist/2020.js');
const source = new URL('../../', import.meta.url);
const schema = JSON.parse(readFileSync(new URL('schemas/recording-1.schema.json', source), 'utf8'));
const ajv = new Ajv2020({allErrors: true, strictRequired: false, strictTypes: false});
const fits = ajv.compile(schema);

let lines = 0;
function assertFits(name, text) {
  assert.ok(text.endsWith('\n'), `${name} ends with a line feed`);
  text.split('\n').slice(0, -1).forEach((line, index) => {
    assert.ok(fits(JSON.parse(line)), `${name}:${index + 1}: ${ajv.errorsText(fits.errors)}: ${line.slice(0, 200)}`);
    ++lines;
  });
}

const samples = readdirSync(new URL('samples/', source)).filter((name) => name.endsWith('.rec.ndjson'));
assert.ok(samples.length > 0, 'there are samples');
for (const name of samples) {
  const path = new URL(`samples/${name}`, source).pathname;
  assertFits(name, readFileSync(path, 'utf8'));
  const har = spawnSync(tool('harconv'), ['--to', 'har', path], {encoding: 'utf8'});
  assert.equal(har.status, 0, har.stderr);
  const back = spawnSync(tool('harconv'), ['--from', 'har', '--to', 'recording', '-'], {encoding: 'utf8', input: har.stdout});
  assert.equal(back.status, 0, back.stderr);
  assertFits(`${name} by way of HAR`, back.stdout);
}

const good = [
  {recording: 1},
  {recording: 1, start: '2026-11-22T09:15:30.123456789Z', creator: {name: 'x', version: '1', more: 1}, log: {pages: []}, _more: 1},
  {ev: 'request', t: 0, request: {method: 'GET', url: '/', _x: 1}, entry: {_resourceType: 'fetch'}},
  {ev: 'response', id: '1', t: 1e-3, kind: 'something new', response: {status: 200}},
  {ev: 'data', t: 1, data: ''},
  {ev: 'data', t: 1, data64: '/w==', dir: 'send'},
  {ev: 'message', t: 1, dir: 'send', opcode: 10, data: ''},
  {ev: 'close', t: 1, dir: 'receive'},
  {ev: 'end', t: 1, reason: 'eof', trailers: [{name: 'a', value: 'b'}]},
  {ev: 'mark', t: 1, text: 'here'},
  {ev: 'a later version has this', anything: {goes: true}},
];
for (const line of good) assert.ok(fits(line), `${JSON.stringify(line)}: ${ajv.errorsText(fits.errors)}`);

const bad = [
  null,
  [],
  'data',
  {},
  {recording: 2},
  {recording: 1, start: 'yesterday'},
  {recording: 1, start: '2026-11-22T09:15:30'},
  {recording: 1, creator: 'me'},
  {ev: 1},
  {ev: 'data', t: '1', data: ''},
  {ev: 'data', t: 1},
  {ev: 'data', data: ''},
  {ev: 'data', t: 1, data: '', data64: ''},
  {ev: 'data', t: 1, data64: '/w='},
  {ev: 'data', t: 1, data: '', dir: 'up'},
  {ev: 'data', id: 1, t: 1, data: ''},
  {ev: 'message', t: 1, dir: 'send', opcode: 8, data: ''},
  {ev: 'message', t: 1, opcode: 1, data: ''},
  {ev: 'message', t: 1, dir: 'send', data: ''},
  {ev: 'request', t: 0},
  {ev: 'request', t: 0, request: {url: '/'}},
  {ev: 'response', t: 0, response: {status: '200'}},
  {ev: 'response', t: 0, response: {headers: {name: 'value'}}},
  {ev: 'close', t: 1, dir: 'send', code: 70000},
  {ev: 'end', t: 1, reason: 'because'},
  {ev: 'mark', t: 1},
];
for (const line of bad) assert.ok(!fits(line), `refused: ${JSON.stringify(line)}`);
console.log(`${lines} lines of ${samples.length} samples fit, ${bad.length} broken ones do not`);

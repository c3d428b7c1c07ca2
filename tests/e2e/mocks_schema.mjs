// The shipped mocks, Dev Proxy's own, and what harconv makes of the shipped recordings fit the schemas of mocks; mocks that are wrong do not.
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {load, tool} from './support.mjs';

const {default: Ajv2020} = await load('ajv/dist/2020.js');
const source = new URL('../../', import.meta.url);
const ajv = new Ajv2020({allErrors: true, strictRequired: false, strictTypes: false});
const compile = (name) => ajv.compile(JSON.parse(readFileSync(new URL(`schemas/${name}.schema.json`, source), 'utf8')));
const kinds = {'mocks': compile('http-mocks-1'), 'ws-mocks': compile('ws-mocks-1')};

let documents = 0;
function assertFits(kind, name, document) {
  assert.ok(kinds[kind](document), `${name}: ${ajv.errorsText(kinds[kind].errors)}`);
  ++documents;
}

const samples = readdirSync(new URL('samples/', source));
const parse = (name) => JSON.parse(readFileSync(new URL(`samples/${name}`, source), 'utf8'));
for (const name of samples.filter((each) => each.endsWith('.mocks.json'))) assertFits('mocks', name, parse(name));
for (const name of samples.filter((each) => each.endsWith('.ws-mocks.json'))) assertFits('ws-mocks', name, parse(name));
assert.ok(documents >= 2, 'there are samples of both kinds');

for (const name of samples.filter((each) => each.endsWith('.rec.ndjson'))) {
  for (const kind of Object.keys(kinds)) {
    const made = spawnSync(tool('harconv'), ['--to', kind, new URL(`samples/${name}`, source).pathname], {encoding: 'utf8'});
    assert.equal(made.status, 0, made.stderr);
    assertFits(kind, `${name} as ${kind}`, JSON.parse(made.stdout));
  }
}

const corpus = process.env.HARTAPE_CORPUS && `${process.env.HARTAPE_CORPUS}/devproxy`;
if (corpus && existsSync(corpus)) {
  for (const name of readdirSync(corpus).filter((each) => each.endsWith('.json')))
    assertFits('mocks', name, JSON.parse(readFileSync(`${corpus}/${name}`, 'utf8')));
}

// Dev Proxy's own example of WebSocket mocks.
assertFits('ws-mocks', 'the reference', {
  mocks: [{
    url: 'wss://api.contoso.com/live/*',
    onConnect: [{body: '{"type":"welcome"}'}],
    rules: [
      {match: {bodyJson: {op: 'ping'}}, responses: [{body: '{"op":"pong"}'}]},
      {match: {bodyRegex: '^sub:(\\w+)$'}, responses: [{body: 'AQID', messageType: 'binary'}], closeAfter: true},
      {responses: [{body: 'unknown'}]},
    ],
    closeOnUnmatched: false,
  }],
});

const request = {url: '*'};
const bad = {
  'mocks': [
    null, [], {}, {mocks: {}}, {mocks: [{request}]}, {mocks: [{response: {}}]}, {mocks: [{request: {}, response: {}}]},
    {mocks: [{request: {url: ''}, response: {}}]}, {mocks: [{request: {url: '*', nth: 0}, response: {}}]},
    {mocks: [{request: {url: '*', nth: 1, every: 1}, response: {}}]}, {mocks: [{request, response: {statusCode: 101}}]},
    {mocks: [{request, response: {headers: {a: 'b'}}}]}, {mocks: [{request, response: {body: 1, sse: []}}]},
    {mocks: [{request, response: {bodyBase64: '%'}}]}, {mocks: [{request, response: {delayMs: -1}}]},
    {mocks: [{request, response: {sse: [{comment: 'x', data: 'y'}]}}]}, {mocks: [{request, response: {ndjson: [{}]}}]},
    {mocks: [{request, response: {chunks: [{}]}}]}, {mocks: [{request, response: {chunks: [{text: '', base64: ''}]}}]},
    {mocks: [{request, response: {template: 'yes'}}]},
  ],
  'ws-mocks': [
    null, {}, {mocks: [{}]}, {mocks: [{url: '*', onConnect: [{}]}]}, {mocks: [{url: '*', rule: []}]},
    {mocks: [{url: '*', onConnect: [{body: '', messageType: 'ping'}]}]}, {mocks: [{url: '*', rules: [{closeCode: 1005}]}]},
    {mocks: [{url: '*', rules: [{match: {bodyJson: null}}]}]}, {mocks: [{url: '*', nth: 1, every: 2}]},
    {mocks: [{url: '*', closeReason: 'x'.repeat(124)}]}, {mocks: [{url: '*', rules: [{match: {body: 'x'}}]}]},
  ],
};
for (const [kind, wrong] of Object.entries(bad)) {
  for (const document of wrong) assert.ok(!kinds[kind](document), `refused: ${JSON.stringify(document)}`);
}
console.log(`${documents} mocks files fit, ${Object.values(bad).flat().length} broken ones do not`);

// curl receives exactly the recorded bytes of a stream, chunk by chunk and never early; streamdiff finds them equal to the
// recording, and finds the difference in a copy that was changed.
import assert from 'node:assert/strict';
import {spawn, spawnSync} from 'node:child_process';
import {writeFileSync} from 'node:fs';
import {performance} from 'node:perf_hooks';
import {assertReplay, serve, sseExchange, sseSample, temporary, tool, writeRecording} from './support.mjs';

const recording = writeRecording('curl.rec.ndjson', sseExchange('1', 1, 'https://recorded.example/v1/stream?model=x'));
const server = await serve(recording);
const begin = performance.now();
const curl = spawn('curl', ['-sSN', '--noproxy', '*', '-H', 'Accept: text/event-stream', `${server.http}/v1/stream?model=x`],
                   {stdio: ['ignore', 'pipe', 'inherit']});
const reads = [];
curl.stdout.on('data', (bytes) => reads.push({at: performance.now() - begin, bytes}));
assert.equal(await new Promise((resolve) => curl.on('close', resolve)), 0);

// One read may hold several chunks and a chunk may come in several reads: a byte arrived with the read that completes it.
const received = Buffer.concat(reads.map(({bytes}) => bytes));
const arrivals = [];
let end = 0;
for (const [, bytes] of sseSample().chunks) {
  end += bytes.length;
  let seen = 0;
  const read = reads.find(({bytes: part}) => (seen += part.length) >= end);
  arrivals.push({at: read?.at ?? NaN, bytes: received.subarray(end - bytes.length, end)});
}
assertReplay('curl', sseSample().chunks.map(([at, bytes]) => ({at, bytes})), arrivals);
assert.equal(received.length, end);
assert.equal(await server.stop(), 0);

const file = temporary('received.sse');
writeFileSync(file, received);
const equal = spawnSync(tool('streamdiff'), [recording, file], {encoding: 'utf8'});
assert.equal(equal.status, 0, equal.stdout + equal.stderr);
writeFileSync(file, received.toString().replace('smile', 'frown'));
const different = spawnSync(tool('streamdiff'), [recording, file], {encoding: 'utf8'});
assert.equal(different.status, 1, different.stdout + different.stderr);
assert.match(different.stdout, /smile/);
assert.match(different.stdout, /frown/);

// What the official client of a language model's interface makes of answers that go wrong: it tries again, gives the whole text, or throws
// an error of its documented classes; the log names each fault; and the same seed lets the same requests fail.
import assert from 'node:assert/strict';

import {recorded, sample} from './sdk_samples.mjs';
import {assertNeverEarly, load, serve} from './support.mjs';

const {default: OpenAI, APIConnectionError, APIConnectionTimeoutError, APIError, InternalServerError, OpenAIError} = await load('openai');

const path = sample('chat-llm');
const {request, events} = recorded(path);
const chunks = events.filter(({data}) => data !== '[DONE]').map(({at, data}) => ({at, chunk: JSON.parse(data)}));
const textOf = (list) => list.map(({chunk}) => chunk.choices[0]?.delta.content ?? '').join('');
const WHOLE = textOf(chunks);
assert.ok(WHOLE.length > 100);
const TEN_TIMES = ['--speed', '10'];
// Loosely: another question gets the recorded answer, too.
const asked = {...request, messages: [{role: 'user', content: 'Something else?'}], stream: true};

/// Asks once: the chunks with their times since `begin`, and the error that ended them, if any.
async function ask(client, body = asked, options = {}) {
  const begin = performance.now();
  const arrived = [];
  try {
    const stream = await client.chat.completions.create(body, options);
    for await (const chunk of stream) arrived.push({at: performance.now() - begin, chunk});
    return {arrived, took: performance.now() - begin};
  } catch (error) {
    return {arrived, error, took: performance.now() - begin};
  }
}

/// Serves the sample with faults while `use` asks; and what the log has to say then.
async function underFaults(faults, pace, log, use, clientOptions = {}) {
  const server = await serve(path, '--match', 'loose', '--seed', '7', ...pace, ...faults.flatMap((fault) => ['--fault', fault]));
  // Its own complaints about what it could not parse are not of interest here.
  const client = new OpenAI({apiKey: 'none', baseURL: `${server.http}/v1`, maxRetries: 0, logLevel: 'off', ...clientOptions});
  await use(client, server);
  if (log) await server.told(log);
  assert.equal(await server.stop(), 0);
  console.log(`${faults.join('; ')}: as expected`);
  return server.log();
}

const contents = (list) => list.map(({chunk}) => chunk);
const answersIn = (log) => log.match(/POST \/v1\/chat\/completions \d{3} exchange /g)?.length ?? 0;

// ---- an answer that is none: the client tries again when it is told to, and gives the whole

{
  const log = await underFaults(['nth=1 status=503 retry-after=1'], TEN_TIMES, /fault: status 503/, async (client) => {
    const {arrived, error, took} = await ask(client);
    assert.equal(error, undefined);
    assert.deepEqual(contents(arrived), contents(chunks));
    assert.ok(took >= 1000 - 1, `tried again after ${took} ms`);
  }, {maxRetries: 2});
  assert.equal(answersIn(log), 2, log);
}
await underFaults(['status=503 retry-after=1'], TEN_TIMES, /fault: status 503/, async (client) => {
  const {arrived, error} = await ask(client);
  assert.ok(error instanceof InternalServerError && error instanceof APIError, error);
  assert.equal(error.status, 503);
  assert.equal(error.headers.get('retry-after'), '1');
  assert.deepEqual(arrived, []);
});

// ---- an answer that breaks off

/// At most the first `most` chunks came: what had not been read when the connection broke, Node's fetch throws away.
function begins(arrived, most, what) {
  assert.ok(arrived.length <= most, `${what}: ${arrived.length} chunks`);
  assert.deepEqual(contents(arrived), contents(chunks.slice(0, arrived.length)), what);
}

for (const [fault, log] of [['at=event:6 reset', /fault: reset at event 6/], ['after=event:5 truncate', /fault: truncated after event 5/]]) {
  await underFaults([fault], TEN_TIMES, log, async (client) => {
    const {arrived, error} = await ask(client);
    begins(arrived, 5, fault);
    assert.ok(error instanceof TypeError && error.message === 'terminated', error);  // of Node's fetch, which the iterator passes on
    // The client's helper makes it an error of its own.
    const heard = [];
    const stream = client.chat.completions.stream(asked);
    stream.on('content', (delta) => heard.push(delta));
    await assert.rejects(stream.finalChatCompletion(), (other) => other instanceof OpenAIError && other.cause instanceof TypeError);
    assert.ok(textOf(chunks.slice(0, 5)).startsWith(heard.join('')), fault);
  });
}
// Before the head it is a connection's failure, which is worth another try.
{
  const log = await underFaults(['nth=1 at=head reset'], TEN_TIMES, /fault: reset/, async (client) => {
    const {arrived, error} = await ask(client);
    assert.equal(error, undefined);
    assert.deepEqual(contents(arrived), contents(chunks));
  }, {maxRetries: 1});
  assert.equal(answersIn(log), 1, log);
}
await underFaults(['at=head reset'], TEN_TIMES, /fault: reset/, async (client) => {
  const {error} = await ask(client);
  assert.ok(error instanceof APIConnectionError && !(error instanceof APIConnectionTimeoutError), error);
});
// A stream that ends well, but too early: the iterator has nothing to say against it.
await underFaults(['after=event:5 end'], TEN_TIMES, /fault: ended after event 5/, async (client) => {
  const {arrived, error} = await ask(client);
  assert.equal(error, undefined);
  assert.deepEqual(contents(arrived), contents(chunks.slice(0, 5)));
});

// ---- an answer that does not come, or not on

await underFaults(['at=head stall'], TEN_TIMES, /fault: stalled/, async (client) => {
  const {error, took} = await ask(client);
  assert.ok(error instanceof APIConnectionTimeoutError, error);
  assert.ok(took >= 300 - 1, `it waited ${took} ms`);
}, {timeout: 300});
await underFaults(['at=event:4 stall'], TEN_TIMES, /fault: stalled/, async (client) => {
  // Once the head is there its timeout does not count: the iterator waits, until the caller's own signal ends it, without an error.
  const control = new AbortController();
  const arrived = [];
  const stream = await client.chat.completions.create(asked, {signal: control.signal});
  for await (const chunk of stream) {
    arrived.push({chunk});
    if (arrived.length === 3) setTimeout(() => control.abort(), 400);
  }
  assert.deepEqual(contents(arrived), contents(chunks.slice(0, 3)));
}, {timeout: 60_000});

// ---- a slow one: whole, and never early

/// What has to be sent before a chunk is complete: at least its data.
function dueAt(bytesPerSecond) {
  let size = 0;
  return chunks.map(({at, chunk}, i) => {
    size += Buffer.byteLength(events[i].data);
    return {at: Math.max(at / 10, size / bytesPerSecond), chunk};
  });
}
await underFaults(['slow=4kB/s'], TEN_TIMES, /fault: slow/, async (client) => {
  const {arrived, error} = await ask(client);
  assert.equal(error, undefined);
  assertNeverEarly('slow', dueAt(4000), arrived);
  assert.equal(textOf(arrived), WHOLE);
});
await underFaults(['latency=300ms'], TEN_TIMES, /fault: 300.0 ms later/, async (client) => {
  const {arrived, error} = await ask(client);
  assert.equal(error, undefined);
  assertNeverEarly('latency', chunks.map(({at, chunk}) => ({at: at / 10 + 0.3, chunk})), arrived);
});

// ---- an answer that is not what it was

await underFaults(['at=byte:6 corrupt'], TEN_TIMES, /fault: .*corrupt/, async (client) => {
  const {arrived, error} = await ask(client);  // the first { of the first event
  assert.ok(error instanceof SyntaxError, error);
  assert.deepEqual(arrived, []);
  await assert.rejects(client.chat.completions.stream(asked).finalChatCompletion(), (other) => other instanceof OpenAIError && other.cause instanceof SyntaxError);
});
await underFaults(['at=event:4 duplicate'], TEN_TIMES, /fault: event 4 twice/, async (client) => {
  const {arrived, error} = await ask(client);
  assert.equal(error, undefined);
  const twice = [...chunks.slice(0, 4), ...chunks.slice(3)];
  assert.deepEqual(contents(arrived), contents(twice));
  assert.equal(textOf(arrived), textOf(twice));
  assert.notEqual(textOf(arrived), WHOLE);
});

// ---- by chance: the same seed, the same outcomes

async function outcomes(seed) {
  const server = await serve(path, '--match', 'loose', '--no-delay', '--seed', String(seed), '--fault', 'rate=0.5 status=503', '--fault', 'rate=0.5 at=event:9 reset');
  const client = new OpenAI({apiKey: 'none', baseURL: `${server.http}/v1`, maxRetries: 0});
  const seen = [];
  for (let i = 0; i < 24; ++i) {
    const {arrived, error} = await ask(client);
    seen.push(error === undefined ? `whole ${textOf(arrived) === WHOLE}` : error instanceof APIError ? `status ${error.status}` : error.message);
  }
  assert.equal(await server.stop(), 0);
  for (const [outcome, fault] of [['status 503', /fault: status 503/g], ['terminated', /fault: reset at event 9/g]]) {
    assert.equal(server.log().match(fault)?.length ?? 0, seen.filter((each) => each === outcome).length, server.log());
  }
  return seen;
}
const first = await outcomes(11);
assert.deepEqual(new Set(first), new Set(['whole true', 'status 503', 'terminated']));
assert.deepEqual(await outcomes(11), first);
assert.notDeepEqual(await outcomes(12), first);
console.log('rate=0.5 with one seed: the same outcomes twice, and others with another seed');

// The official clients of two language models' interfaces, pointed at streamserve: each event that they give is one of the recording, at
// its time, and what they put together is the recording's text. streamrec in their place records the same stream.
import assert from 'node:assert/strict';
import {execFile} from 'node:child_process';
import {readFileSync, writeFileSync} from 'node:fs';

import {recorded, sample} from './sdk_samples.mjs';
import {assertReplay, load, serve, temporary, tool} from './support.mjs';

const {default: OpenAI} = await load('openai');
const {default: Anthropic} = await load('@anthropic-ai/sdk');

function run(name, ...args) {
  return new Promise((resolve) => execFile(tool(name), args, {maxBuffer: 1 << 26}, (error, stdout, stderr) =>
    resolve({status: error ? error.code : 0, stdout, stderr})));
}

/// All that an asynchronous iterable gives, and when.
async function collect(start) {
  const begin = performance.now();
  const arrived = [];
  for await (const event of await start()) arrived.push({at: performance.now() - begin, event});
  return arrived;
}

/// What streamrec records at `url` is what is in the sample; and it would not be, with one word changed.
async function recordInstead(url, path, word) {
  const file = temporary(`again-${word}.rec.ndjson`);
  const {request} = recorded(path);
  const recording = await run('streamrec', '--no-tee', '-o', file, '--json', JSON.stringify(request), url);
  assert.equal(recording.status, 0, recording.stderr);
  const same = await run('streamdiff', path, file);
  assert.equal(same.status, 0, same.stdout + same.stderr);
  const changed = temporary(`changed-${word}.rec.ndjson`);
  const text = readFileSync(file, 'utf8');
  assert.equal(text.split(word).length, 2, `${word} is there once`);
  writeFileSync(changed, text.replace(word, word.toUpperCase()));
  const other = await run('streamdiff', '--json', path, changed);
  assert.equal(other.status, 1, other.stderr);
  const differences = other.stdout.trimEnd().split('\n').map((line) => JSON.parse(line)).filter(({record}) => record === 'difference');
  assert.equal(differences.length, 1);
  assert.ok(differences[0].actual.json.includes(word.toUpperCase()), other.stdout);
}

// ---- openai

{
  const path = sample('chat-llm');
  const server = await serve(path);
  const client = new OpenAI({apiKey: 'none', baseURL: `${server.http}/v1`, maxRetries: 0});
  const {request, events} = recorded(path);
  const expected = events.filter(({data}) => data !== '[DONE]').map(({at, data}) => ({at, event: JSON.parse(data)}));
  const arrived = await collect(() => client.chat.completions.create({...request, stream: true}));
  assertReplay('openai', expected, arrived);

  const stream = client.chat.completions.stream(request);
  const heard = [];
  stream.on('content', (delta) => heard.push(delta));
  const completion = await stream.finalChatCompletion();
  const deltas = expected.map(({event}) => event.choices[0]?.delta.content).filter(Boolean);
  assert.deepEqual(heard, deltas);
  assert.ok(deltas.length > 30);
  assert.equal(completion.choices[0].message.content, deltas.join(''));
  assert.equal(completion.choices[0].finish_reason, 'stop');

  await recordInstead(`${server.http}/v1/chat/completions`, path, ' keeps');
  assert.equal(await server.stop(), 0);
}

// ---- @anthropic-ai/sdk

{
  const path = sample('messages-llm');
  const server = await serve(path);
  const client = new Anthropic({apiKey: 'none', baseURL: server.http, maxRetries: 0});
  const {request, events} = recorded(path);
  // The client keeps pings to itself.
  const expected = events.map(({at, data}) => ({at, event: JSON.parse(data)})).filter(({event}) => event.type !== 'ping');
  const arrived = await collect(() => client.messages.create({...request, stream: true}));
  assertReplay('@anthropic-ai/sdk', expected, arrived);

  const stream = client.messages.stream(request);
  const heard = {text: [], thinking: [], partial_json: []};
  stream.on('text', (delta) => heard.text.push(delta));
  stream.on('thinking', (delta) => heard.thinking.push(delta));
  stream.on('inputJson', (delta) => heard.partial_json.push(delta));
  const message = await stream.finalMessage();
  const deltas = (name) => expected.map(({event}) => event.delta?.[name]).filter((delta) => delta !== undefined);
  assert.ok(deltas('text').length > 10);
  for (const name of ['text', 'thinking']) assert.deepEqual(heard[name], deltas(name), name);
  assert.equal(heard.partial_json.join(''), deltas('partial_json').join(''));
  const [thinking, text, toolUse] = message.content;
  assert.equal(thinking.thinking, deltas('thinking').join(''));
  assert.equal(thinking.signature, deltas('signature').join(''));
  assert.equal(text.text, deltas('text').join(''));
  assert.deepEqual(toolUse.input, JSON.parse(deltas('partial_json').join('')));
  assert.equal(message.stop_reason, 'tool_use');

  await recordInstead(`${server.http}/v1/messages`, path, ' silence');
  assert.equal(await server.stop(), 0);
}

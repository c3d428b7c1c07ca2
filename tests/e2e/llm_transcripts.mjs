// Streams of language models as they were recorded (HARTAPE_CORPUS/sse), through streamserve and streamrec:
// - the same bytes in other pieces are the same stream, and with one token changed it is not;
// - the same text in other tokens, from another run, is the same stream under --join and --preset, and with one token changed the
//   difference is that token.
import assert from 'node:assert/strict';
import {execFile} from 'node:child_process';
import {existsSync, readFileSync, readdirSync} from 'node:fs';
import {join} from 'node:path';

import {octets, request, response, serve, temporary, tool, writeRecording} from './support.mjs';

const folder = join(process.env.HARTAPE_CORPUS ?? '', 'sse');
if (!process.env.HARTAPE_CORPUS || !existsSync(folder)) {
  console.log('skipped: HARTAPE_CORPUS names no folder with sse/ in it');
  process.exit(77);
}

/// Always the same sequence of numbers from 0 up to 1 (mulberry32), so that a failure can be seen again.
function randomNumbers(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t ^= t + Math.imul(t ^ (t >>> 7), 61 | t);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
const seed = Number(process.env.HARTAPE_SEED ?? 1);
const random = randomNumbers(seed);
const below = (limit) => Math.floor(random() * limit);

function run(name, args) {
  return new Promise((resolve) => execFile(tool(name), args, {maxBuffer: 1 << 28}, (error, stdout, stderr) =>
    resolve({status: error ? error.code : 0, stdout, stderr})));
}

/// Calls `work` for each, a few at a time.
async function each(list, work) {
  let next = 0;
  await Promise.all(Array.from({length: 4}, async () => {
    while (next < list.length) await work(list[next++]);
  }));
}

// ---- the transcripts

/// Whose interface it is: the name of its preset.
function interfaceOf(name, first) {
  if (name.includes('amazon-bedrock')) return '';
  if (first?.object === 'chat.completion.chunk' || first?.choices || first?.type?.startsWith('response.')) return 'openai';
  if (first?.type === 'message_start') return 'anthropic';
  if (first?.candidates || first?.promptFeedback || first?.event_type) return 'gemini';
  if (first?.type === 'message-start') return 'cohere';
  return '';
}

/// An event with the fields that its interface sends beside the data.
function encode({type, data}) {
  return `${type ? `event: ${type}\n` : ''}data: ${data}\n\n`;
}

function read(name) {
  const bytes = readFileSync(join(folder, name));
  const text = bytes.toString();
  if (name.endsWith('.chunks.txt')) {  // the data alone, one a line
    const values = text.split('\n').filter((line) => line.trim() !== '');
    const first = JSON.parse(values[0]);
    const typed = typeof first.type === 'string';
    const events = values.map((data) => ({type: typed ? JSON.parse(data).type : '', data}));
    if (first.choices) events.push({type: '', data: '[DONE]'});
    return {name, bytes: Buffer.from(events.map(encode).join('')), events, interface: interfaceOf(name, first)};
  }
  if (!/^(event|data|id|:)/.test(text)) return {name, bytes, events: [], interface: ''};  // an error in the place of a stream
  const events = text.split(/\r?\n\r?\n/).filter((block) => block.trim() !== '').map((block) => ({
    type: /^event: ?(.*)$/m.exec(block)?.[1] ?? '',
    data: [...block.matchAll(/^data: ?(.*)$/gm)].map(([, line]) => line).join('\n'),
  }));
  const first = events.find(({data}) => data.startsWith('{'));
  // Some were saved without the empty line that ends the last event.
  const whole = /\n\r?\n$/.test(text) ? bytes : Buffer.from(`${text.trimEnd()}\n\n`);
  return {name, bytes: whole, events, interface: interfaceOf(name, first && JSON.parse(first.data))};
}

const transcripts = readdirSync(folder).filter((name) => !name.startsWith('wpt-')).sort().map(read);

// ---- recording them through streamserve

/// The bytes in pieces of 1 up to `most` bytes, or whole.
function pieces(bytes, most) {
  const out = [];
  for (let at = 0; at < bytes.length;) {
    const size = 1 + below(most);
    out.push(bytes.subarray(at, at + size));
    at += size;
  }
  return out;
}

/// One recording of all bodies, each at a path of its own, in pieces 300 µs apart; served, and each recorded again:
/// the paths of the new recordings.
async function recordAgain(label, bodies, most) {
  const events = bodies.flatMap((bytes, i) => {
    const id = String(i);
    const chunks = pieces(bytes, most);
    const isStream = /^(event|data|id|:)/.test(bytes.toString('latin1'));
    return [
      request(id, 0, `https://recorded.example/${i}`),
      response(id, 0, isStream ? 'sse' : 'http', isStream ? 200 : 400, {'content-type': isStream ? 'text/event-stream' : 'application/json'}),
      ...chunks.map((chunk, n) => ({ev: 'data', id, t: Number(((n + 1) * 0.0003).toFixed(4)), ...octets(chunk)})),
      {ev: 'end', id, t: Number(((chunks.length + 1) * 0.0003).toFixed(4)), reason: 'eof'},
    ];
  });
  const server = await serve(writeRecording(`${label}.rec.ndjson`, events));
  const files = bodies.map((_, i) => temporary(`${label}-${i}.rec.ndjson`));
  await each([...bodies.keys()], async (i) => {
    const recorded = await run('streamrec', ['--no-tee', '-o', files[i], `${server.http}/${i}`]);
    assert.equal(recorded.status, 0, recorded.stderr);
  });
  assert.equal(await server.stop(), 0);
  return files;
}

function chunksOf(file) {
  return readFileSync(file, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line)).filter(({ev}) => ev === 'data')
    .map((event) => ('data' in event ? Buffer.from(event.data) : Buffer.from(event.data64, 'base64')));
}

async function differences(expected, actual, options = []) {
  const compared = await run('streamdiff', ['--json', ...options, expected, actual]);
  assert.ok(compared.status === 0 || compared.status === 1, compared.stderr);
  const found = compared.stdout.trimEnd().split('\n').map((line) => JSON.parse(line)).filter(({record}) => record === 'difference');
  assert.equal(found.length === 0, compared.status === 0);
  return found;
}

// ---- the texts in events, in our own words: this test does not ask the presets where they are

/// Functions that give the places of pieces of texts in an event: [object, name, what is said of it in a report].
const places = {
  openai: function* (event) {
    for (const {delta} of event.choices ?? []) {
      for (const name of ['content', 'reasoning_content']) {
        if (typeof delta[name] === 'string') yield [delta, name, `/choices/*/delta/${name}`];
      }
      for (const call of delta.tool_calls ?? []) {
        if (typeof call.function?.arguments === 'string') yield [call.function, 'arguments', '/choices/*/delta/tool_calls/*/function/arguments'];
      }
    }
    if (event.type?.endsWith('.delta') && typeof event.delta === 'string') yield [event, 'delta', '/delta'];
  },
  anthropic: function* (event) {
    for (const name of ['text', 'partial_json']) {
      if (typeof event.delta?.[name] === 'string') yield [event.delta, name, `/delta/${name}`];
    }
  },
  gemini: function* (event) {
    for (const candidate of event.candidates ?? []) {
      for (const part of candidate.content?.parts ?? []) {
        if (typeof part.text === 'string') yield [part, 'text', '/candidates/*/content/parts/*/text'];
      }
    }
    if (event.event_type === 'step.delta' && event.delta.type === 'text') yield [event.delta, 'text', '/delta/text'];
  },
  cohere: function* (event) {
    const content = event.type === 'content-delta' && event.delta.message.content;
    if (typeof content?.text === 'string') yield [content, 'text', '/delta/message/content/text'];
  },
};

/// What is made anew in each run. (A whole word of these names; what is below them, too.)
const VOLATILE = new Set(['id', 'item_id', 'call_id', 'caller_id', 'tool_id', 'tool_use_id', 'responseId', 'interaction_id', 'created', 'updated',
  'created_at', 'completed_at', 'createTime', 'retrieved_at', 'expires_at', 'system_fingerprint', 'fingerprint', 'encrypted_content', 'signature',
  'thoughtSignature', 'obfuscation', 'sequence_number', 'usage', 'usageMetadata', 'x_groq', 'approval_request_id']);

function another(value) {
  if (typeof value === 'string') return `${value}+`;
  if (typeof value === 'number') return value + 17;
  if (Array.isArray(value)) return value.map(another);
  if (value && typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, another(member)]));
  return value;
}
function anotherRun(value, change) {
  if (Array.isArray(value)) return value.map((element) => anotherRun(element, change));
  if (!value || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, VOLATILE.has(name) ? change(member) : anotherRun(member, change)]));
}

/// The events as values; what is no JSON stays a text.
const parse = (events) => events.map(({type, data}) => ({type, value: data.startsWith('{') ? JSON.parse(data) : data}));
const unparse = (events) => events.map(({type, value}) => ({type, data: typeof value === 'string' ? value : JSON.stringify(value)}));
const copy = (event) => structuredClone(event);

/// The only text of an event, or nothing.
function pieceOf(whose, {value}) {
  if (typeof value === 'string') return undefined;
  const found = [...places[whose](value)];
  return found.length === 1 ? found[0] : undefined;
}

/// An event without its text and without what is made anew: two events with the same frame bring pieces of the same text.
function frameOf(whose, event) {
  const without = copy(event);
  const piece = pieceOf(whose, without);
  if (!piece) return undefined;
  const [holder, name] = piece;
  holder[name] = '';
  return JSON.stringify([without.type, anotherRun(without.value, () => 0)]);
}

/// The same texts, cut elsewhere: neighbours with the same frame are put together, and pieces of such runs are split.
function cutElsewhere(whose, events) {
  const out = [];
  let merged = 0;
  let split = 0;
  for (let i = 0; i < events.length; ++i) {
    const event = copy(events[i]);
    const frame = frameOf(whose, event);
    const inRun = frame !== undefined && (frame === frameOf(whose, events[i + 1] ?? {value: ''}) || frame === frameOf(whose, events[i - 1] ?? {value: ''}));
    if (inRun) {
      const [holder, name] = pieceOf(whose, event);
      while (i + 1 < events.length && frame === frameOf(whose, events[i + 1]) && (merged === 0 || random() < 0.4)) {
        const [next, nextName] = pieceOf(whose, events[++i]);
        holder[name] += next[nextName];
        ++merged;
      }
      const characters = [...holder[name]];
      if (characters.length > 1 && (split === 0 || random() < 0.4)) {
        const at = 1 + below(characters.length - 1);
        const head = copy(event);
        const [first, firstName] = pieceOf(whose, head);
        first[firstName] = characters.slice(0, at).join('');
        holder[name] = characters.slice(at).join('');
        out.push(head);
        ++split;
      }
    }
    out.push(event);
  }
  return {events: out, merged, split};
}

/// The same events with one character of one piece changed: what the report must name.
function changeOne(whose, events) {
  const out = events.map(copy);
  const choices = out.filter((event) => frameOf(whose, event) !== undefined && [...pieceOf(whose, event)[0][pieceOf(whose, event)[1]]].length > 0);
  const [holder, name, path] = pieceOf(whose, choices[below(choices.length)]);
  const characters = [...holder[name]];
  const at = below(characters.length);
  characters[at] = characters[at] === 'Ω' ? 'ω' : 'Ω';
  holder[name] = characters.join('');
  return {events: out, path};
}

const bytesOf = (events) => Buffer.from(unparse(events).map(encode).join(''));

// ---- the same bytes in other pieces

{
  const bodies = transcripts.map(({bytes}) => bytes);
  const coarse = await recordAgain('coarse', bodies, 4000);
  const fine = await recordAgain('fine', bodies, 300);
  let cutOtherwise = 0;
  await each([...transcripts.keys()], async (i) => {
    const {name, bytes} = transcripts[i];
    const [a, b] = [chunksOf(coarse[i]), chunksOf(fine[i])];
    assert.deepEqual(Buffer.concat(a), bytes, name);
    assert.deepEqual(Buffer.concat(b), bytes, name);
    if (a.map(({length}) => length).join() !== b.map(({length}) => length).join()) ++cutOtherwise;
    assert.deepEqual(await differences(coarse[i], fine[i]), [], name);
  });
  // What came while the recorder was busy is one piece, so on a slow machine some are the same after all.
  assert.ok(cutOtherwise >= 10, `${cutOtherwise} were cut otherwise`);

  const streams = transcripts.filter((transcript) => transcript.interface !== '');
  const changed = streams.map((transcript) => {
    const events = parse(transcript.events);
    return changeOneOrNothing(transcript, events);
  });
  const files = await recordAgain('changed', changed.map((events) => bytesOf(events)), 1000);
  await each([...streams.keys()], async (i) => {
    const found = await differences(coarse[transcripts.indexOf(streams[i])], files[i]);
    const expected = hasText(streams[i]) ? 1 : 0;
    assert.equal(found.length, expected, `${streams[i].name}: ${JSON.stringify(found)}`);
  });
  console.log(`${transcripts.length} transcripts, ${cutOtherwise} of them in other pieces: equal; a changed token: found in ${streams.filter(hasText).length}`);
}

function hasText(transcript) {
  return transcript.interface !== '' && parse(transcript.events).some((event) => {
    const piece = pieceOf(transcript.interface, event);
    return piece && piece[0][piece[1]] !== '';
  });
}
function changeOneOrNothing(transcript, events) {
  return hasText(transcript) ? changeOne(transcript.interface, events).events : events;
}

// ---- the same text in other tokens

/// Of each transcript two streams are made, served and recorded: the texts cut elsewhere, and that with one character changed. `options`
/// make the first equal to the original; the second differs in one text, which is named.
async function joined(label, chosen, optionsOf, newRun) {
  const counts = {merged: 0, split: 0};
  const variants = chosen.map((transcript) => {
    const made = cutElsewhere(transcript.interface, parse(transcript.events));
    counts.merged += made.merged;
    counts.split += made.split;
    if (newRun) {
      for (const event of made.events) if (typeof event.value !== 'string') event.value = anotherRun(event.value, another);
    }
    return {transcript, cut: made.events, ...changeOne(transcript.interface, made.events)};
  });
  const original = await recordAgain(`${label}-original`, chosen.map(({bytes}) => bytes), 1000);
  const cut = await recordAgain(`${label}-cut`, variants.map((variant) => bytesOf(variant.cut)), 700);
  const changed = await recordAgain(`${label}-changed`, variants.map((variant) => bytesOf(variant.events)), 500);
  const failures = [];
  await each([...variants.keys()], async (i) => {
    const {transcript, path} = variants[i];
    const options = optionsOf(transcript);
    if ((await differences(original[i], cut[i])).length === 0) failures.push(`${transcript.name}: no different without options`);
    const none = await differences(original[i], cut[i], options);
    if (none.length !== 0) return failures.push(`${transcript.name}: ${none.length} differences, such as ${JSON.stringify(none[0]).slice(0, 600)}`);
    const found = await differences(original[i], changed[i], options);
    if (found.length !== 1 || found[0].subject !== 'text') return failures.push(`${transcript.name}: ${found.length}, ${JSON.stringify(found).slice(0, 600)}`);
    const report = await run('streamdiff', [...options, '--color', 'never', original[i], changed[i]]);
    if (!report.stdout.includes(path)) failures.push(`${transcript.name}: ${path} is not in ${report.stdout}`);
    if (!/[Ωω]/.test(report.stdout)) failures.push(`${transcript.name}: what was changed is not in ${report.stdout}`);
  });
  assert.deepEqual(failures, [], `seed ${seed}`);
  assert.ok(counts.merged >= chosen.length / 2 && counts.split >= chosen.length / 2, `${label}: ${JSON.stringify(counts)}`);
  console.log(`${label}: ${chosen.length} transcripts with ${counts.merged} tokens put together and ${counts.split} split: equal; a changed one: named`);
}

/// Those whose texts can be cut elsewhere.
function recuttable(transcript) {
  if (!hasText(transcript)) return false;
  const {merged, split} = cutElsewhere(transcript.interface, parse(transcript.events));
  return merged + split > 0;
}

const candidates = transcripts.filter(recuttable);
const chats = candidates.filter(({interface: name, events}) => name === 'openai' && JSON.parse(events[0].data).choices);
assert.ok(chats.length >= 3, `${chats.length} chat completions`);
await joined('--join', chats, () => [
  '--join', '/choices/*/delta/content by /choices/*/index',
  '--join', '/choices/*/delta/reasoning_content by /choices/*/index',
  '--join', '/choices/*/delta/tool_calls/*/function/arguments by /choices/*/index by /choices/*/delta/tool_calls/*/index',
  '--ignore', '/created',
], false);

await joined('--preset', candidates, (transcript) => ['--preset', transcript.interface], true);

// What the tests of importer profiles share: harcheck's verdicts on many texts at once, and the HARs of a folder of recordings.
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {temporary, tool} from './support.mjs';

/// So many files are handed to one run of harcheck.
const FILES_A_RUN = 500;

/// The HARs of HARTAPE_CORPUS, if it is set.
export function corpusFiles() {
  if (!process.env.HARTAPE_CORPUS) return [];
  const folder = join(process.env.HARTAPE_CORPUS, 'har');
  return readdirSync(folder).filter((name) => name.endsWith('.har')).sort().map((name) => join(folder, name));
}

/// Writes texts to files of their own; their names.
export function writeTexts(texts) {
  return texts.map((text, number) => {
    const path = temporary(`${String(number).padStart(5, '0')}.har`);
    writeFileSync(path, text);
    return path;
  });
}

/// What harcheck says of each file under a profile: {valid, findings}, in their order.
export function verdicts(profile, files) {
  const said = new Map(files.map((file) => [file, {valid: undefined, findings: []}]));
  for (let begin = 0; begin < files.length; begin += FILES_A_RUN) {
    const run = spawnSync(tool('harcheck'), ['--profile', profile, '--json', ...files.slice(begin, begin + FILES_A_RUN)],
                          {encoding: 'utf8', maxBuffer: 1 << 30});
    assert.ok(run.status === 0 || run.status === 1, `harcheck ended with ${run.status ?? run.signal}: ${run.stderr}`);
    for (const line of run.stdout.split('\n').filter((text) => text !== '')) {
      const record = JSON.parse(line);
      const file = said.get(record.file);
      if (record.record === 'finding') file?.findings.push(record);
      if (record.record === 'summary' && file) file.valid = record.valid;
    }
  }
  for (const [file, verdict] of said) assert.notEqual(verdict.valid, undefined, `harcheck has a verdict on ${file}`);
  return files.map((file) => said.get(file));
}

/// Documents that are odd as a whole; some are HARs.
export function oddDocuments() {
  const har = JSON.stringify({log: {version: '1.2', creator: {name: 'hartape-e2e', version: '1'}, pages: [], entries: []}});
  return [har, ` \n${har}\n`, `\uFEFF${har}`, `onInputData(${har});`, har.slice(0, -1), `${har}}`, '{}', '[]', '{"log":null}', '{"log":{}}', `{"test":${har}}`,
          '{"log":{"version":"1.2","creator":{"name":"","version":""},"entries":{}}}', har.replace('[]', '{}'), har.replace('1.2', '\\ud800')];
}

/// Text as browsers read files: a byte order mark is taken off, bytes that are not UTF-8 are replaced.
export function readText(file) {
  return new TextDecoder().decode(readFileSync(file));
}

/// The first few findings, for messages.
export function brief(verdict) {
  return verdict.findings.slice(0, 3).map(({pointer, level, message}) => `${pointer}: ${level}: ${message}`).join('; ') || 'nothing';
}

// harcheck --profile har-schema calls a file invalid if and only if har-validator does, and says what it says of the same members.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {mutation} from './har_mutations.mjs';
import {brief, corpusFiles, oddDocuments, verdicts, writeTexts} from './importers.mjs';
import {load} from './support.mjs';

const MUTATIONS = 3000;
const NOT_JSON = 'not JSON';
const {default: validator} = await load('har-validator/lib/async.js');

/// The members that har-validator complains of, as JSON Pointers; none: the file is valid.
function complaints(file) {
  let har;
  try {
    har = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return [NOT_JSON];
  }
  let errors = null;
  validator.har(har, (error) => { errors = error?.errors ?? null; });
  return (errors ?? []).map(({dataPath, keyword, params}) => {
    const member = keyword === 'required' ? `/${params.missingProperty}` : '';
    return dataPath.replace(/\[(\d+)\]/g, '/$1').replace(/\['?([^\]']+)'?\]/g, '/$1').replace(/\./g, '/') + member;
  });
}

const texts = [...oddDocuments(), ...Array.from({length: MUTATIONS}, (_, number) => JSON.stringify(mutation(1, number)))];
const files = [...writeTexts(texts), ...corpusFiles()];
const said = verdicts('har-schema', files);
let invalid = 0;
files.forEach((file, number) => {
  const expected = complaints(file);
  const verdict = said[number];
  invalid += expected.length === 0 ? 0 : 1;
  assert.equal(verdict.valid, expected.length === 0,
               `${file}: har-validator says ${expected.slice(0, 3).join(', ') || 'valid'}, harcheck ${brief(verdict)}\n${texts[number] ?? ''}`);
  for (const {pointer, rule} of verdict.findings) {
    if (rule !== 'import-har-schema' || pointer === '' || expected[0] === NOT_JSON) continue;
    assert.ok(expected.some((other) => other === pointer || other.startsWith(`${pointer}/`)),
              `${file}: harcheck complains of ${pointer}, har-validator of ${expected.join(', ')}`);
  }
});
assert.ok(invalid > MUTATIONS / 10, 'many files are invalid');
assert.ok(invalid < files.length - MUTATIONS / 10, 'and many are not');
console.log(`${files.length} files: ${invalid} invalid, and harcheck agrees`);

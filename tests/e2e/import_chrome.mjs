// harcheck --profile chrome refuses a file if and only if the importer of Chrome's own Network panel throws.
import assert from 'node:assert/strict';
import {launchChromium} from './chromium.mjs';
import {mutation} from './har_mutations.mjs';
import {brief, corpusFiles, oddDocuments, readText, verdicts, writeTexts} from './importers.mjs';
import {skip} from './support.mjs';

const MUTATIONS = 3000;
const FILES_A_CALL = 200;
/// DevTools' module, as it is built into the browser.
const MODULE = 'devtools://devtools/bundled/models/har/har.js';

const browser = await launchChromium();
try {
  const page = await browser.newPage();
  try {
    await page.goto(MODULE);
    await page.evaluate((module) => import(module), MODULE);
  } catch (error) {
    skip(`this Chromium has no ${MODULE}: ${error.message.split('\n')[0]}`);
  }
  const texts = [...oddDocuments(), ...Array.from({length: MUTATIONS}, (_, number) => JSON.stringify(mutation(2, number)))];
  const files = [...writeTexts(texts), ...corpusFiles()];
  const said = verdicts('chrome', files);
  let refused = 0;
  for (let begin = 0; begin < files.length; begin += FILES_A_CALL) {
    const some = files.slice(begin, begin + FILES_A_CALL);
    const errors = await page.evaluate(async ([module, list]) => {
      const {HARFormat, Importer} = await import(module);
      return list.map((text) => {
        try {
          Importer.Importer.requestsFromHARLog(new HARFormat.HARRoot(JSON.parse(text)).log);
          return null;
        } catch (error) {
          return String(error);
        }
      });
    }, [MODULE, some.map(readText)]);
    errors.forEach((error, number) => {
      const verdict = said[begin + number];
      refused += error === null ? 0 : 1;
      assert.equal(verdict.valid, error === null,
                   `${some[number]}: Chrome says ${error ?? 'nothing'}, harcheck ${brief(verdict)}\n${texts[begin + number] ?? ''}`);
    });
  }
  assert.ok(refused > MUTATIONS / 10, 'many files are refused');
  assert.ok(refused < files.length - MUTATIONS / 10, 'and many are not');
  console.log(`${files.length} files in Chromium ${browser.version()}: ${refused} refused, and harcheck agrees`);
} finally {
  await browser.close();
}

// The samples of language models' streams, as the tests of their official clients read them.
import {readFileSync} from 'node:fs';

export const sample = (name) => new URL(`../../samples/${name}.rec.ndjson`, import.meta.url).pathname;

/// The data of a sample's events, with the time of the chunk that completes each; parsed here, independently of our own decoder.
/// (All that the samples use is LF, comments, and one data line an event.)
export function recorded(path) {
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line));
  const request = lines.find(({ev}) => ev === 'request');
  const events = [];
  let rest = Buffer.alloc(0);
  for (const {t, data, data64} of lines.filter(({ev}) => ev === 'data')) {
    rest = Buffer.concat([rest, data === undefined ? Buffer.from(data64, 'base64') : Buffer.from(data)]);
    for (let end; (end = rest.indexOf('\n\n')) !== -1; rest = rest.subarray(end + 2)) {
      const found = /^data: (.*)$/m.exec(rest.subarray(0, end).toString());
      if (found) events.push({at: t - request.t, data: found[1]});
    }
  }
  return {request: JSON.parse(request.request.postData.text), events};
}

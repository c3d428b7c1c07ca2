// harproxy as a process that ends with the test.
import assert from 'node:assert/strict';
import {execFileSync, spawn} from 'node:child_process';

import {temporary, tool} from './support.mjs';

/// No proxy but the one that a test names, and an authority of our own.
for (const name of Object.keys(process.env)) {
  if (/_proxy$/i.test(name)) delete process.env[name];
}
process.env.XDG_DATA_HOME = temporary('data');

/// The file that clients are to trust.
export const authority = () => execFileSync(tool('harproxy'), ['ca', '--print-ca'], {encoding: 'utf8'}).trim();

export async function startProxy(...options) {
  const child = spawn(tool('harproxy'), ['--port', '0', ...options], {stdio: ['ignore', 'pipe', 'pipe']});
  process.on('exit', () => child.kill('SIGKILL'));
  let log = '';
  child.stderr.on('data', (chunk) => { log += chunk; });
  const url = await new Promise((resolve, reject) => {
    let said = '';
    child.stdout.on('data', (chunk) => {
      said += chunk;
      if (said.includes('\n')) resolve(said.trim());
    });
    child.on('error', reject);
    child.on('exit', (code) => reject(new Error(`harproxy ended with ${code}: ${log}`)));
  });
  return {
    url,
    port: Number(new URL(url).port),
    log: () => log,
    async stop() {
      const ended = new Promise((resolve) => child.on('close', (code, signal) => resolve(code ?? signal)));
      child.kill('SIGINT');
      assert.equal(await ended, 0, log);
      return log;
    },
  };
}

/// The body of an entry's response, as bytes.
export const bodyOf = ({response: {content}}) => Buffer.from(content.text ?? '', content.encoding === 'base64' ? 'base64' : 'utf8');

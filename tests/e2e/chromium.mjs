// Debian's Chromium, driven by playwright-core; a test that asks for it is skipped where it is not installed.
import {execFileSync} from 'node:child_process';
import {accessSync, mkdirSync} from 'node:fs';
import {load, skip} from './support.mjs';

async function launch(env, more) {
  const program = process.env.HARTAPE_CHROMIUM ?? '/usr/bin/chromium';
  try {
    accessSync(program);
  } catch {
    skip(`${program} is not there: install Debian's chromium`);
  }
  const {default: playwright} = await load('playwright-core');
  return playwright.chromium.launch({
    executablePath: program,
    env,
    args: [
      '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage', ...more,
    ],
  });
}

export const launchChromium = (...more) => launch(process.env, more);

/// A home for a user whose programs trust `authority`, as NSS has it: what a person does with certutil once.
export function trustingHome(home, authority) {
  const store = `${home}/.pki/nssdb`;
  mkdirSync(store, {recursive: true});
  try {
    execFileSync('certutil', ['-d', `sql:${store}`, '-N', '--empty-password']);
  } catch (error) {
    if (error.code === 'ENOENT') skip('certutil is not installed: it is in libnss3-tools');
    throw error;
  }
  execFileSync('certutil', ['-d', `sql:${store}`, '-A', '-t', 'C,,', '-n', 'the authority of a test', '-i', authority]);
  return home;
}

/// Chromium of the user whose home that is.
export const launchChromiumAt = (home, ...more) => launch({...process.env, HOME: home}, more);

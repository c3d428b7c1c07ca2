// Debian's Chromium, driven by playwright-core; a test that asks for it is skipped where it is not installed.
import {accessSync} from 'node:fs';
import {load, skip} from './support.mjs';

export async function launchChromium(...more) {
  const program = process.env.HARTAPE_CHROMIUM ?? '/usr/bin/chromium';
  try {
    accessSync(program);
  } catch {
    skip(`${program} is not there: install Debian's chromium`);
  }
  const {default: playwright} = await load('playwright-core');
  return playwright.chromium.launch({
    executablePath: program,
    args: [
      '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage', ...more,
    ],
  });
}

// A real Chromium for the tests, driven by playwright-core.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { chromium } from 'playwright-core';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** The browser's program: CHROMIUM_PATH, or one of the usual names on PATH. */
export function chromiumPath() {
  if (process.env.CHROMIUM_PATH) return process.env.CHROMIUM_PATH;
  const folders = (process.env.PATH ?? '').split(delimiter);
  const found = folders.flatMap((folder) => names.map((name) => join(folder, name))).find(isProgram);
  if (!found) throw new Error('no Chromium on PATH; set CHROMIUM_PATH');
  return found;
}

/** What a test machine needs. */
const flags = ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', '--disable-background-networking'];

/** Starts Chromium; `args` come after the flags that a test machine needs. */
export function launchChromium(args = []) {
  return chromium.launch({ executablePath: chromiumPath(), args: [...flags, ...args] });
}

/** Starts a Chromium that nobody drives yet; it speaks CDP at `url`. */
export async function chromiumOnPort() {
  const folder = await mkdtemp(join(tmpdir(), 'taskwright-chromium-'));
  const own = ['--headless=new', '--no-first-run', '--remote-debugging-port=0', `--user-data-dir=${folder}`];
  const child = spawn(chromiumPath(), [...flags, ...own, 'about:blank'], { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  let port = '';
  for (let tries = 200; tries > 0 && port === ''; tries -= 1) {
    await setTimeout(100);
    const written = await readFile(join(folder, 'DevToolsActivePort'), 'utf8').catch(() => '');
    port = written.split('\n')[0];
  }
  assert.notEqual(port, '', 'Chromium does not start');
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      child.kill();
      await ended;
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

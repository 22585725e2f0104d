// The package's manifest and types, as the tools that users' editors and bundlers share see them.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { root } from '../../scripts/lib/files.mjs';
import { installedProject, packageFolder } from '../helpers/package.mjs';

let project;
before(async () => {
  project = await installedProject();
});
after(() => project?.remove());

test('publint finds nothing, not even a suggestion', async () => {
  const { messages, pkg } = await publint({ pkgDir: packageFolder, strict: true });
  assert.deepEqual(
    messages.map((message) => formatMessage(message, pkg)),
    [],
  );
});

test('every entry has types that resolve as the code does (are the types wrong, ESM only)', async () => {
  const attw = join(root, 'js-tests/node_modules/@arethetypeswrong/cli/dist/index.js');
  await promisify(execFile)(process.execPath, [
    attw,
    '--profile',
    'esm-only',
    '--no-emoji',
    project.tarball,
  ]).catch(({ stdout, stderr }) => assert.fail(`${stdout}${stderr}`));
});

import { openAsBlob } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import type { FileSystem } from '../asteroid/file-system.js';

/** Files of Node, Deno and Bun. */
export const fileSystem: FileSystem = {
  async open(path) {
    const found = await stat(path).catch(() => undefined);
    if (!found?.isFile()) return undefined;
    return { name: basename(path), blob: await openAsBlob(path) };
  },

  async target(path, name, createFolders) {
    const isFolder =
      /[\\/]$/.test(path) || ((await stat(path).catch(() => undefined))?.isDirectory() ?? false);
    const folder = resolve(isFolder ? path : dirname(path));
    const file = isFolder ? resolve(join(folder, name)) : resolve(path);
    if (isFolder && !file.startsWith(folder.endsWith(sep) ? folder : folder + sep)) return undefined;
    if (createFolders) await mkdir(dirname(file), { recursive: true });
    return file;
  },

  async write(path, body) {
    // Beside it and renamed at the end: what was there before stays until the new one is whole.
    const unfinished = `${path}.${Math.random().toString(36).slice(2)}.part`;
    const file = await open(unfinished, 'wx');
    try {
      try {
        for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) await file.appendFile(chunk);
      } finally {
        await file.close();
      }
      await rename(unfinished, path);
    } catch (error) {
      await rm(unfinished, { force: true });
      throw error;
    }
  },
};

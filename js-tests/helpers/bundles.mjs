// The package as a web application's bundler sees it: no plugin, no option about WebAssembly.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';

/** Each of these bundles `entry` of `folder` into `folder/out-NAME`, split into chunks. */
export const bundlers = {
  async esbuild(folder, entry, outdir) {
    const { build } = await import('esbuild');
    await build({
      entryPoints: [join(folder, entry)],
      bundle: true,
      splitting: true,
      minify: true,
      format: 'esm',
      platform: 'browser',
      target: 'es2022',
      outdir,
      logLevel: 'warning',
    });
  },
  async vite(folder, entry, outdir) {
    const { build } = await import('vite');
    await build({
      root: folder,
      configFile: false,
      logLevel: 'warn',
      build: {
        outDir: outdir,
        modulePreload: false,
        rollupOptions: { input: join(folder, entry), output: { entryFileNames: '[name].js' } },
      },
    });
  },
  async webpack(folder, entry, outdir) {
    const { default: webpack } = await import('webpack');
    const stats = await promisify(webpack)({
      mode: 'production',
      context: folder,
      entry: { [entry.replace(/\.\w+$/, '')]: `./${entry}` },
      experiments: { outputModule: true },
      output: { path: outdir, module: true, filename: '[name].js', chunkFilename: '[id].js' },
      performance: false,
    });
    if (stats.hasErrors()) throw new Error(stats.toString('errors-only'));
  },
};

/** Bundles `source` with the package installed in `folder`. Returns the files made: name, bytes, gzip. */
export async function bundled(bundler, folder, source, name = 'main.js') {
  const outdir = join(folder, `out-${bundler}-${name}`);
  await mkdir(outdir, { recursive: true });
  await writeFile(join(folder, name), source);
  await bundlers[bundler](folder, name, outdir);
  const files = [];
  for (const entry of await readdir(outdir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const bytes = await readFile(join(entry.parentPath ?? entry.path, entry.name));
    files.push({ name: entry.name, bytes, gzip: gzipSync(bytes, { level: 9 }).length });
  }
  return { outdir, files, gzip: files.reduce((sum, file) => sum + file.gzip, 0) };
}

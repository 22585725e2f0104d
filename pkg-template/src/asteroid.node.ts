import { setFileSystem } from './asteroid/file-system.js';
import { setLoader } from './internal/module.js';
import { setSealLoader } from './internal/seal.js';

// On the first call: who only imports the package does not pay for it.
setLoader(async () => (await import('./internal/load-node.js')).load());
setSealLoader(async () => (await import('./internal/load-seal-node.js')).load());
setFileSystem(async () => (await import('./internal/load-files-node.js')).fileSystem);

export * from './asteroid.js';
export { default } from './asteroid.js';

import { load as loadSeal } from './internal/load-seal-worker.js';
import { load } from './internal/load-worker.js';
import { setLoader } from './internal/module.js';
import { setSealLoader } from './internal/seal.js';

setLoader(load);
setSealLoader(loadSeal);

export * from './asteroid.js';
export { default } from './asteroid.js';

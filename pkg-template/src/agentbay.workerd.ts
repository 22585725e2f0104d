import { load } from './internal/load-worker.js';
import { setLoader } from './internal/module.js';

setLoader(load);

export * from './agentbay.js';
export { default } from './agentbay.js';

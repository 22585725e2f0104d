import { load } from './internal/load-node.js';
import { setLoader } from './internal/module.js';

setLoader(load);

export * from './anchor.js';
export { default } from './anchor.js';

import { load } from './internal/load-node.js';
import { setLoader } from './internal/module.js';

setLoader(load);

export * from './index.js';

import { setLoader } from './internal/module.js';

// On the first call: who only imports the package does not pay for it.
setLoader(async () => (await import('./internal/load-node.js')).load());

export * from './agentbay.js';
export { default } from './agentbay.js';

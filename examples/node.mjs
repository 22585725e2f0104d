// One task with a typed result: start it, wait for it, get an object of the shape that was asked for.
//
//   cargo run --release -p taskwright-server &      # http://127.0.0.1:8723, no account, no key
//   node examples/site/serve.mjs 8800 &             # or any page you like
//   node examples/node.mjs
import { runWebTask } from 'taskwright';

const site = process.env.SITE_URL ?? 'http://127.0.0.1:8800';

const tea = await runWebTask(
  {
    prompt: 'Extract the name, the price and the origin',
    url: `${site}/teas/misty-ridge`,
    output_schema: {
      type: 'object',
      properties: { name: { type: 'string' }, price: { type: 'number' }, origin: { type: 'string' } },
      required: ['name', 'price', 'origin'],
    },
  },
  { timeoutMs: 60_000, onStatus: ({ status }) => console.log('status:', status) },
);

console.log(`${tea.name} from ${tea.origin}, ${tea.price.toFixed(2)} a tin`);

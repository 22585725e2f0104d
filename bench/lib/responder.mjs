// The other side of every measurement, in a process of its own: it speaks perform-web-task on loopback, answers status
// polls of Asteroid's and AgentBay's wires, and does nothing else. A task's id says when it ends, so nothing is stored and
// nothing is looked up.
import { createServer } from 'node:http';
import { bodyOf, execution, toolAnswer } from './bodies.mjs';
import { clockMs } from './clock.mjs';

const [fromMs, toMs] = process.argv.slice(2).map(Number);
const running = '{"data":{"status":"RUNNING"}}';
const bodies = new Map();
let counts = { requests: 0, connections: 0 };
let started = 0;
let open = 0;
let mostOpen = 0;

const server = createServer((request, response) => {
  counts.requests += 1;
  const { method, url } = request;
  if (method === 'POST') {
    const body = url.startsWith('/?Action=CallMcpTool&') ? () => toolAnswer : start;
    request.resume().on('end', () => answer(response, body()));
  } else {
    const id = url.split('/')[4];
    answer(response, url === `/agents/v2/executions/${id}` ? execution : status(id));
  }
});
server.keepAliveTimeout = 60_000;
server.on('connection', (socket) => {
  counts.connections += 1;
  open += 1;
  mostOpen = Math.max(mostOpen, open);
  socket.on('close', () => {
    open -= 1;
  });
});
// As many waiting connections as the system allows, for clients that open thousands at once.
server.listen({ port: 0, host: '127.0.0.1', backlog: 65_535 }, () => {
  process.send({ url: `http://127.0.0.1:${server.address().port}` });
});

process.on('message', () => {
  process.send({ ...counts, mostOpen });
  counts = { requests: 0, connections: 0 };
  mostOpen = open;
});
process.on('disconnect', () => process.exit());

function answer(response, body) {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

/** Tasks last evenly spread times between the two limits, in an order that looks like chance and is not. */
function start() {
  started += 1;
  const share = (started * 0.618_033_988_749_895) % 1;
  const end = clockMs() + fromMs + share * (toMs - fromMs);
  return `{"data":{"status":"running","workflow_id":"w-${started}-${Number.isFinite(end) ? end : 'never'}"}}`;
}

/** `w-N-END` is a task, `body-BYTES` one that has ended with a large result; all others never end. */
function status(id) {
  const [kind, size, end] = id.split('-');
  if (kind === 'w' && clockMs() >= Number(end)) {
    return `{"data":{"status":"COMPLETED","result":{"endedAt":${end}}}}`;
  }
  if (kind !== 'body') return running;
  if (!bodies.has(size)) bodies.set(size, bodyOf(Number(size)));
  return bodies.get(size);
}

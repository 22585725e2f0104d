// What the compiler knows about the portable entry. Nothing here runs.
import { type } from 'arktype';
import type {
  CallOptions,
  ErrorKind,
  FromJsonSchema,
  RunWebTaskOptions,
  StatusChange,
  TaskStatus,
  TaskwrightOptions,
  WaitForWebTaskOptions,
  WebTaskOutcome,
  WebTaskParams,
  WebTaskResult,
  WebTaskStarted,
  WebTaskStatus,
} from 'taskwright';
import {
  AmbiguousStartError,
  ApiError,
  getPerformWebTaskStatus,
  isTaskwrightError,
  performWebTask,
  ResultMismatchError,
  runWebTask,
  Taskwright,
  type TaskwrightError,
  WaitTimeoutError,
  waitForWebTask,
} from 'taskwright';
import * as v from 'valibot';
import { z } from 'zod';

type Same<One, Other> =
  (<T>() => T extends One ? 1 : 2) extends <T>() => T extends Other ? 1 : 2 ? true : false;
function holds<_Claim extends true>(): void {}

const client = new Taskwright({ baseUrl: 'http://127.0.0.1:8723', apiKey: 'k' });

// A result without a schema is unknown: the caller has to look.
const unknown = await runWebTask({ prompt: 'p' });
holds<Same<typeof unknown, unknown>>();

// An inline JSON Schema types the result, without `as const`.
const product = await runWebTask({
  prompt: 'p',
  output_schema: {
    type: 'object',
    properties: {
      name: { type: 'string' },
      price: { type: ['number', 'null'] },
      kind: { enum: ['a', 'b', 3] },
      tags: { type: 'array', items: { type: 'string' } },
      size: { type: 'object', properties: { w: { type: 'integer' } }, required: ['w'] },
      either: { anyOf: [{ type: 'string' }, { type: 'boolean' }] },
      always: { const: 'yes' },
      extra: { type: 'object' },
      list: { type: 'array' },
    },
    required: ['name', 'price', 'kind'],
  },
});
holds<
  Same<
    typeof product,
    {
      name: string;
      price: number | null;
      kind: 'a' | 'b' | 3;
      tags?: string[];
      size?: { w: number };
      either?: string | boolean;
      always?: 'yes';
      extra?: Record<string, unknown>;
      list?: unknown[];
    }
  >
>();
// @ts-expect-error -- a name that the schema does not have
product.colour;
// @ts-expect-error -- a price may be null
product.price.toFixed();

// The same from a constant.
const SCHEMA = {
  type: 'array',
  items: { type: 'object', properties: { href: { type: 'string' } }, required: ['href'] },
} as const;
const links = await client.runWebTask({ prompt: 'p', output_schema: SCHEMA });
holds<Same<typeof links, Array<{ href: string }>>>();
holds<Same<FromJsonSchema<typeof SCHEMA>, typeof links>>();

// A schema that is only known as JSON Schema says nothing.
declare const some: Record<string, unknown>;
const any = await runWebTask({ prompt: 'p', output_schema: some });
holds<Same<typeof any, unknown>>();

// Schema libraries type the result by what comes out of them.
const Card = z.object({ title: z.string(), at: z.string().transform((text) => new Date(text)) });
const card = await runWebTask({ prompt: 'p', output_schema: Card });
holds<Same<typeof card, { title: string; at: Date }>>();
const ark = await runWebTask({ prompt: 'p', output_schema: type({ title: 'string', 'count?': 'number' }) });
holds<Same<typeof ark, { title: string; count?: number }>>();
const vali = await runWebTask({ prompt: 'p', output_schema: v.object({ title: v.string() }) });
holds<Same<typeof vali, { title: string }>>();

// performWebTask: what comes back depends on `async`.
const started = await performWebTask({ prompt: 'p', async: true });
holds<Same<typeof started, WebTaskStarted>>();
started.data.workflow_id.toUpperCase();
const direct = await performWebTask({ prompt: 'p' });
holds<Same<typeof direct, WebTaskResult<unknown>>>();
const typed = await client.performWebTask({ prompt: 'p', async: false, output_schema: { type: 'string' } });
// The answer comes as it is: only runWebTask and waitForWebTask check it against the schema.
holds<Same<typeof typed, WebTaskResult<unknown>>>();
declare const asynchronous: boolean;
const either = await performWebTask({ prompt: 'p', async: asynchronous });
holds<Same<typeof either, WebTaskStarted | WebTaskResult<unknown>>>();
const wholeParams: WebTaskParams = {
  prompt: 'p',
  url: 'https://example.com',
  sessionId: 's',
  agent: 'browser-use',
  provider: 'a provider of tomorrow',
  model: 'm',
  detect_elements: true,
  human_intervention: false,
  max_steps: 10,
  secret_values: { pin: 'x' },
  highlight_elements: true,
  output_schema: { type: 'object' },
  directlyOpenUrl: true,
};
await runWebTask(wholeParams);

// @ts-expect-error -- the prompt is required
await runWebTask({});
// @ts-expect-error -- runWebTask is asynchronous by nature
await runWebTask({ prompt: 'p', async: true });
// @ts-expect-error -- a number is no prompt
await performWebTask({ prompt: 5 });
// @ts-expect-error -- a secret is a string
await performWebTask({ prompt: 'p', secret_values: { pin: 1234 } });
// @ts-expect-error -- a misspelt name
await performWebTask({ prompt: 'p', maxSteps: 5 });
// @ts-expect-error -- no schema
await runWebTask({ prompt: 'p', output_schema: 'string' });
// @ts-expect-error -- milliseconds are a number
await performWebTask({ prompt: 'p' }, { attemptTimeoutMs: '5' });
// @ts-expect-error -- that limit belongs to waiting
await performWebTask({ prompt: 'p' }, { timeoutMs: 5 });
// @ts-expect-error -- a run rejects when its task fails
await runWebTask({ prompt: 'p' }, { throwOnFailure: false });
// @ts-expect-error -- an id is a string
await getPerformWebTaskStatus(5);
// @ts-expect-error -- there are two backends
new Taskwright({ backend: 'somewhere' });
// @ts-expect-error -- the option is called baseUrl here
new Taskwright({ baseURL: 'http://127.0.0.1' });

// The status is a union that its own word tells apart.
const { data }: WebTaskStatus = await getPerformWebTaskStatus('W');
if (data.status === 'FAILED') data.error.toUpperCase();
else if (data.status === 'COMPLETED') holds<Same<typeof data.result, unknown>>();
else holds<Same<typeof data.status, 'RUNNING'>>();

// A wait that throws on failure gives a success; one that does not gives either.
const success = await waitForWebTask('W', { outputSchema: { type: 'number' } });
holds<Same<typeof success.status, 'succeeded'>>();
holds<Same<typeof success.result, number>>();
const plain = await client.waitForWebTask('W');
holds<Same<typeof plain.result, unknown>>();
const outcome = await waitForWebTask('W', { outputSchema: z.number(), throwOnFailure: false });
holds<Same<typeof outcome, WebTaskOutcome<number>>>();
if (outcome.status === 'succeeded') holds<Same<typeof outcome.result, number>>();
else outcome.error.toUpperCase();
// @ts-expect-error -- a failure has no result
outcome.result;
// @ts-expect-error -- an outcome is not to be changed
success.id = 'other';

// Options pass through code that has them optional, also with exactOptionalPropertyTypes.
declare const maybe: {
  key: string | undefined;
  signal: AbortSignal | undefined;
  timeoutMs: number | undefined;
  onStatus: undefined;
};
const wait: WaitForWebTaskOptions = maybe;
const run: RunWebTaskOptions = maybe;
const call: CallOptions = { signal: maybe.signal, maxRetries: undefined };
const options: TaskwrightOptions = { apiKey: maybe.key, fetch, headers: { a: 'b' } };
new Taskwright(options).withOptions({ fetch: globalThis.fetch, pollsInFlight: 5 });
await client.runWebTask(
  { prompt: 'p' },
  { ...run, onStatus: (change: StatusChange) => console.log(change.rawStatus) },
);
await client.waitForWebTask('W', wait);
await client.performWebTask({ prompt: 'p' }, call);
const statuses = {
  queued: 0,
  running: 0,
  paused: 0,
  awaiting_input: 0,
  succeeded: 0,
  failed: 0,
  cancelled: 0,
} satisfies Record<TaskStatus, number>;
console.log(statuses);

// Errors are told apart by class or by kind.
try {
  await runWebTask({ prompt: 'p' });
} catch (error) {
  if (error instanceof ApiError) holds<Same<typeof error.status, number>>();
  if (error instanceof AmbiguousStartError) holds<Same<typeof error.idempotencyKey, string | undefined>>();
  if (error instanceof WaitTimeoutError) error.observed.map(({ status, count }) => status.repeat(count));
  if (error instanceof ResultMismatchError) error.issues.map(({ path, message }) => path + message);
  if (isTaskwrightError(error)) {
    holds<Same<typeof error, TaskwrightError>>();
    const kind: ErrorKind = error.kind;
    console.log(kind, error.requestId, error.retryable);
  }
}

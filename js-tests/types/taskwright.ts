// What the types of `taskwright` promise. Nothing here runs; that it compiles is the test.
import {
  performWebTask,
  runWebTask,
  type StatusChange,
  TaskFailedError,
  type TaskStatus,
  Taskwright,
  type TaskwrightError,
  WaitTimeoutError,
  waitForWebTask,
} from 'taskwright';
import { z } from 'zod';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const sure = <_Holds extends true>(): void => undefined;

const task = { prompt: 'Extract the name and the price', url: 'https://example.com' };

// A result without a schema is unknown, not any.
const plain = await runWebTask(task);
sure<Equal<typeof plain, unknown>>();

// An inline JSON Schema types the result; so does a Standard Schema, with what it transforms.
const tea = await runWebTask({
  ...task,
  output_schema: {
    type: 'object',
    properties: {
      name: { type: 'string' },
      price: { type: 'number' },
      tags: { type: 'array', items: { type: 'string' } },
    },
    required: ['name', 'price'],
  },
});
sure<Equal<typeof tea.name, string>>();
sure<Equal<typeof tea.price, number>>();
sure<Equal<typeof tea.tags, string[] | undefined>>();
// @ts-expect-error there is no such property
tea.colour;

const parsed = await runWebTask({ ...task, output_schema: z.object({ price: z.number() }) });
sure<Equal<typeof parsed, { price: number }>>();

// A start with `async: true` gives an id, one without gives the result.
const started = await performWebTask({ ...task, async: true });
sure<Equal<typeof started.data.workflow_id, string>>();
const done = await performWebTask(task);
sure<Equal<typeof done.data.result, unknown>>();
// @ts-expect-error a task that was waited for has no id in its answer
done.data.workflow_id;

// A wait that throws on failure succeeds when it resolves; one that does not must be looked at.
const success = await waitForWebTask(started.data.workflow_id);
sure<Equal<typeof success.status, 'succeeded'>>();
const outcome = await waitForWebTask(started.data.workflow_id, { throwOnFailure: false });
if (outcome.status === 'succeeded') outcome.result;
else sure<Equal<typeof outcome.error, string>>();

// A status answer is told apart by its word.
const { data } = await new Taskwright({ apiKey: process.env.KEY }).getPerformWebTaskStatus('w');
if (data.status === 'FAILED') sure<Equal<typeof data.error, string>>();

const seen = (change: StatusChange): TaskStatus => change.status;
await runWebTask(task, { timeoutMs: 1000, signal: AbortSignal.timeout(500), onStatus: seen });

// @ts-expect-error a prompt is needed
await runWebTask({ url: 'https://example.com' });
// @ts-expect-error durations are numbers
await runWebTask(task, { timeoutMs: '5s' });

const describe = (error: TaskwrightError): string => {
  if (error instanceof WaitTimeoutError)
    return error.observed.map(({ status, count }) => `${status} ${count}`).join();
  if (error instanceof TaskFailedError) return error.taskId;
  return error.kind;
};

export { describe };

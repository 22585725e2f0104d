// Schemas for results: JSON Schema travels, and the result comes back checked, by us or by its own library.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type } from 'arktype';
import { isTaskwrightError, ResultMismatchError, Taskwright } from 'taskwright';
import * as v from 'valibot';
import { z } from 'zod';
import { failureOf } from '../helpers/outcome.mjs';
import { completed, taskServer } from '../helpers/task-server.mjs';

let server;
let client;
let result;
before(async () => {
  server = await taskServer({ status: () => completed(result) });
  client = new Taskwright({ baseUrl: server.url });
});
after(() => server.close());

/** Runs a task whose result is `value`, under `schema`. */
const run = (schema, value) => {
  result = value;
  return client.runWebTask({ prompt: 'p', output_schema: schema });
};
const sent = () => server.tasks.at(-1).body.output_schema;

const ITEM = {
  type: 'object',
  properties: {
    name: { type: 'string', minLength: 2 },
    price: { type: 'number', minimum: 0 },
    tags: { type: 'array', items: { enum: ['a', 'b'] } },
  },
  required: ['name', 'price'],
  additionalProperties: false,
};

test('a JSON Schema travels as it is and a result that fits comes back as it is', async () => {
  const value = { name: 'Lamp', price: 0, tags: ['a', 'b', 'a'] };
  assert.deepEqual(await run(ITEM, value), value);
  assert.deepEqual(sent(), ITEM);
});

const MISFITS = [
  [{ name: 'L', price: 1 }, 'name', 'takes at least 2 characters, got "L"'],
  [{ name: 'Lamp', price: -1 }, 'price', 'takes a number from 0, got -1'],
  [{ name: 'Lamp', price: '5' }, 'price', 'takes number, got "5"'],
  [{ name: 'Lamp' }, 'price', 'is required and missing'],
  [{ name: 'Lamp', price: 1, tags: ['a', 'c'] }, 'tags[1]', 'takes one of ["a","b"], got "c"'],
  [{ name: 'Lamp', price: 1, more: 1 }, 'more', 'takes nothing, got 1'],
  ['Lamp', '', 'takes object, got "Lamp"'],
  [null, '', 'takes object, got null'],
  [undefined, '', 'takes object, got undefined'],
  [[], '', 'takes object, got []'],
];

test('a result that does not fit a JSON Schema says where and why, and is not lost', async () => {
  for (const [value, path, message] of MISFITS) {
    const error = await failureOf(run(ITEM, value));
    assert.ok(error instanceof ResultMismatchError, error.message);
    assert.deepEqual(error.issues, [{ path, message }]);
    assert.deepEqual(error.result, value);
    assert.equal(error.taskId, server.tasks.at(-1).id);
    assert.equal(error.retryable, false);
    assert.ok(
      error.message.startsWith(
        `the result of task ${error.taskId} does not fit its schema: ${path || 'it'} `,
      ),
      error.message,
    );
  }
});

test('many issues are reported together, and not endlessly many', async () => {
  const error = await failureOf(
    run(
      { type: 'array', items: { type: 'string' } },
      Array.from({ length: 1_000 }, (_, index) => index),
    ),
  );
  assert.ok(error.issues.length > 1 && error.issues.length <= 20, `${error.issues.length} issues`);
  assert.equal(error.issues[1].path, '[1]');
});

test('names from Object.prototype are no properties', async () => {
  const error = await failureOf(run({ type: 'object', required: ['toString'] }, {}));
  assert.equal(error.issues[0].path, 'toString');
  const value = JSON.parse('{"constructor": 1, "__proto__": 2}');
  const schema = { type: 'object', properties: {}, additionalProperties: { type: 'number' } };
  assert.deepEqual(Object.keys(await run(schema, value)), ['constructor', '__proto__']);
});

test('a schema that refers to itself follows a tree to its leaves', async () => {
  const tree = {
    type: 'object',
    properties: { children: { type: 'array', items: { $ref: '#' } }, name: { type: 'string' } },
    required: ['name'],
  };
  await run(tree, { name: 'a', children: [{ name: 'b', children: [] }] });
  const error = await failureOf(run(tree, { name: 'a', children: [{ name: 'b', children: [{}] }] }));
  assert.equal(error.issues[0].path, 'children[0].children[0].name');
});

test('a schema that refers only to itself does not hang', async () => {
  const started = performance.now();
  await run({ $ref: '#' }, 1).catch(() => {});
  assert.ok(performance.now() - started < 5_000, 'well under five seconds');
});

test('a large result is checked in reasonable time', async () => {
  const rows = Array.from({ length: 5_000 }, (_, index) => ({ name: `row ${index}`, price: index }));
  const started = performance.now();
  assert.equal((await run({ type: 'array', items: ITEM }, rows)).length, 5_000);
  assert.ok(performance.now() - started < 10_000, 'well under ten seconds');
});

test('waitForWebTask checks against outputSchema', async () => {
  result = 5;
  assert.equal((await client.waitForWebTask('W', { outputSchema: { type: 'number' } })).result, 5);
  const error = await failureOf(client.waitForWebTask('W', { outputSchema: { type: 'string' } }));
  assert.equal(error.name, 'ResultMismatchError');
  assert.equal(
    (await client.waitForWebTask('W', { outputSchema: z.number().transform((n) => n + 1) })).result,
    6,
  );
});

/** The same schema, of two libraries: an object with a title, and a count that is transformed. */
const LIBRARIES = {
  zod: {
    plain: z.object({ title: z.string(), count: z.number() }),
    transforming: z.object({ title: z.string() }).transform(({ title }) => title.length),
  },
  arktype: {
    plain: type({ title: 'string', count: 'number' }),
    transforming: type({ title: 'string' }).pipe(({ title }) => title.length),
  },
};

for (const [library, { plain, transforming }] of Object.entries(LIBRARIES)) {
  test(`a schema of ${library} travels as JSON Schema`, async () => {
    assert.deepEqual(await run(plain, { title: 'T', count: 1 }), { title: 'T', count: 1 });
    assert.equal(sent().type, 'object');
    assert.deepEqual(sent().properties, { title: { type: 'string' }, count: { type: 'number' } });
    assert.deepEqual([...sent().required].sort(), ['count', 'title']);
  });

  test(`a schema of ${library} has the last word and transforms the result`, async () => {
    assert.equal(await run(transforming, { title: 'four' }), 4);
    assert.deepEqual(sent().properties, { title: { type: 'string' } });
  });

  test(`a result that a schema of ${library} refuses says where and why, and is not lost`, async () => {
    const error = await failureOf(run(plain, { title: 5, count: 1 }));
    assert.ok(error instanceof ResultMismatchError, error.message);
    assert.equal(error.issues[0].path, 'title');
    assert.match(error.issues[0].message, /string/);
    assert.deepEqual(error.result, { title: 5, count: 1 });
    assert.equal(error.taskId, server.tasks.at(-1).id);
  });
}

test('errors about schemas say which field, or what does not fit', async () => {
  for (const [schema, field, message] of [
    [z.string(), undefined, /^the result of task \S+ does not fit its schema: Invalid input/],
    [z.date(), 'output_schema', /^"output_schema" this zod schema has no JSON Schema/],
    [v.string(), 'output_schema', /^"output_schema" schemas of valibot/],
  ]) {
    const error = await failureOf(run(schema, 5));
    assert.equal(error.field, field, error.message);
    assert.match(error.message, message);
  }
});

test('paths of a library read as ours do', async () => {
  const schema = z.object({ items: z.array(z.object({ 'a b': z.string() })) });
  const error = await failureOf(run(schema, { items: [{ 'a b': '' }, { 'a b': 1 }] }));
  assert.equal(error.issues[0].path, 'items[1].a b');
});

test('a check that takes its time is waited for', async () => {
  const schema = z.string().refine(async (text) => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    return text === 'good';
  }, 'is not good');
  assert.equal(await run(schema, 'good'), 'good');
  assert.equal((await failureOf(run(schema, 'bad'))).issues[0].message, 'is not good');
});

test('a default of the schema fills the result', async () => {
  assert.deepEqual(await run(z.object({ title: z.string().default('none') }), {}), { title: 'none' });
});

test('a library without JSON Schema is told what to do, and nothing is sent', async () => {
  const before = server.requests.length;
  const error = await failureOf(run(v.object({ title: v.string() }), {}));
  assert.equal(error.name, 'InvalidInputError');
  assert.equal(error.field, 'output_schema');
  assert.equal(
    error.message,
    '"output_schema" schemas of valibot do not bring their JSON Schema along; pass the JSON Schema made from it',
  );
  assert.equal(server.requests.length, before);
});

test('a schema that has no JSON Schema says which part', async () => {
  const error = await failureOf(run(z.object({ at: z.date() }), {}));
  assert.equal(error.name, 'InvalidInputError');
  assert.match(error.message, /^"output_schema" this zod schema has no JSON Schema: Date/);
  assert.ok(error.cause instanceof Error);
});

test('a schema whose own code throws does not lose the result of a long task', async () => {
  const schema = z.string().transform(() => {
    throw new Error('a defect of the schema');
  });
  const error = await failureOf(run(schema, 'hours of work'));
  assert.ok(isTaskwrightError(error), error.message);
  assert.equal(error.result, 'hours of work');
  assert.equal(error.cause.message, 'a defect of the schema');
});

test('performWebTask gives the result of a task that it waited for as it is', async () => {
  for (const output_schema of [z.string().transform((text) => text.length), z.number(), { type: 'number' }]) {
    assert.deepEqual(await client.performWebTask({ prompt: 'p', output_schema }), { data: { result: 'ok' } });
    assert.ok(sent(), 'the schema travels nevertheless');
  }
});

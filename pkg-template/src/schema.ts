import { InvalidInputError, ResultMismatchError } from './errors.js';

/**
 * Schemas for results: a plain JSON Schema, or the object of any library that implements the Standard
 * Schema specification (zod, ArkType, Effect Schema and others).
 */

/** A JSON Schema (draft 2020-12). Write it `as const`, or inline, and the result is typed by it. */
export type JsonSchema = { readonly [keyword: string]: unknown };

/** The part of Standard Schema v1 that is used, with its JSON Schema extension. */
export interface StandardSchema<Output = unknown> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
    readonly jsonSchema?: { readonly input: (options: { readonly target: string }) => object };
  };
}

/** What a Standard Schema says of a value. */
export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: ReadonlyArray<StandardIssue> };

/** One place where a value does not fit. */
export interface StandardIssue {
  readonly message: string;
  readonly path?: ReadonlyArray<PropertyKey | { readonly key: PropertyKey }> | undefined;
}

/** What `output_schema` takes. */
export type OutputSchema = JsonSchema | StandardSchema;

/** The type of a result that fits `Schema`. */
export type ResultOf<Schema> = Schema extends StandardSchema
  ? Schema['~standard'] extends { readonly types?: { readonly output: infer Output } | undefined }
    ? Output
    : unknown
  : FromJsonSchema<Schema>;

/** The values that a JSON Schema describes, as far as its keywords say so in the type system. */
export type FromJsonSchema<Schema> = Schema extends { readonly const: infer Value }
  ? Value
  : Schema extends { readonly enum: ReadonlyArray<infer Value> }
    ? Value
    : Schema extends { readonly anyOf: ReadonlyArray<infer Part> }
      ? FromJsonSchema<Part>
      : Schema extends { readonly oneOf: ReadonlyArray<infer Part> }
        ? FromJsonSchema<Part>
        : Schema extends { readonly type: infer Type }
          ? OfType<Type, Schema>
          : unknown;

type OfType<Type, Schema> =
  Type extends ReadonlyArray<infer One>
    ? OfType<One, Schema>
    : Type extends 'string'
      ? string
      : Type extends 'number' | 'integer'
        ? number
        : Type extends 'boolean'
          ? boolean
          : Type extends 'null'
            ? null
            : Type extends 'array'
              ? Schema extends { readonly items: infer Items }
                ? Array<FromJsonSchema<Items>>
                : unknown[]
              : Type extends 'object'
                ? OfObject<Schema>
                : unknown;

type OfObject<Schema> = Schema extends { readonly properties: infer Properties }
  ? Flat<
      { -readonly [Name in RequiredName<Schema, Properties>]: FromJsonSchema<Properties[Name]> } & {
        -readonly [Name in Exclude<keyof Properties, RequiredName<Schema, Properties>>]?: FromJsonSchema<
          Properties[Name]
        >;
      }
    >
  : Record<string, unknown>;

type RequiredName<Schema, Properties> = Schema extends { readonly required: ReadonlyArray<infer Name> }
  ? Extract<Name, keyof Properties>
  : never;

type Flat<T> = { [Name in keyof T]: T[Name] };

/** @internal A schema as it travels, and the check that only its own library can do. */
export interface PreparedSchema {
  readonly json: unknown;
  readonly standard: StandardSchema | undefined;
}

const NO_SCHEMA: PreparedSchema = { json: undefined, standard: undefined };

/** @internal Turns what the user gave into JSON Schema for the wire. */
export function prepareSchema(field: string, schema: unknown): PreparedSchema {
  if (!isStandard(schema)) {
    const isObject = typeof schema === 'object' && schema !== null && !Array.isArray(schema);
    if (schema === undefined) return NO_SCHEMA;
    if (isObject) return { json: schema, standard: undefined };
    throw invalid(field, `takes a JSON Schema or a Standard Schema object, got ${describe(schema)}`);
  }
  const { vendor, jsonSchema } = schema['~standard'];
  const own = schema as { toJSONSchema?: () => object; toJsonSchema?: () => object };
  try {
    // The input side: what the agent has to produce, before the schema transforms it.
    const json =
      jsonSchema?.input({ target: 'draft-2020-12' }) ?? own.toJSONSchema?.() ?? own.toJsonSchema?.();
    if (json !== undefined) return { json: JSON.parse(JSON.stringify(json)), standard: schema };
  } catch (cause) {
    throw invalid(
      field,
      `this ${vendor} schema has no JSON Schema: ${cause instanceof Error ? cause.message : String(cause)}`,
      cause,
    );
  }
  throw invalid(
    field,
    `schemas of ${vendor} do not bring their JSON Schema along; pass the JSON Schema made from it`,
  );
}

/** @internal The result as its schema's own library sees it, transformed where the schema transforms. */
export async function applyStandard(
  standard: StandardSchema,
  taskId: string,
  result: unknown,
): Promise<unknown> {
  let outcome: StandardResult<unknown>;
  try {
    outcome = await standard['~standard'].validate(result);
  } catch (cause) {
    // The schema's own code failed; the result must not be lost with it.
    throw new ResultMismatchError(`the schema of task ${taskId} failed on its result: ${String(cause)}`, {
      kind: 'result_mismatch',
      operation: 'tools.getPerformWebTaskStatus',
      taskId,
      result,
      cause,
    });
  }
  if (outcome.issues === undefined) return outcome.value;
  const issues = outcome.issues.map(({ path, message }) => ({ path: pathText(path), message }));
  const first = issues[0];
  const place = first?.path ? `${first.path}: ` : '';
  throw new ResultMismatchError(
    `the result of task ${taskId} does not fit its schema: ${place}${first?.message ?? ''}`,
    {
      kind: 'result_mismatch',
      operation: 'tools.getPerformWebTaskStatus',
      taskId,
      result,
      issues,
    },
  );
}

function isStandard(schema: unknown): schema is StandardSchema {
  // ArkType's schemas are functions.
  return (
    ((typeof schema === 'object' && schema !== null) || typeof schema === 'function') &&
    '~standard' in schema &&
    typeof (schema as StandardSchema)['~standard']?.validate === 'function'
  );
}

function pathText(path: StandardIssue['path']): string {
  let text = '';
  for (const step of path ?? []) {
    const key = typeof step === 'object' ? step.key : step;
    text += typeof key === 'number' ? `[${key}]` : `${text && '.'}${String(key)}`;
  }
  return text;
}

function describe(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`;
}

function invalid(field: string, problem: string, cause?: unknown): InvalidInputError {
  return new InvalidInputError(`"${field}" ${problem}`, { kind: 'invalid_input', field, cause });
}

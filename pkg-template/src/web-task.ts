import type { FromJsonSchema, JsonSchema, OutputSchema, ResultOf, StandardSchema } from './schema.js';

/**
 * What is to be done. Names and meaning follow Anchor's perform-web-task, which the local server
 * understands as well.
 */
export interface WebTaskParams<Schema = OutputSchema> {
  /** The instruction, in plain words. */
  prompt: string;
  /** The page to begin with: an absolute `http` or `https` address. Without it, the session's current page. */
  url?: string;
  /** A browser session to work in; without it the task gets one of its own. */
  sessionId?: string;
  /** The agent that carries the task out; the local server has one, `rules`, and accepts any word. */
  agent?: 'browser-use' | 'openai-cua' | 'gemini-computer-use' | 'anthropic-cua' | 'yutori' | (string & {});
  /** The provider of the agent's model. */
  provider?: 'openai' | 'gemini' | 'groq' | 'azure' | 'xai' | (string & {});
  /** The agent's model. */
  model?: string;
  /** Detect elements for more precise interaction. */
  detect_elements?: boolean;
  /** Allow the agent to ask a person. */
  human_intervention?: boolean;
  /**
   * Steps that the agent may take at most; a whole number from 1.
   *
   * @default 200, on the server
   */
  max_steps?: number;
  /** Values by name for placeholders in the prompt. They appear in no error and no log. */
  secret_values?: Readonly<Record<string, string>>;
  /** Highlight elements while the agent works. */
  highlight_elements?: boolean;
  /** What the result shall look like: a JSON Schema or any Standard Schema object. */
  output_schema?: Schema;
  /** Open the page directly instead of through the agent. */
  directlyOpenUrl?: boolean;
}

/** Parameters of {@link Taskwright.performWebTask}. */
export interface PerformWebTaskParams<Schema = OutputSchema> extends WebTaskParams<Schema> {
  /**
   * Answer at once with an id instead of waiting for the task's end.
   *
   * @default false
   */
  async?: boolean;
}

/** The answer to a start with `async: true`. */
export interface WebTaskStarted {
  data: {
    /** Always `running`, in lower case. */
    status: string;
    /** What {@link Taskwright.getPerformWebTaskStatus} and {@link Taskwright.waitForWebTask} take. */
    workflow_id: string;
  };
}

/** The answer to a task that was waited for. */
export interface WebTaskResult<Result = unknown> {
  data: { result: Result };
}

/** How a task stands. */
export interface WebTaskStatus<Result = unknown> {
  data:
    | { status: 'RUNNING'; result?: undefined; error?: undefined }
    | { status: 'COMPLETED'; result: Result; error?: undefined }
    | { status: 'FAILED'; error: string; result?: undefined };
}

/** The status of a task in words that all backends share. */
export type TaskStatus =
  | 'queued'
  | 'running'
  | 'paused'
  | 'awaiting_input'
  | 'succeeded'
  | 'failed'
  | 'cancelled';

/** How a task ended. */
export type WebTaskOutcome<Result = unknown> =
  | {
      readonly id: string;
      readonly status: 'succeeded';
      /** The backend's own word. */
      readonly rawStatus: string;
      readonly result: Result;
    }
  | {
      readonly id: string;
      readonly status: 'failed' | 'cancelled';
      /** The backend's own word. */
      readonly rawStatus: string;
      /** Why, in the backend's words. */
      readonly error: string;
    };

/** What `onStatus` is told. */
export interface StatusChange {
  /** The task. */
  readonly id: string;
  readonly status: TaskStatus;
  /** The backend's own word. */
  readonly rawStatus: string;
}

/** Headers: an object, a `Headers`, or anything else that gives pairs. */
export type CallHeaders = Readonly<Record<string, string>> | Iterable<readonly [string, string]>;

/** Options of every call. */
export interface CallOptions {
  /** Ends the call when it is aborted; the call rejects with the signal's reason. The remote task goes on. */
  signal?: AbortSignal | undefined;
  /**
   * How long one request may take, from connecting to its parsed answer. Milliseconds, or `Infinity`.
   *
   * @default 1_200_000 for a call; 30_000 for each request of a wait
   */
  attemptTimeoutMs?: number | undefined;
  /**
   * How long the call may take in all, with its retries and pauses. Milliseconds, or `Infinity`.
   *
   * @default Infinity
   */
  totalTimeoutMs?: number | undefined;
  /**
   * How often a request may be sent again. A start is repeated only when nothing can be started twice.
   *
   * @default 2
   */
  maxRetries?: number | undefined;
  /** Further headers. */
  headers?: CallHeaders | undefined;
  /**
   * Two starts with the same key start one task. The local server honours it; for Anchor it is only sent.
   *
   * @default a random one for each start, where the backend honours it
   */
  idempotencyKey?: string | undefined;
}

/** Options of a wait. */
export interface WaitOptions<Schema = OutputSchema> extends Omit<CallOptions, 'totalTimeoutMs'> {
  /**
   * How long to wait in all, the start included for {@link Taskwright.runWebTask}. Milliseconds, or `Infinity`.
   *
   * @default Infinity
   */
  timeoutMs?: number | undefined;
  /** Told when the status changes, the first one included. What it throws, or its promise rejects with, ends the wait. */
  onStatus?: ((change: StatusChange) => unknown) | undefined;
  /** The result is checked against this and typed by it. */
  outputSchema?: Schema | undefined;
}

/** Options of {@link Taskwright.waitForWebTask}. */
export interface WaitForWebTaskOptions<Schema = OutputSchema> extends WaitOptions<Schema> {
  /**
   * Reject with a `TaskFailedError` when the task fails. With `false` the outcome says so.
   *
   * @default true
   */
  throwOnFailure?: boolean | undefined;
}

/** Options of {@link Taskwright.runWebTask}; the schema is part of the task there. */
export type RunWebTaskOptions = Omit<WaitOptions, 'outputSchema'>;

/** The type of a result: by its schema when there is one, else unknown. */
export type Typed<Schema> = [OutputSchema] extends [Schema]
  ? unknown
  : Schema extends StandardSchema
    ? ResultOf<Schema>
    : Schema extends JsonSchema
      ? FromJsonSchema<Schema>
      : unknown;

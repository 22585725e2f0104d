import type { APIPromise } from '../api-promise.js';
import type { RequestOptions } from '../options.js';
import type { Perform } from './perform.js';

/** A word that is documented, or any other: the service adds words between releases. */
type OrOther<Word extends string> = Word | (string & {});

/**
 * What `performWebTask` takes. Each field is checked before anything is sent; fields that are not listed
 * here travel as they are.
 */
export interface ToolPerformWebTaskParams {
  /** The task, in plain words. */
  prompt: string;
  /** The page to begin with, http or https. Without it the task works on the page that is open in the session. */
  url?: string;
  /** The browser session to work in. Sent in the query. */
  sessionId?: string;
  /**
   * `true`: the answer comes at once and names the task; ask {@link Tools.getPerformWebTaskStatus} for the
   * rest. `false`: the answer comes when the task has ended.
   *
   * @default false
   */
  async?: boolean;
  /** @default 'browser-use' */
  agent?: OrOther<'browser-use' | 'openai-cua' | 'gemini-computer-use' | 'anthropic-cua' | 'yutori'>;
  /** Who runs the model. */
  provider?: OrOther<'openai' | 'gemini' | 'groq' | 'azure' | 'xai'>;
  /** The model, by the provider's name for it. */
  model?: string;
  /** Whether the agent has elements of the page found and numbered for it. */
  detect_elements?: boolean;
  /** Whether the agent may stop to ask a person. */
  human_intervention?: boolean;
  /**
   * Steps that the agent may take, at least 1.
   *
   * @default 200
   */
  max_steps?: number;
  /** Values that the agent may use and nobody else gets to see; errors and logs leave them out. */
  secret_values?: Readonly<Record<string, string>>;
  /** Whether elements are marked on the page while the agent works. */
  highlight_elements?: boolean;
  /** A JSON Schema that the result is to fit. */
  output_schema?: object;
  /** Whether `url` is opened before the agent begins, instead of by the agent. */
  directlyOpenUrl?: boolean;
}

/** The answer to a task with `async: true`. */
export interface ToolPerformWebTaskStarted {
  readonly data: {
    readonly status: OrOther<'running'>;
    /** What {@link Tools.getPerformWebTaskStatus} takes. */
    readonly workflow_id: string;
    readonly result?: undefined;
  };
}

/** The answer to a task without `async: true`. */
export interface ToolPerformWebTaskFinished<TResult = unknown> {
  readonly data: {
    /** What the agent found: text or an object, as the task and its `output_schema` asked. */
    readonly result: TResult;
    readonly status?: undefined;
    readonly workflow_id?: undefined;
  };
}

/** What `performWebTask` answers; `async` decides which. */
export type ToolPerformWebTaskResponse<TResult = unknown> =
  | ToolPerformWebTaskStarted
  | ToolPerformWebTaskFinished<TResult>;

/** How a task stands. These are the documented statuses; another word arrives as the service sent it. */
export interface ToolGetPerformWebTaskStatusResponse<TResult = unknown> {
  readonly data:
    | ToolGetPerformWebTaskStatusResponse.PerformWebTaskStatusRunningResponseData
    | ToolGetPerformWebTaskStatusResponse.PerformWebTaskStatusSuccessResponseData<TResult>
    | ToolGetPerformWebTaskStatusResponse.PerformWebTaskStatusFailedResponseData;
}

export declare namespace ToolGetPerformWebTaskStatusResponse {
  /** The task is at work. */
  interface PerformWebTaskStatusRunningResponseData {
    readonly status: 'RUNNING';
    readonly result?: undefined;
    readonly error?: undefined;
  }

  /** The workflow has ended. Whether the agent achieved what was asked stands in `result`. */
  interface PerformWebTaskStatusSuccessResponseData<TResult = unknown> {
    readonly status: 'COMPLETED';
    readonly result: TResult;
    readonly error?: undefined;
  }

  /** The workflow has failed, and why. */
  interface PerformWebTaskStatusFailedResponseData {
    readonly status: 'FAILED';
    readonly result?: undefined;
    readonly error: string;
  }
}

/** What `fetchWebpage` takes. */
export interface ToolFetchWebpageParams {
  /** The browser session to use. Sent in the query. */
  sessionId?: string;
  /** The page; without it the one that is open in the session. */
  url?: string;
  /** How the page comes back. */
  format?: 'html' | 'markdown';
  /** How long content that appears late is waited for. Milliseconds. */
  wait?: number;
  /** Whether to use a page of its own. */
  new_page?: boolean;
  /** Which of the session's pages to use; wins over `new_page`. */
  page_index?: number;
  /** Whether a page that is not there after 20 seconds is returned as far as it is. */
  return_partial_on_timeout?: boolean;
}

/** The page's text. */
export type ToolFetchWebpageResponse = string;

/** What `screenshotWebpage` takes. */
export interface ToolScreenshotWebpageParams {
  /** The browser session to use. Sent in the query. */
  sessionId?: string;
  /** The page. */
  url?: string;
  /** Width of the viewport, pixels. */
  width?: number;
  /** Height of the viewport, pixels. */
  height?: number;
  /** 1 to 100. */
  image_quality?: number;
  /** How long to wait once the page is there. Milliseconds. */
  wait?: number;
  /** Whether to scroll through the page first, so that lazy content loads. */
  scroll_all_content?: boolean;
  /** Whether to picture the page in its full height. */
  capture_full_height?: boolean;
  /** A presigned address that the picture is uploaded to. */
  s3_target_address?: string;
}

/** `client.tools`. */
export class Tools {
  readonly #perform: Perform;

  /** @internal */
  constructor(perform: Perform) {
    this.#perform = perform;
  }

  /**
   * Starts a task (`async: true`), or performs it to its end.
   *
   * It is sent again only when it certainly was not accepted. An error whose `maybeStarted` is true says
   * that nobody knows.
   *
   * Vendor document: "Async Perform Web Task", `POST /v1/tools/perform-web-task`.
   *
   * @example
   * ```ts
   * const { data } = await client.tools.performWebTask({
   *   prompt: 'Extract the main heading',
   *   url: 'https://example.com',
   *   async: true,
   * });
   * console.log(data.workflow_id);
   * ```
   */
  performWebTask(
    params: ToolPerformWebTaskParams & { readonly async: true },
    options?: RequestOptions,
  ): APIPromise<ToolPerformWebTaskStarted>;
  performWebTask<TResult = unknown>(
    params: ToolPerformWebTaskParams & { readonly async?: false },
    options?: RequestOptions,
  ): APIPromise<ToolPerformWebTaskFinished<TResult>>;
  performWebTask<TResult = unknown>(
    params: ToolPerformWebTaskParams,
    options?: RequestOptions,
  ): APIPromise<ToolPerformWebTaskResponse<TResult>>;
  performWebTask(params: ToolPerformWebTaskParams, options?: RequestOptions): APIPromise<unknown> {
    return this.#perform('tools.performWebTask', [], params, options);
  }

  /**
   * How a task stands that was started with `async: true`.
   *
   * Vendor document: "Async Perform Web Task", `GET /v1/tools/perform-web-task/{workflowId}/status`.
   *
   * @example
   * ```ts
   * const { data } = await client.tools.getPerformWebTaskStatus(workflowId);
   * if (data.status === 'COMPLETED') console.log(data.result);
   * ```
   */
  getPerformWebTaskStatus<TResult = unknown>(
    workflowId: string,
    options?: RequestOptions,
  ): APIPromise<ToolGetPerformWebTaskStatusResponse<TResult>> {
    return this.#perform('tools.getPerformWebTaskStatus', [workflowId], undefined, options);
  }

  /**
   * A page's content as HTML or markdown.
   *
   * Vendor endpoint: `POST /v1/tools/fetch-webpage`.
   *
   * @example
   * ```ts
   * const text = await client.tools.fetchWebpage({ url: 'https://example.com', format: 'markdown' });
   * ```
   */
  fetchWebpage(
    params: ToolFetchWebpageParams,
    options?: RequestOptions,
  ): APIPromise<ToolFetchWebpageResponse> {
    return this.#perform('tools.fetchWebpage', [], params, options);
  }

  /**
   * A picture of a page: a `Response` with an unread PNG body. Read or cancel that body.
   *
   * Vendor endpoint: `POST /v1/tools/screenshot`.
   *
   * @example
   * ```ts
   * const response = await client.tools.screenshotWebpage({ url: 'https://example.com' });
   * const png = await response.arrayBuffer();
   * ```
   */
  screenshotWebpage(params: ToolScreenshotWebpageParams, options?: RequestOptions): APIPromise<Response> {
    return this.#perform('tools.screenshotWebpage', [], params, options);
  }
}

import type { AgentBayError } from './errors.js';
import type { Session, SessionInfo } from './session.js';

/** What every result has. */
export interface ApiResponse {
  /** The service's id of the request; of a failed one too, where the service could be heard. */
  readonly requestId: string;
  readonly success: boolean;
  /** Empty when it succeeded. */
  readonly errorMessage: string;
  /** The service's code. */
  readonly code: string;
  /** The service's sentence. */
  readonly message: string;
  /** 0 when there was no answer. */
  readonly httpStatusCode: number;
  /** The failure as an error; only when it failed. */
  readonly error?: AgentBayError;
}

/** Result of methods that bring something. */
export interface OperationResult<Data> extends ApiResponse {
  /** `null` when it failed. */
  readonly data: Data;
}

/** Result of `create` and `get`. */
export type SessionResult =
  | (ApiResponse & { readonly success: true; readonly session: Session })
  | (ApiResponse & { readonly success: false; readonly session?: undefined });

/** Result of `delete`. */
export type DeleteResult = ApiResponse;

/** Result of `pause`, `resume`, `pauseAsync`, `resumeAsync` and `getStatus`. */
export interface SessionStatusResult extends ApiResponse {
  readonly status: SessionStatus;
}

/** Result of `pause` and `pauseAsync`. */
export type SessionPauseResult = SessionStatusResult;

/** Result of `resume` and `resumeAsync`. */
export type SessionResumeResult = SessionStatusResult;

/** Statuses of a session. New ones may come. */
export type SessionStatus =
  | 'RUNNING'
  | 'PAUSING'
  | 'PAUSED'
  | 'RESUMING'
  | 'DELETING'
  | 'DELETED'
  | (string & {});

/** A session in a list. */
export interface SessionSummary {
  readonly sessionId: string;
  readonly sessionStatus: SessionStatus;
  readonly appInstanceId?: string;
  readonly imageId?: string;
  readonly [member: string]: unknown;
}

/** Result of `list`. */
export interface SessionListResult extends ApiResponse {
  readonly sessionIds: readonly string[];
  readonly sessions: readonly SessionSummary[];
  /** Empty on the last page. */
  readonly nextToken: string;
  readonly maxResults: number;
  readonly totalCount: number;
}

/** Result of `info`. */
export type SessionInfoResult = OperationResult<SessionInfo>;

/** A tool that a session has. */
export interface McpTool {
  readonly name: string;
  readonly description: string;
  /** A JSON Schema. */
  readonly inputSchema: Readonly<Record<string, unknown>>;
  readonly server: string;
  readonly tool: string;
}

/** Result of `listMcpTools`. */
export interface McpToolsResult extends ApiResponse {
  readonly tools: readonly McpTool[];
}

/** Result of `callMcpTool`: the text that the tool answered. */
export type McpToolResult = OperationResult<string>;

/** How a task stands. Words that are not listed mean that it goes on. */
export type AgentTaskStatus =
  | 'running'
  | 'finished'
  | 'failed'
  | 'unsupported'
  | 'completed'
  | 'cancelled'
  | 'cancelling'
  | (string & {});

/** Result of methods that start, run or end a task. */
export interface ExecutionResult extends ApiResponse {
  readonly taskId: string;
  readonly taskStatus: AgentTaskStatus;
  /** What the task came to. */
  readonly taskResult: string;
}

/** Result of `getTaskStatus`. */
export interface QueryResult extends ApiResponse {
  readonly taskId: string;
  readonly taskStatus: AgentTaskStatus;
  /** What the agent does. */
  readonly taskAction: string;
  /** What it has made so far. */
  readonly taskProduct: string;
  /** Of mobiles. */
  readonly stream?: readonly unknown[];
}

/** What `create` takes. What is not listed here is sent as well, with its first letter in upper case. */
export interface CreateSessionParams {
  /** For example `browser_latest`, `linux_latest`, `windows_latest`, `mobile_latest`. */
  imageId?: string | undefined;
  labels?: Readonly<Record<string, string>> | undefined;
  policyId?: string | undefined;
  /** Contexts that are kept from session to session. */
  contextSyncs?: readonly ContextSync[] | undefined;
  enableBrowserReplay?: boolean | undefined;
  /** The session ends after so long without use; seconds. */
  idleReleaseTimeout?: number | undefined;
  [parameter: string]: unknown;
}

/** A context and where it lies in the session. */
export interface ContextSync {
  readonly contextId: string;
  readonly path: string;
  readonly policy?: Readonly<Record<string, unknown>> | undefined;
}

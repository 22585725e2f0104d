/** Statuses of an execution. New ones may come; they count as going on. */
export type ExecutionStatusWord =
  | 'queued'
  | 'starting'
  | 'running'
  | 'paused'
  | 'paused_by_agent'
  | 'awaiting_confirmation'
  | 'completed'
  | 'failed'
  | 'cancelled'
  | (string & {});

/** What an execution came to. */
export interface ExecutionResult {
  readonly outcome: 'success' | 'failure' | (string & {});
  readonly reasoning: string;
  /** As the agent's output schema says; `null` or absent when there is none. */
  readonly result?: unknown;
  readonly [member: string]: unknown;
}

/** Answer of `getExecutionStatus`. */
export interface ExecutionStatus {
  readonly executionId: string;
  readonly status: ExecutionStatusWord;
  /** Why it stands so; only version 1 says it. */
  readonly reason?: string | undefined;
  /** RFC 3339. */
  readonly updatedAt?: string | undefined;
}

/** An execution as the service describes it. Members that are not listed here are handed over as they are. */
export interface Execution {
  readonly id: string;
  readonly agentId: string;
  readonly agentName: string;
  readonly organizationId: string;
  readonly workflowId: string;
  readonly status: ExecutionStatusWord;
  /** RFC 3339. */
  readonly createdAt: string;
  readonly terminalAt?: string | null;
  /** Seconds; of executions that have ended. */
  readonly duration?: number | null;
  readonly executionResult?: ExecutionResult | null;
  readonly metadata?: Readonly<Record<string, unknown>> | null;
  readonly browserLiveViewUrl?: string | null;
  readonly browserRecordingUrl?: string | null;
  readonly recordingUrl?: string | null;
  readonly [member: string]: unknown;
}

/** A page of a list; pages count from 1. */
export interface Page<Item> {
  readonly items: Item[];
  readonly page: number;
  readonly pageSize: number;
  readonly total: number;
}

/** Filters of `getExecutions`; what is not listed here is sent as well. Lists are sent as repeated parameters. */
export interface ExecutionFilters {
  organizationId?: string | undefined;
  /** @default 1 */
  page?: number | undefined;
  /** @default 20 */
  pageSize?: number | undefined;
  /** Part of an id; case does not matter. */
  executionId?: string | undefined;
  agentId?: string | undefined;
  workflowId?: string | undefined;
  agentProfileIds?: readonly string[] | undefined;
  profileIds?: readonly string[] | undefined;
  status?: ExecutionStatusWord | readonly ExecutionStatusWord[] | undefined;
  phase?: string | readonly string[] | undefined;
  agentVersion?: number | undefined;
  createdAfter?: Date | string | undefined;
  createdBefore?: Date | string | undefined;
  humanLabels?: readonly string[] | undefined;
  /** Part of an outcome; case does not matter. */
  outcomeLabel?: string | undefined;
  /** Only together with `metadataValue`. */
  metadataKey?: string | undefined;
  metadataValue?: string | undefined;
  sortField?: 'created_at' | 'status' | (string & {}) | undefined;
  sortDirection?: 'asc' | 'desc' | undefined;
  [filter: string]: unknown;
}

/** One thing that happened in an execution. Types that are not known yet are handed over as they are. */
export interface ExecutionActivity {
  readonly id: string;
  readonly executionId: string;
  /** RFC 3339. */
  readonly timestamp: string;
  readonly payload: { readonly activityType: string; readonly [member: string]: unknown };
}

/** Answer of `waitForAgentInteraction`. */
export interface AgentInteractionResult {
  /** Whether the execution has ended. */
  readonly isTerminal: boolean;
  readonly status: ExecutionStatusWord;
  /** What the agent asks; `null` when the execution has ended. */
  readonly agentMessage: string | null;
  /** What it came to; `null` when the agent asks, or when there is none. */
  readonly executionResult: ExecutionResult | null;
}

/** Answer of `cancelExecution`, `pauseExecution` and `resumeExecution`. */
export interface ExecutionStatusChange {
  readonly executionId: string;
  readonly status: ExecutionStatusWord;
}

/** Answer of `executeAgentSync`. */
export interface SyncExecution extends ExecutionStatusChange {
  /** Present when it has ended. */
  readonly executionResult?: ExecutionResult | null;
}

/** A file that was staged for an execution to come. */
export interface TempFile {
  readonly id: string;
  readonly name: string;
}

/** A file of an execution. */
export interface ExecutionFile {
  readonly id: string;
  readonly executionId: string;
  readonly fileName: string;
  /** Bytes. */
  readonly fileSize: number;
  readonly mimeType: string;
  /** Where it can be fetched from, without the key, for a while. */
  readonly signedUrl: string;
  /** RFC 3339. */
  readonly createdAt: string;
  readonly [member: string]: unknown;
}

/** Answer of `uploadExecutionFiles`. */
export interface UploadResponse {
  readonly message: string;
  /** Only version 1 tells them. */
  readonly fileIds?: readonly string[] | undefined;
}

/** An agent. */
export interface Agent {
  readonly id: string;
  readonly name: string;
  readonly createdAt: string;
  readonly organizationId?: string;
  readonly userId: string;
  readonly [member: string]: unknown;
}

/** A credential of a profile, in version 1's own form. In answers `data` is not the secret. */
export interface Credential {
  id?: string;
  name: string;
  data: string;
  created_at?: string;
}

/** A cookie of a profile, in version 1's own form. */
export interface Cookie {
  id?: string;
  /** What it is called in lists; the cookie's own name is `key`. */
  name: string;
  key: string;
  value: string;
  domain: string;
  secure: boolean;
  http_only: boolean;
  same_site: 'Strict' | 'Lax' | 'None';
  /** RFC 3339. */
  expiry?: string;
  created_at: string;
}

/** A profile: in version 1's own form, or, with `apiVersion: 'v2'`, in that of version 2. */
export interface AgentProfile {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly organization_id: string;
  readonly proxy_cc?: string;
  readonly proxy_type?: string;
  readonly captcha_solver_active: boolean;
  readonly sticky_ip: boolean;
  readonly credentials: Credential[];
  readonly cookies: Cookie[];
  readonly extra_stealth?: boolean;
  readonly created_at: string;
  readonly updated_at: string;
  readonly [member: string]: unknown;
}

/** What `createAgentProfile` takes; members that are not listed here are sent as well. */
export interface CreateAgentProfileRequest {
  name: string;
  description?: string;
  organization_id?: string;
  proxy_cc?: string;
  proxy_type?: string;
  captcha_solver_active?: boolean;
  sticky_ip?: boolean;
  extra_stealth?: boolean;
  /** Their `data` is encrypted before it is sent. */
  credentials?: readonly Credential[];
  cookies?: readonly Cookie[];
  [member: string]: unknown;
}

/** What `updateAgentProfile` takes; what is left out stays as it is. */
export interface UpdateAgentProfileRequest {
  name?: string;
  description?: string;
  proxy_cc?: string;
  proxy_type?: string;
  captcha_solver_active?: boolean;
  sticky_ip?: boolean;
  extra_stealth?: boolean;
  /** Their `data` is encrypted before it is sent. */
  credentials_to_add?: readonly Credential[];
  credentials_to_delete?: readonly string[];
  cookies_to_add?: readonly Cookie[];
  cookies_to_delete?: readonly string[];
  [member: string]: unknown;
}

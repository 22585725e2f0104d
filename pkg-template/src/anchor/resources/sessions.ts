import type { APIPromise } from '../api-promise.js';
import type { RequestOptions } from '../options.js';
import type { Perform } from './perform.js';
import type { SessionCreateParams } from './session-params.js';

/** The session that was opened. */
export interface SessionCreateResponse {
  readonly data?: SessionCreateResponse.Data;
}

export declare namespace SessionCreateResponse {
  interface Data {
    /** What the other calls take as `sessionId`. */
    readonly id?: string;
    /** Address of the session's Chrome DevTools Protocol socket. It contains a key: treat it as a secret. */
    readonly cdp_url?: string;
    /** Address of a page that shows the session. */
    readonly live_view_url?: string;
  }
}

/** What a session is. */
export interface SessionRetrieveResponse {
  readonly data?: SessionRetrieveResponse.Data;
}

export declare namespace SessionRetrieveResponse {
  interface Data {
    readonly session_id?: string;
    readonly team_id?: string;
    readonly status?: string;
    /** ISO 8601. */
    readonly created_at?: string;
    /** Seconds. */
    readonly duration?: number;
    readonly credits_used?: number;
    /** What the session was created with. */
    readonly configuration?: unknown;
    readonly playground?: boolean;
    /** Bytes that went through the proxy. */
    readonly proxy_bytes?: number;
    /** Tokens that models used. */
    readonly tokens?: unknown;
    /** Steps of the agent: their number, or the steps themselves. */
    readonly steps?: unknown;
    readonly tags?: unknown;
  }
}

/** What calls answer that only say how they went. */
export interface SuccessResponse {
  readonly data?: SuccessResponse.Data;
}

export declare namespace SuccessResponse {
  interface Data {
    readonly status?: string;
  }
}

/** What `sessions.goto` takes. */
export interface SessionGotoParams {
  /** The address to open, http or https. */
  url: string;
}

/** How `sessions.goto` went. */
export interface SessionGotoResponse {
  readonly status?: string;
}

/** The open sessions. */
export interface AllStatusResponse {
  readonly data?: AllStatusResponse.Data;
}

export declare namespace AllStatusResponse {
  interface Data {
    /** How many there are. */
    readonly count?: number;
    readonly items?: Data.Item[];
  }

  namespace Data {
    interface Item {
      readonly session_id: string;
      readonly status: string;
      /** ISO 8601. */
      readonly created_at: string;
      readonly tags?: string[];
    }
  }
}

/** `client.sessions.all`: every session of the key at once. */
export class All {
  readonly #perform: Perform;

  /** @internal */
  constructor(perform: Perform) {
    this.#perform = perform;
  }

  /**
   * The open sessions.
   *
   * Vendor endpoint: `GET /v1/sessions/all/status`.
   *
   * @example
   * ```ts
   * const { data } = await client.sessions.all.status();
   * for (const session of data?.items ?? []) console.log(session.session_id, session.status);
   * ```
   */
  status(options?: RequestOptions): APIPromise<AllStatusResponse> {
    return this.#perform('sessions.all.status', [], undefined, options);
  }

  /**
   * Ends every session.
   *
   * Vendor endpoint: `DELETE /v1/sessions/all`.
   *
   * @example
   * ```ts
   * await client.sessions.all.delete();
   * ```
   */
  delete(options?: RequestOptions): APIPromise<SuccessResponse> {
    return this.#perform('sessions.all.delete', [], undefined, options);
  }
}

/** `client.sessions`. */
export class Sessions {
  /** Every session of the key at once. */
  readonly all: All;
  readonly #perform: Perform;

  /** @internal */
  constructor(perform: Perform) {
    this.#perform = perform;
    this.all = new All(perform);
  }

  /**
   * Opens a browser session. Without `body` the service's defaults apply.
   *
   * It is sent again only when it certainly was not accepted; see `maybeStarted` of its errors.
   *
   * Vendor endpoint: `POST /v1/sessions`.
   *
   * @example
   * ```ts
   * const { data } = await client.sessions.create({ session: { timeout: { max_duration: 60 } } });
   * ```
   */
  create(body?: SessionCreateParams | null, options?: RequestOptions): APIPromise<SessionCreateResponse> {
    return this.#perform('sessions.create', [], body, options);
  }

  /**
   * What a session is.
   *
   * Vendor endpoint: `GET /v1/sessions/{sessionId}`.
   *
   * @example
   * ```ts
   * const { data } = await client.sessions.retrieve(sessionId);
   * ```
   */
  retrieve(sessionId: string, options?: RequestOptions): APIPromise<SessionRetrieveResponse> {
    return this.#perform('sessions.retrieve', [sessionId], undefined, options);
  }

  /**
   * Ends a session.
   *
   * Vendor endpoint: `DELETE /v1/sessions/{sessionId}`.
   *
   * @example
   * ```ts
   * await client.sessions.delete(sessionId);
   * ```
   */
  delete(sessionId: string, options?: RequestOptions): APIPromise<SuccessResponse> {
    return this.#perform('sessions.delete', [sessionId], undefined, options);
  }

  /**
   * Opens an address in a session.
   *
   * Vendor endpoint: `POST /v1/sessions/{sessionId}/goto`.
   *
   * @example
   * ```ts
   * await client.sessions.goto(sessionId, { url: 'https://example.com' });
   * ```
   */
  goto(
    sessionId: string,
    body: SessionGotoParams,
    options?: RequestOptions,
  ): APIPromise<SessionGotoResponse> {
    return this.#perform('sessions.goto', [sessionId], body, options);
  }

  /**
   * A picture of what a session shows: a `Response` with an unread PNG body. Read or cancel that body.
   *
   * Vendor endpoint: `GET /v1/sessions/{sessionId}/screenshot`.
   *
   * @example
   * ```ts
   * const response = await client.sessions.retrieveScreenshot(sessionId);
   * const png = await response.arrayBuffer();
   * ```
   */
  retrieveScreenshot(sessionId: string, options?: RequestOptions): APIPromise<Response> {
    return this.#perform('sessions.retrieveScreenshot', [sessionId], undefined, options);
  }
}

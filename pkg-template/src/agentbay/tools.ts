import type { Engine } from '../internal/engine.js';
import { type Answer, type CallOptions, type Calls, idOf, lacking, parsed } from './calls.js';
import { failure } from './errors.js';

/** What a tool answers. */
interface ToolAnswer {
  readonly content?: ReadonlyArray<string | { text?: string; blob?: string; data?: string }>;
  readonly isError?: boolean;
}

/** @internal The text that a tool answered. A tool's error is thrown in the tool's own words. */
export function toolText(answer: Answer, data: unknown = answer.Data): string {
  const { content, isError } = (parsed(data) ?? {}) as ToolAnswer;
  if (!Array.isArray(content)) throw lacking('content', answer);
  const texts = content.map((item) =>
    typeof item === 'string' ? item : (item.text ?? item.blob ?? item.data ?? ''),
  );
  if (isError) {
    throw failure('task_failed', texts.join('; '), { requestId: idOf(answer), status: 200, parsed: answer });
  }
  return texts[0] ?? '';
}

/** @internal The way to a session that bypasses the management API. */
export class DirectRoute {
  readonly #token: string;
  readonly #servers: Readonly<Record<string, string>>;
  readonly #engine: Engine;

  constructor(calls: Calls, url: string, token: string, tools: unknown) {
    const list = parsed(tools) as ReadonlyArray<Record<string, string>>;
    const pairs = (Array.isArray(list) ? list : []).map((tool) => [
      tool.name ?? tool.Name,
      tool.server ?? tool.serverName ?? tool.Server,
    ]);
    this.#token = token;
    this.#servers = Object.fromEntries(pairs);
    this.#engine = calls.engine('agentbay-link', url, token);
  }

  /** Which server has a tool. */
  serverOf(tool: string): string | undefined {
    return this.#servers[tool];
  }

  /** Calls a tool. The request's id is made here. */
  async call(calls: Calls, tool: string, args: object, options: CallOptions): Promise<[Answer, string]> {
    const digits = `${Math.random()}`.slice(2, 11).padEnd(9, '0');
    const requestId = `link-${Date.now()}-${digits}`;
    const params = { args, server: this.serverOf(tool), requestId, tool, token: this.#token };
    const limits = { timeoutMs: 900_000, ...options };
    const { data } = await calls.call('callTool', params, limits, this.#engine);
    const answer = { RequestId: requestId };
    const { result } = (parsed(data) ?? {}) as { result?: unknown };
    return [answer, toolText(answer, result ?? null)];
  }
}

const KEYS =
  'Ctrl Alt Shift Meta Win Enter Tab Esc Escape Space Backspace Delete Insert Home End PageUp PageDown CapsLock ArrowUp ArrowDown ArrowLeft ArrowRight Up Down Left Right';

/** @internal Arguments of a tool as the service wants them: it knows keys in one spelling only. */
export function normalized(tool: string, args: Record<string, unknown>): Record<string, unknown> {
  if (tool !== 'press_keys' || !Array.isArray(args.keys)) return args;
  const keys = args.keys.map((key: unknown) => {
    if (typeof key !== 'string') return key;
    const small = key.toLowerCase();
    if (key.length === 1) return small;
    if (/^f\d+$/.test(small)) return small.toUpperCase();
    return KEYS.split(' ').find((known) => known.toLowerCase() === small) ?? key;
  });
  return { ...args, keys };
}

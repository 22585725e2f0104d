import type { Engine } from '../internal/engine.js';
import { type Answer, type Calls, type DirectParams, lacking, parsed } from './calls.js';
import { failure } from './errors.js';

/** What a tool answers. */
interface ToolAnswer {
  readonly content?: ReadonlyArray<string | { text?: string; blob?: string; data?: string }>;
  readonly isError?: boolean;
}

/** @internal The text that a tool answered. A tool's error is thrown in the tool's own words. */
export function toolText(answer: Answer): string {
  const { content, isError } = (parsed(answer.Data) ?? {}) as ToolAnswer;
  if (!Array.isArray(content)) throw lacking('content', answer);
  const texts = content.map((item) =>
    typeof item === 'string' ? item : (item?.text ?? item?.blob ?? item?.data ?? ''),
  );
  if (isError) throw failure('task_failed', texts.join('; ') || 'the tool says no more', answer);
  return texts[0] ?? '';
}

/** @internal What a call of a tool takes; with an engine, it goes by the direct route. */
export interface ToolCall {
  readonly params: object;
  readonly engine?: Engine;
}

/** @internal The way to a session that bypasses the management API: what a call of one of its tools takes. */
export type DirectRoute = (tool: string, args: object) => ToolCall | undefined;

/** @internal The direct route to a session, if the service has named one. */
export function directRoute(calls: Calls, data: Record<string, string>): DirectRoute | undefined {
  const { LinkUrl, Token: token, ToolList } = data;
  const list = parsed(ToolList);
  if (!LinkUrl || !token || !Array.isArray(list)) return undefined;
  const engine = calls.engine('agentbay-link', LinkUrl, token);
  return (tool, args) => {
    const entry = list.find(({ name, Name = name }) => Name === tool);
    const server = entry?.server ?? entry?.serverName ?? entry?.Server;
    if (!server) return undefined;
    const requestId = `link-${Date.now()}-${`${Math.random()}`.slice(2, 11).padEnd(9, '0')}`;
    const params: DirectParams = { args, server, requestId, tool, token };
    return { engine, params };
  };
}

const KEYS =
  'Ctrl Alt Shift Meta Win Enter Tab Esc Escape Space Backspace Delete Insert Home End PageUp PageDown CapsLock ArrowUp ArrowDown ArrowLeft ArrowRight Up Down Left Right';

/** @internal Arguments of a tool as the service wants them: it knows keys in one spelling only. */
export function normalized(tool: string, args: Record<string, unknown>): Record<string, unknown> {
  if (tool !== 'press_keys' || !Array.isArray(args?.keys)) return args;
  const keys = args.keys.map((key: unknown) => {
    const small = `${key}`.toLowerCase();
    if (/^.$/.test(small)) return small;
    if (/^f\d+$/.test(small)) return small.toUpperCase();
    return KEYS.split(' ').find((known) => known.toLowerCase() === small) ?? key;
  });
  return { ...args, keys };
}

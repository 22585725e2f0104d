import type { ErrorKind } from '../internal/raw.js';
import { type Answer, type Calls, lacking, parsed, type Sent } from './calls.js';
import { fault, isList } from './errors.js';

/** @internal What a tool answers. */
export interface ToolAnswer {
  readonly content?: ReadonlyArray<{ text?: unknown; blob?: unknown; data?: unknown }>;
  readonly isError?: unknown;
}

/**
 * @internal The text that a tool answered. A tool's error is thrown in the tool's own words; of an answer that is none,
 * nobody knows what the tool did, unless it only reads. The core looks in the same places when it waits (`status.rs`).
 */
export function toolText(answer: Answer, ifNone: ErrorKind = 'ambiguous_start'): string {
  const said = parsed(answer.Data) as ToolAnswer | null;
  const why = complaint(said);
  if (why) throw fault('task_failed', why, answer);
  if (!Array.isArray(said?.content)) throw lacking('content', answer, ifNone);
  return textsOf(said)[0] ?? '';
}

/** @internal The tool's own words, when what it said is an error. */
export function complaint(said: ToolAnswer | null): string | undefined {
  const isFine = /^(|0|false|null|undefined)$/i.test(`${said?.isError}`);
  return !isFine ? textsOf(said).join('; ') || 'the tool says no more' : undefined;
}

function textsOf(said: ToolAnswer | null): string[] {
  const isText = (text: unknown): text is string => typeof text === 'string' && text !== '';
  return [said?.content ?? []]
    .flat()
    .map((item) => [item?.text, item?.blob, item?.data, item].find(isText) ?? '');
}

/** @internal The way to a session that bypasses the management API: what a call of one of its tools sends. */
export type DirectRoute = (tool: string, args: object) => Sent | undefined;

/** @internal What the service says of a session, as far as it is read; anything may be missing or odd. */
export interface SessionData {
  readonly ResourceUrl?: string;
  readonly LinkUrl?: unknown;
  readonly Token?: unknown;
  readonly ToolList?: unknown;
}

/** An entry of its list of tools. */
type Entry = Readonly<Partial<Record<'name' | 'Name' | 'server' | 'serverName' | 'Server', string>>>;

/** @internal The direct route to a session, if the service has named one that can be taken. */
export function directRoute(calls: Calls, data: SessionData): DirectRoute | undefined {
  const { LinkUrl, Token: token, ToolList } = data;
  const list = parsed(ToolList);
  const url = `${LinkUrl}`;
  if (!/^https?:\/\/([\w.-]+|\[[\da-f:.]+\])(:\d{1,5})?(\/[^\s@?#\\]*)?$/i.test(url) || !isList(list))
    return undefined;
  if (typeof token !== 'string' || !/^[ -~]+$/.test(token)) return undefined;
  const engine = calls.engine('agentbay-link', url, token, 'linkUrl');
  return (tool, args) => {
    const entry: Entry | undefined = list.find(({ name, Name = name }: Entry) => Name === tool);
    const server = entry?.server ?? entry?.serverName ?? entry?.Server;
    if (!server) return undefined;
    const params = {
      args,
      server,
      tool,
      token,
      // Another one for each question of a wait.
      get requestId() {
        return `link-${Date.now()}-${`${Math.random()}`.slice(2, 11).padEnd(9, '0')}`;
      },
    };
    return { engine, params, token };
  };
}

const KEYS =
  'Ctrl Alt Shift Meta Win Enter Tab Esc Escape Space Backspace Delete Insert Home End PageUp PageDown CapsLock ArrowUp ArrowDown ArrowLeft ArrowRight Up Down Left Right';

/** @internal Arguments of a tool as the service wants them: it knows keys in one spelling only. */
export function normalized(tool: string, args: Record<string, unknown>): Record<string, unknown> {
  if (tool !== 'press_keys' || !Array.isArray(args?.keys)) return args;
  const keys = args.keys.map((key: unknown) => {
    const small = String(key).toLowerCase();
    if (/^.$/.test(small)) return small;
    if (/^f\d+$/.test(small)) return small.toUpperCase();
    return KEYS.split(' ').find((known) => known.toLowerCase() === small) ?? key;
  });
  return { ...args, keys };
}

type HeaderValue = string | null | undefined;

/** Headers in any usual form. A value of `null` removes a header that would be sent otherwise. */
export type HeadersLike =
  | Headers
  | ReadonlyArray<readonly HeaderValue[]>
  | Readonly<Record<string, HeaderValue | readonly HeaderValue[]>>
  | null
  | undefined;

/** @internal Headers as the core takes them: names in lower case. */
export interface MergedHeaders {
  readonly headers: Readonly<Record<string, string>> | undefined;
  readonly withoutHeaders: readonly string[] | undefined;
}

const NONE: MergedHeaders = { headers: undefined, withoutHeaders: undefined };

/** @internal Several sources as one; what comes later wins. */
export function mergeHeaders(...sources: readonly HeadersLike[]): MergedHeaders {
  if (sources.every((source) => source === undefined || source === null)) return NONE;
  const merged = new Map<string, string | null>();
  for (const source of sources) {
    const own = new Map<string, string | null>();
    for (const [name, value] of pairs(source)) {
      if (value === undefined) continue;
      const key = name.toLowerCase();
      const known = own.get(key);
      // The same name twice in one source is one header with two values (RFC 9110, 5.3).
      own.set(key, typeof known === 'string' && value !== null ? `${known}, ${value}` : value);
    }
    for (const [key, value] of own) merged.set(key, value);
  }
  const headers: Record<string, string> = {};
  const withoutHeaders: string[] = [];
  for (const [key, value] of merged) {
    if (value === null) withoutHeaders.push(key);
    else headers[key] = value;
  }
  return { headers, withoutHeaders };
}

function* pairs(source: HeadersLike): Iterable<readonly [string, HeaderValue]> {
  if (source === null || source === undefined) return;
  const entries = isIterable(source) ? source : Object.entries(source);
  for (const [name, ...values] of entries) {
    for (const value of values.flat()) if (typeof name === 'string') yield [name, value];
  }
}

function isIterable(source: object): source is Iterable<readonly HeaderValue[]> {
  return Symbol.iterator in source;
}

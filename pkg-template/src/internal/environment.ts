/** A trimmed environment variable; `undefined` where there is no environment, or when it is blank. */
export function environment(name: string): string | undefined {
  const host = globalThis as { process?: { env?: Record<string, string | undefined> }; Deno?: { env?: { get?(name: string): string | undefined } } };
  try {
    return (host.process?.env?.[name] ?? host.Deno?.env?.get?.(name))?.trim() || undefined;
  } catch {
    // Deno asks for permission and throws when it is not given: then there is no such variable.
    return undefined;
  }
}

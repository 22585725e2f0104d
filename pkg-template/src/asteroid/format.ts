import { invalid } from './errors.js';
import type { AgentProfile } from './types.js';

/** A profile in eleven lines, for people. No request is made. */
export function formatAgentProfile(profile: AgentProfile): string {
  if (!profile?.id) throw invalid('profile', 'takes a profile');
  // Version 2 writes the same members in camelCase.
  const of = Object.fromEntries(
    Object.entries(profile).map(([name, value]) => [name.replaceAll('_', '').toLowerCase(), value]),
  ) as Record<string, string | undefined>;
  const credentials = (profile.credentials ?? []).map(({ name, id }) => `(${quoted(name)}, ${quoted(id)})`);
  const lines = {
    ID: of.id,
    Name: of.name,
    Description: of.description,
    Organization: of.organizationid,
    Proxy: `${of.proxycc ?? 'None'} (${of.proxytype ?? 'None'})`,
    'Captcha Solver': of.captchasolveractive ? 'Enabled' : 'Disabled',
    'Sticky IP': of.stickyip ? 'Yes' : 'No',
    Credentials: credentials.length > 0 ? `[${credentials.join(', ')}]` : 'No credentials',
    Created: toSeconds(of.createdat),
    Updated: toSeconds(of.updatedat),
  };
  return ['Agent Profile:', ...Object.entries(lines).map(([label, value]) => `  ${label}: ${value}`)].join(
    '\n',
  );
}

/** Profiles as a numbered list, for people. No request is made. */
export function formatAgentProfilesList(profiles: readonly AgentProfile[]): string {
  if (!Array.isArray(profiles)) throw invalid('profiles', 'takes an array');
  if (profiles.length === 0) return 'No agent profiles found.';
  const lines = profiles.map((profile, index) => {
    const { name, id, credentials } = profile ?? {};
    if (!id) throw invalid(`profiles[${index}]`, 'takes a profile');
    return `  ${index + 1}. ${name} (ID: ${id.slice(0, 8)}...) - ${credentials?.length ?? 0} credentials`;
  });
  return [`Found ${profiles.length} agent profile(s):`, ...lines].join('\n');
}

/** As the vendor's client prints it: Python's form of a string, `None` for nothing. */
function quoted(text: string | undefined): string {
  if (text === undefined || text === null) return 'None';
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  if (escaped.includes("'") && !escaped.includes('"')) return `"${escaped}"`;
  return `'${escaped.replaceAll("'", "\\'")}'`;
}

/** `2026-01-02T03:04:05.678Z` as `2026-01-02 03:04:05`. */
function toSeconds(time: string | undefined): string {
  return String(time).slice(0, 19).replace('T', ' ');
}

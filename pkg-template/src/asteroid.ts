/**
 * `taskwright/asteroid`: Asteroid's agents API: executions, interaction, files and profiles with encrypted credentials.
 *
 * @packageDocumentation
 */

export type { ActivitiesOptions } from './asteroid/activities.js';
export type { AsteroidClientOptions, CallOptions } from './asteroid/calls.js';
export { AsteroidClient, AsteroidClient as default } from './asteroid/client.js';
export {
  AmbiguousStartError,
  AsteroidAPIError,
  ExecutionError,
  InvalidParameterError,
  type SentRequest,
  TimeoutError,
} from './asteroid/errors.js';
export type { ExecuteOptions, WaitOptions } from './asteroid/executions.js';
export type { DownloadOptions, FileData, FileInput } from './asteroid/files.js';
export { formatAgentProfile, formatAgentProfilesList } from './asteroid/format.js';
export * from './asteroid/functions.js';
export type * from './asteroid/types.js';
export type { ErrorKind } from './errors.js';

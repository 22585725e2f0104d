/**
 * `taskwright/agentbay`: AgentBay's sessions, their tools, and tasks in words.
 *
 * @packageDocumentation
 */

export {
  Agent,
  Agent as AsyncAgent,
  TaskAgent,
  type TaskOptions,
  type TaskWaitOptions,
} from './agentbay/agent.js';
export type { AgentBayOptions, CallOptions } from './agentbay/calls.js';
export { AgentBay, AgentBay as AsyncAgentBay, AgentBay as default } from './agentbay/client.js';
export {
  AgentBayError,
  AgentError,
  AmbiguousStartError,
  APIError,
  AuthenticationError,
  InvalidParameterError,
  SessionError,
  TimeoutError,
} from './agentbay/errors.js';
export { Session, Session as AsyncSession, SessionInfo } from './agentbay/session.js';
export type * from './agentbay/types.js';
export type { ErrorKind } from './errors.js';

//! Asteroid's endpoints that Taskwright calls, as rows. Sources: the vendor's OpenAPI documents of both versions and
//! what its clients 1.3.1 to 1.9.167 send. Rows of version 1 are named so.

use crate::operation::{Answer, Body, Effect, Field, Method, Operation, Takes};

const JSON: &str = "application/json";
/// Where a caller can look for an execution whose start was not confirmed.
const CHECK: &str = "the newest executions of the agent (getExecutions)";
const SECONDS: Takes = Takes::Whole(1, 25);

const READ: Operation = Operation {
    name: "",
    method: Method::Get,
    path: "",
    fields: &[],
    body: Body::None,
    accept: JSON,
    answer: Answer::Parsed,
    effect: Effect::Read,
    takes_key: false,
    check: "",
};

const CONTROL: Operation = Operation { method: Method::Post, effect: Effect::Idempotent, ..READ };

const START: Operation = Operation {
    method: Method::Post,
    body: Body::Json,
    effect: Effect::Start,
    takes_key: true,
    check: CHECK,
    ..READ
};

/// `POST /agents/{agentId}/execute`: starts an execution, 202 with its id.
pub static EXECUTE: Operation = Operation {
    name: "executeAgent",
    path: "/agents/v2/agents/{agentId}/execute",
    fields: &[
        Field::body("agentProfileId", Takes::Text),
        Field::body("dynamicData", Takes::Object),
        Field::body("inputs", Takes::Object),
        Field::body("metadata", Takes::Object),
        Field::body("tempFiles", Takes::List),
        Field::body("version", Takes::Whole(0, u32::MAX)),
        // Of the synchronous form only. What newer releases take besides travels unchecked.
        Field::body("timeoutSeconds", SECONDS),
    ],
    ..START
};

/// `POST /agents/{agentId}/execute/sync`: the same, answered when it has ended or after `timeoutSeconds`.
pub static EXECUTE_SYNC: Operation =
    Operation { name: "executeAgentSync", path: "/agents/v2/agents/{agentId}/execute/sync", ..EXECUTE };

/// `GET /executions/{executionId}`: an execution with status and result.
pub static EXECUTION: Operation =
    Operation { name: "getExecution", path: "/agents/v2/executions/{executionId}", ..READ };

/// `GET /executions/{executionId}/sync`: status and result, once it has ended or after `timeoutSeconds`.
pub static EXECUTION_SYNC: Operation = Operation {
    name: "getExecutionSync",
    path: "/agents/v2/executions/{executionId}/sync",
    fields: &[Field::query("timeoutSeconds", SECONDS)],
    ..READ
};

/// `GET /executions`: a page of executions; filters travel in the query.
pub static EXECUTIONS: Operation = Operation { name: "getExecutions", path: "/agents/v2/executions", ..READ };

/// `GET /executions/{executionId}/activities`.
pub static ACTIVITIES: Operation = Operation {
    name: "getLastNExecutionActivities",
    path: "/agents/v2/executions/{executionId}/activities",
    fields: &[
        Field::query("order", Takes::OneOf(&["asc", "desc"])),
        Field::query("limit", Takes::Whole(1, u32::MAX)),
    ],
    ..READ
};

/// `POST /executions/{executionId}/user-messages`.
pub static MESSAGE: Operation = Operation {
    name: "addMessageToExecution",
    path: "/agents/v2/executions/{executionId}/user-messages",
    fields: &[Field::body("message", Takes::Text).required()],
    accept: "text/plain, application/json",
    takes_key: false,
    check: "the execution's activities (getLastNExecutionActivities)",
    ..START
};

/// `POST /executions/{executionId}/cancel`.
pub static CANCEL: Operation =
    Operation { name: "cancelExecution", path: "/agents/v2/executions/{executionId}/cancel", ..CONTROL };

/// `POST /executions/{executionId}/pause`.
pub static PAUSE: Operation =
    Operation { name: "pauseExecution", path: "/agents/v2/executions/{executionId}/pause", ..CONTROL };

/// `POST /executions/{executionId}/resume`.
pub static RESUME: Operation =
    Operation { name: "resumeExecution", path: "/agents/v2/executions/{executionId}/resume", ..CONTROL };

/// `POST /executions/{executionId}/rerun`: a new execution like an old one, 202.
pub static RERUN: Operation = Operation {
    name: "rerunExecution",
    path: "/agents/v2/executions/{executionId}/rerun",
    fields: &[],
    ..START
};

/// `DELETE /executions/{executionId}`: 204.
pub static DELETE: Operation =
    Operation { name: "deleteExecution", method: Method::Delete, effect: Effect::Idempotent, ..EXECUTION };

/// `GET /executions/{executionId}/context-files`.
pub static FILES: Operation = Operation {
    name: "getExecutionFiles",
    path: "/agents/v2/executions/{executionId}/context-files",
    ..READ
};

/// `POST /executions/{executionId}/context-files`: multipart, field `files`.
pub static UPLOAD: Operation = Operation {
    name: "uploadExecutionFiles",
    body: Body::Given,
    accept: "text/plain, application/json",
    takes_key: false,
    check: "the execution's files (getExecutionFiles)",
    path: FILES.path,
    fields: &[],
    ..START
};

/// `POST /temp-files/{organizationId}`: multipart, field `files`; what is staged lives an hour.
pub static STAGE: Operation = Operation {
    name: "stageTempFiles",
    path: "/agents/v2/temp-files/{organizationId}",
    accept: JSON,
    // Staged twice, the first ones are forgotten after an hour.
    effect: Effect::Idempotent,
    check: "",
    ..UPLOAD
};

/// `GET /agents`: a page of agents.
pub static AGENTS: Operation = Operation {
    name: "getAgents",
    path: "/agents/v2/agents",
    fields: &[
        Field::query("page", Takes::Whole(1, u32::MAX)),
        Field::query("pageSize", Takes::Whole(1, u32::MAX)),
    ],
    ..READ
};

/// `GET /profiles`: a page of profiles.
pub static PROFILES: Operation = Operation { name: "getAgentProfiles", path: "/agents/v2/profiles", ..READ };

/// `GET /profiles/{profileId}`.
pub static PROFILE: Operation =
    Operation { name: "getAgentProfile", path: "/agents/v2/profiles/{profileId}", ..READ };

/// `POST /profiles`: 201.
pub static PROFILE_CREATE: Operation = Operation {
    name: "createAgentProfile",
    path: PROFILES.path,
    fields: &[Field::body("name", Takes::Text).required(), Field::body("credentials", Takes::Credentials)],
    takes_key: false,
    check: "the profiles of the organization (getAgentProfiles)",
    ..START
};

/// `PATCH /profiles/{profileId}`. Not sent twice: `credentialsToAdd` would add twice.
pub static PROFILE_UPDATE: Operation = Operation {
    name: "updateAgentProfile",
    method: Method::Patch,
    path: PROFILE.path,
    fields: &[
        Field::body("credentialsToAdd", Takes::Credentials),
        Field::body("credentialsToUpdate", Takes::Credentials),
    ],
    takes_key: false,
    check: "the profile (getAgentProfile)",
    ..START
};

/// `DELETE /profiles/{profileId}`: 204.
pub static PROFILE_DELETE: Operation =
    Operation { name: "deleteAgentProfile", method: Method::Delete, effect: Effect::Idempotent, ..PROFILE };

/// `POST /agent/{agentId}/execute` of version 1: 202 with `execution_id`.
pub static V1_EXECUTE: Operation = Operation {
    name: "v1.executeAgent",
    path: "/api/v1/agent/{agentId}/execute",
    fields: &[Field::body("agent_profile_id", Takes::Text), Field::body("dynamic_data", Takes::Object)],
    ..START
};

/// `GET /execution/{executionId}/status` of version 1.
pub static V1_STATUS: Operation =
    Operation { name: "v1.getExecutionStatus", path: "/api/v1/execution/{executionId}/status", ..READ };

/// `GET /execution/{executionId}/result` of version 1.
pub static V1_RESULT: Operation =
    Operation { name: "v1.getExecutionResult", path: "/api/v1/execution/{executionId}/result", ..READ };

/// `GET /execution/{executionId}/browser_session/recording` of version 1.
pub static V1_RECORDING: Operation = Operation {
    name: "v1.getBrowserSessionRecording",
    path: "/api/v1/execution/{executionId}/browser_session/recording",
    ..READ
};

/// `POST /execution/{executionId}/files` of version 1: multipart, field `files`.
pub static V1_UPLOAD: Operation = Operation {
    name: "v1.uploadExecutionFiles",
    path: "/api/v1/execution/{executionId}/files",
    accept: JSON,
    ..UPLOAD
};

/// `GET /agent-profiles` of version 1: a bare array.
pub static V1_PROFILES: Operation =
    Operation { name: "v1.getAgentProfiles", path: "/api/v1/agent-profiles", ..READ };

/// `GET /agent-profiles/{profileId}` of version 1.
pub static V1_PROFILE: Operation =
    Operation { name: "v1.getAgentProfile", path: "/api/v1/agent-profiles/{profileId}", ..READ };

/// `POST /agent-profiles` of version 1: 201.
pub static V1_PROFILE_CREATE: Operation =
    Operation { name: "v1.createAgentProfile", path: V1_PROFILES.path, ..PROFILE_CREATE };

/// `PATCH /agent-profiles/{profileId}` of version 1.
pub static V1_PROFILE_UPDATE: Operation =
    Operation { name: "v1.updateAgentProfile", path: V1_PROFILE.path, ..PROFILE_UPDATE };

/// `DELETE /agent-profiles/{profileId}` of version 1: 200 with a message.
pub static V1_PROFILE_DELETE: Operation = Operation {
    name: "v1.deleteAgentProfile",
    method: Method::Delete,
    effect: Effect::Idempotent,
    ..V1_PROFILE
};

/// `GET /credentials/public_key` of version 1: PEM, as text or as a JSON string.
pub static V1_PUBLIC_KEY: Operation = Operation {
    name: "v1.getCredentialsPublicKey",
    path: "/api/v1/credentials/public_key",
    accept: "text/plain, application/json",
    ..READ
};

/// Every row.
pub static ALL: &[&Operation] = &[
    &EXECUTE,
    &EXECUTE_SYNC,
    &EXECUTION,
    &EXECUTION_SYNC,
    &EXECUTIONS,
    &ACTIVITIES,
    &MESSAGE,
    &CANCEL,
    &PAUSE,
    &RESUME,
    &RERUN,
    &DELETE,
    &FILES,
    &UPLOAD,
    &STAGE,
    &AGENTS,
    &PROFILES,
    &PROFILE,
    &PROFILE_CREATE,
    &PROFILE_UPDATE,
    &PROFILE_DELETE,
    &V1_EXECUTE,
    &V1_STATUS,
    &V1_RESULT,
    &V1_RECORDING,
    &V1_UPLOAD,
    &V1_PROFILES,
    &V1_PROFILE,
    &V1_PROFILE_CREATE,
    &V1_PROFILE_UPDATE,
    &V1_PROFILE_DELETE,
    &V1_PUBLIC_KEY,
];

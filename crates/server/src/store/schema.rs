//! The tables, and how an older file becomes a newer one. A migration that was released is never changed:
//! a further one is added.

use rusqlite::Connection;

use super::StoreError;

/// Statements that bring a file from one version to the next; the version is their number.
const MIGRATIONS: &[&str] = &[
    "
    CREATE TABLE tasks (
        -- The order of arrival, which is the order of work.
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        -- queued | running | succeeded | failed
        state TEXT NOT NULL,
        -- What to do, as JSON, without secrets.
        request TEXT NOT NULL,
        -- Secret values as JSON. Needed as long as the task may still run, erased when it ends.
        secrets TEXT,
        session_id TEXT,
        idempotency_key TEXT,
        -- SHA-256 of the request that came with the key.
        fingerprint TEXT,
        result TEXT,
        error TEXT,
        created_ms INTEGER NOT NULL,
        started_ms INTEGER,
        ended_ms INTEGER
    ) STRICT;
    CREATE INDEX tasks_by_state ON tasks (state, seq);
    CREATE INDEX tasks_by_end ON tasks (ended_ms) WHERE ended_ms IS NOT NULL;
    CREATE INDEX tasks_by_session ON tasks (session_id, state) WHERE session_id IS NOT NULL;
    CREATE UNIQUE INDEX tasks_by_key ON tasks (idempotency_key) WHERE idempotency_key IS NOT NULL;

    CREATE TABLE steps (
        task_seq INTEGER NOT NULL REFERENCES tasks (seq) ON DELETE CASCADE,
        number INTEGER NOT NULL,
        action TEXT NOT NULL,
        detail TEXT NOT NULL,
        duration_ms INTEGER NOT NULL,
        error TEXT,
        PRIMARY KEY (task_seq, number)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE sessions (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        -- Labels, as a JSON array.
        tags TEXT NOT NULL,
        -- The request that created it, as JSON.
        configuration TEXT NOT NULL,
        created_ms INTEGER NOT NULL,
        ended_ms INTEGER,
        -- Why it ended, in a sentence.
        end_reason TEXT,
        -- Whether it ended by a fault: Chromium or the server died.
        failed INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE INDEX sessions_by_end ON sessions (ended_ms);
",
    "
    -- Of the states there is one more: cancelled. Its reason (user_requested | timeout | max_steps) is here,
    -- a sentence for those who know no such state in `error`.
    ALTER TABLE tasks ADD COLUMN cancel_reason TEXT;
    -- NULL | paused | asking, while it runs: nothing is done until somebody says so.
    ALTER TABLE tasks ADD COLUMN hold TEXT;
    -- What is asked for.
    ALTER TABLE tasks ADD COLUMN question TEXT;
    ALTER TABLE tasks ADD COLUMN updated_ms INTEGER NOT NULL DEFAULT 0;
    UPDATE tasks SET updated_ms = coalesce(ended_ms, started_ms, created_ms);

    -- A task that is a run of a stored agent, with what such a run has more.
    CREATE TABLE executions (
        task_seq INTEGER PRIMARY KEY REFERENCES tasks (seq) ON DELETE CASCADE,
        agent_id TEXT NOT NULL,
        agent_name TEXT NOT NULL,
        agent_version INTEGER NOT NULL,
        organization_id TEXT NOT NULL,
        profile_id TEXT,
        -- JSON objects.
        inputs TEXT NOT NULL,
        metadata TEXT NOT NULL,
        -- A JSON array, erased like secrets when the task ends.
        cookies TEXT,
        -- The execution that this one repeats.
        parent_id TEXT,
        -- Whether there are frames in the folder of recordings.
        recorded INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE INDEX executions_by_agent ON executions (agent_id, task_seq);
    CREATE INDEX executions_by_parent ON executions (parent_id) WHERE parent_id IS NOT NULL;

    CREATE TABLE activities (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        task_seq INTEGER NOT NULL REFERENCES tasks (seq) ON DELETE CASCADE,
        at_ms INTEGER NOT NULL,
        kind TEXT NOT NULL,
        -- A JSON object.
        body TEXT NOT NULL
    ) STRICT;
    CREATE INDEX activities_by_task ON activities (task_seq, seq);

    -- What is known of the files whose bytes lie in the folder of files, each under its id.
    CREATE TABLE files (
        id TEXT PRIMARY KEY,
        -- NULL as long as it waits to be given to an execution.
        task_seq INTEGER REFERENCES tasks (seq) ON DELETE CASCADE,
        organization_id TEXT NOT NULL,
        name TEXT NOT NULL,
        mime TEXT NOT NULL,
        size INTEGER NOT NULL,
        -- upload | download
        source TEXT NOT NULL,
        created_ms INTEGER NOT NULL,
        expires_ms INTEGER
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX files_by_task ON files (task_seq) WHERE task_seq IS NOT NULL;
    CREATE INDEX files_by_expiry ON files (expires_ms) WHERE expires_ms IS NOT NULL;
",
    "
    CREATE TABLE agents (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        -- NULL: every organisation.
        organization_id TEXT,
        name TEXT NOT NULL,
        version INTEGER NOT NULL,
        start_url TEXT,
        prompt TEXT NOT NULL,
        -- As JSON.
        output_schema TEXT,
        max_steps INTEGER NOT NULL,
        created_ms INTEGER NOT NULL,
        updated_ms INTEGER NOT NULL
    ) STRICT;

    CREATE TABLE profiles (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        organization_id TEXT,
        name TEXT NOT NULL,
        description TEXT NOT NULL,
        -- As JSON.
        settings TEXT NOT NULL,
        created_ms INTEGER NOT NULL,
        updated_ms INTEGER NOT NULL
    ) STRICT;

    CREATE TABLE profile_secrets (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        profile_id TEXT NOT NULL REFERENCES profiles (id) ON DELETE CASCADE,
        -- credential | cookie
        kind TEXT NOT NULL,
        name TEXT NOT NULL,
        -- By the vault; the key lies outside of this file.
        sealed BLOB NOT NULL,
        created_ms INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX profile_secrets_by_profile ON profile_secrets (profile_id, seq);
",
    "
    -- Sessions of one wire are not seen by the others; this says whose it is.
    ALTER TABLE sessions ADD COLUMN realm TEXT NOT NULL DEFAULT '';
    -- Labels by name, as a JSON object, where they may be replaced.
    ALTER TABLE sessions ADD COLUMN labels TEXT NOT NULL DEFAULT '{}';
    -- Whether its tasks stand still; none is begun meanwhile.
    ALTER TABLE sessions ADD COLUMN held INTEGER NOT NULL DEFAULT 0;

    -- Names under which clients would keep what sessions share.
    CREATE TABLE contexts (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL UNIQUE,
        created_ms INTEGER NOT NULL,
        used_ms INTEGER NOT NULL
    ) STRICT;
",
];

/// Sets the connection up and brings the file to the newest version.
pub(super) fn prepare(connection: &mut Connection) -> Result<(), StoreError> {
    // FULL: an accepted task outlives a loss of power too, for one fsync per commit. NORMAL would keep it
    // through a killed process only. secure_delete: erased secrets are overwritten, not just unlinked.
    connection.execute_batch(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA foreign_keys = ON;
         PRAGMA secure_delete = ON;
         PRAGMA temp_store = MEMORY;",
    )?;
    let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let newest = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if found > newest {
        return Err(StoreError::Newer { found, newest });
    }
    for (version, migration) in (1i64..).zip(MIGRATIONS) {
        if version > found {
            let transaction = connection.transaction()?;
            transaction.execute_batch(migration)?;
            transaction.pragma_update(None, "user_version", version)?;
            transaction.commit()?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_prepared_once_and_one_of_a_newer_server_is_refused() {
        let mut connection = Connection::open_in_memory().unwrap();
        prepare(&mut connection).unwrap();
        prepare(&mut connection).unwrap();
        connection.pragma_update(None, "user_version", 99).unwrap();
        let error = prepare(&mut connection).unwrap_err();
        assert!(error.to_string().contains("newer"), "{error}");
    }
}

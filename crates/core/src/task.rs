//! Tasks of any vendor as data: which operations start one and tell how it stands, and where in their answers
//! things are. The wait machine and its driver know no vendor.

use crate::error::{Envelope, bare};
use crate::operation::Operation;
use crate::status::{Standing, TaskStatus};
use crate::view::View;
use crate::{agentbay, anchor, asteroid};

/// A family of services that speak about tasks in the same way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// Anchor Browser, and Taskwright's own server.
    Anchor,
    /// Asteroid's newer API: one answer has status and result.
    Asteroid,
    /// Asteroid's older API: status and result are asked for one after the other.
    AsteroidV1,
    /// AgentBay's tasks of a computer or a browser.
    AgentBay,
    /// AgentBay's tasks of a mobile.
    AgentBayMobile,
    /// AgentBay's tasks of a computer or a browser by the direct route to their session.
    AgentBayLink,
    /// AgentBay's tasks of a mobile by the direct route to their session.
    AgentBayLinkMobile,
    /// A session of AgentBay until it is paused.
    AgentBayPause,
    /// A session of AgentBay until it runs again.
    AgentBayResume,
    /// A session of AgentBay until it is gone.
    AgentBayDeletion,
    /// A session of AgentBay until its contexts are saved.
    AgentBaySync,
}

/// How tasks of one wire are started and asked about.
#[derive(Debug)]
pub struct TaskWire<V> {
    /// Starts a task.
    pub start: &'static Operation,
    /// The id in the answer of `start`.
    pub started: fn(&V) -> Option<String>,
    /// Asks how a task stands.
    pub status: &'static Operation,
    /// Reads the answer of `status`, and of `long_poll`.
    pub standing: Reading<V>,
    /// Asks the same and answers when the task has ended, or after a while. Services may not offer it.
    pub long_poll: Option<&'static Operation>,
    /// Asks for the result of an ended task, when `status` does not bring it, and reads the answer.
    pub result: Option<(&'static Operation, Completion<V>)>,
    /// How to find a task whose start was not confirmed.
    pub find: Option<Find<V>>,
    /// Asks for what the agent wants to know when it has stopped to ask, and reads the answer.
    pub question: Option<(&'static Operation, Question<V>)>,
    /// Reads what an answer says about itself; whether its status says that it is an error comes second.
    pub envelope: fn(&V, bool) -> Envelope,
    /// The word for a task that the server no longer knows, when that is what is waited for.
    pub gone: Option<&'static str>,
}

/// How to find a task whose start was not confirmed: by an id of the client's own that it carries.
#[derive(Debug)]
pub struct Find<V> {
    /// The object among the start's parameters that carries the id.
    pub member: &'static str,
    /// The id's name in there.
    pub key: &'static str,
    /// Lists tasks.
    pub list: &'static Operation,
    /// Parameters of `list` that pick those with this id.
    pub filter: fn(&str) -> Vec<(&'static str, String)>,
    /// The member of the start's answer that has the id of the task.
    pub id_member: &'static str,
    /// The task with this id, from the answer of `list`.
    pub found: fn(&V, &str) -> Option<String>,
    /// When to look, milliseconds after the answer was lost: what was accepted may be listed a moment later.
    pub looks_ms: &'static [u64],
}

/// Reads how a task stands; `None` when the answer does not say it.
pub type Reading<V> = fn(&V) -> Option<Standing<V>>;

/// Adds what the result operation says to how a task stands.
pub type Completion<V> = fn(Standing<V>, &V) -> Standing<V>;

/// Reads what the agent asks; `None` when it has been answered.
pub type Question<V> = fn(&V) -> Option<String>;

impl Wire {
    /// Everything about its tasks.
    #[must_use]
    pub fn tasks<V: View>(self) -> TaskWire<V> {
        match self {
            Self::Anchor => TaskWire {
                start: &anchor::operations::PERFORM_WEB_TASK,
                started: anchor::status::started,
                status: &anchor::operations::TASK_STATUS,
                standing: anchor::status::standing,
                long_poll: None,
                result: None,
                find: None,
                question: None,
                envelope: bare,
                gone: None,
            },
            Self::Asteroid => TaskWire {
                envelope: bare,
                gone: None,
                start: &asteroid::operations::EXECUTE,
                started: asteroid::status::started,
                status: &asteroid::operations::EXECUTION,
                standing: asteroid::status::standing,
                long_poll: Some(&asteroid::operations::EXECUTION_SYNC),
                result: None,
                find: Some(asteroid::find::executions()),
                question: Some((&asteroid::operations::ACTIVITIES, asteroid::status::question)),
            },
            Self::AsteroidV1 => TaskWire {
                start: &asteroid::operations::V1_EXECUTE,
                started: asteroid::status::started,
                status: &asteroid::operations::V1_STATUS,
                standing: asteroid::status::standing_v1,
                long_poll: None,
                result: Some((&asteroid::operations::V1_RESULT, asteroid::status::complete_v1)),
                // Executions of the older API carry no metadata.
                find: None,
                ..Self::Asteroid.tasks()
            },
            Self::AgentBay
            | Self::AgentBayMobile
            | Self::AgentBayPause
            | Self::AgentBayResume
            | Self::AgentBayDeletion
            | Self::AgentBaySync
            | Self::AgentBayLink
            | Self::AgentBayLinkMobile => agentbay::tasks(self),
        }
    }
}

/// What a wait waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Goal {
    /// The end of the task.
    #[default]
    End,
    /// The end, or that the agent has stopped to ask something.
    Interaction,
}

impl Goal {
    /// Whether a task that stands so has come to what is waited for.
    #[must_use]
    pub fn is_reached<V>(self, standing: &Standing<V>) -> bool {
        standing.status.is_terminal()
            || (self.is_interaction() && standing.status == TaskStatus::AwaitingInput && standing.asks)
    }

    /// Whether a question of the agent is waited for as well.
    #[must_use]
    pub fn is_interaction(self) -> bool {
        self == Self::Interaction
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::profile;

    /// What the machines ask for exists in the rows of the profile that they run for.
    #[test]
    fn every_operation_of_a_wire_is_a_row_of_its_profile() {
        for name in ["local", "anchor", "asteroid-v2", "asteroid-v1", "agentbay"] {
            let profile = profile::by_name(name).unwrap();
            let tasks: TaskWire<Option<&Value>> = profile.wire.tasks();
            let asked =
                [Some(tasks.start), Some(tasks.status), tasks.long_poll, tasks.result.map(|(row, _)| row)];
            let others = [tasks.find.as_ref().map(|find| find.list), tasks.question.map(|(row, _)| row)];
            for row in asked.into_iter().chain(others).flatten() {
                assert!(profile.rows.iter().any(|known| known.name == row.name), "{name}: {}", row.name);
                let has_key = !profile.key_header(row.path).is_empty() || !profile.key_field.is_empty();
                assert!(has_key, "{name}: {}", row.path);
            }
            if let Some(find) = tasks.find {
                assert!(tasks.start.fields.iter().any(|field| field.name == find.member));
            }
        }
    }

    #[test]
    fn everything_that_can_be_watched_asks_with_a_row_of_the_profile() {
        let profile = profile::by_name("agentbay").unwrap();
        for (word, wire) in profile.watches {
            let tasks: TaskWire<Option<&Value>> = wire.tasks();
            assert!(profile.rows.iter().any(|row| row.name == tasks.status.name), "{word}");
        }
    }

    #[test]
    fn names_and_addresses_of_rows_are_unique() {
        for name in ["anchor", "asteroid-v2"] {
            let rows = profile::by_name(name).unwrap().rows;
            for (index, row) in rows.iter().enumerate() {
                for other in rows.iter().skip(index + 1) {
                    assert_ne!(row.name, other.name);
                    assert!(row.path != other.path || row.method != other.method, "{}", row.path);
                }
            }
        }
    }
}

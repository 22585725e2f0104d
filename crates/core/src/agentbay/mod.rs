//! AgentBay's sessions, tools and tasks: the vendor's version 2025-05-06 of its API.

pub mod envelope;
pub mod operations;
pub mod status;
pub mod wire;

use crate::operation::Operation;
use crate::status::Standing;
use crate::task::TaskWire;
use crate::view::View;

/// A task or a session whose `status` is asked for until it has come to an end.
pub(crate) fn watch<V: View>(
    status: &'static Operation,
    standing: fn(&V) -> Option<Standing<V>>,
) -> TaskWire<V> {
    TaskWire {
        start: &operations::START_TASK,
        // Tasks are started by a call of a tool, apart from the wait.
        started: |_| None,
        status,
        standing,
        long_poll: None,
        result: None,
        find: None,
        question: None,
        envelope: envelope::read,
        gone: None,
    }
}

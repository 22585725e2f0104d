//! AgentBay's sessions, tools and tasks: the vendor's version 2025-05-06 of its API.

pub mod envelope;
pub mod operations;
pub mod status;
pub mod wire;

use crate::operation::Operation;
use crate::task::{Reading, TaskWire, Wire};
use crate::view::View;

/// Everything about a task, or about a session that is to become something: what is asked, how the answer is read.
pub(crate) fn tasks<V: View>(wire: Wire) -> TaskWire<V> {
    let (status, standing): (&'static Operation, Reading<V>) = match wire {
        Wire::AgentBayMobile => (&operations::TASK_STATUS, status::mobile_task),
        Wire::AgentBayPause => (&operations::SESSION, status::paused),
        Wire::AgentBayResume => (&operations::SESSION, status::resumed),
        Wire::AgentBayDeletion => (&operations::DETAIL, status::deleted),
        Wire::AgentBaySync => (&operations::SYNC_STATUS, status::synced),
        Wire::AgentBayLink => (&operations::DIRECT_STATUS, status::task),
        Wire::AgentBayLinkMobile => (&operations::DIRECT_STATUS, status::mobile_task),
        _ => (&operations::TASK_STATUS, status::task),
    };
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
        gone: (wire == Wire::AgentBayDeletion).then_some("DELETED"),
    }
}

//! The wait machine: many waits, one scheduler. It says which task to ask about next and when; whoever
//! drives it asks and reports. Each wait has its own rhythm, quick at first and slower as the task takes
//! longer, and all of them share one request budget.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::error::{Error, ErrorKind, Observed};
use crate::rng::Rng;
use crate::slab::{Key, Slab};
use crate::text::join;
use crate::time::{Millis, shown};

/// Distinct status words that a wait counts; more than any vendor has.
const MAX_OBSERVED: usize = 16;
/// The last question of a wait is asked this long before its time is up, milliseconds.
const LAST_CALL_MS: u64 = 50;

/// The rhythm of one wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Whether the first question is asked at once, and the second one after `first_ms`.
    pub at_once: bool,
    /// The pause before the first question, milliseconds.
    pub first_ms: u64,
    /// By how many percent each pause is longer than the one before.
    pub growth_percent: u64,
    /// No pause is longer, milliseconds.
    pub cap_ms: u64,
    /// How long questions may keep failing before the wait gives up, milliseconds.
    pub patience_ms: u64,
}

impl Default for Pace {
    fn default() -> Self {
        Self { at_once: false, first_ms: 200, growth_percent: 30, cap_ms: 3_000, patience_ms: 300_000 }
    }
}

impl Pace {
    /// The rhythm of a wait whose caller wants to know at least every `interval_ms`.
    #[must_use]
    pub fn within(interval_ms: u64) -> Self {
        let usual = Self::default();
        Self { at_once: true, first_ms: usual.first_ms.min(interval_ms), cap_ms: interval_ms, ..usual }
    }
}

/// What all waits of one client may spend together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Questions under way at once.
    pub in_flight: u32,
    /// Questions a second.
    pub per_second: u32,
}

/// The number of one wait.
pub type WaitId = Key;

/// What to do next. `T` is the driver's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next<T> {
    /// Ask how this wait's task stands, and be done by `until`.
    Ask {
        /// Which wait.
        id: WaitId,
        /// When its time is up.
        until: Option<Millis>,
    },
    /// This wait's time is up; it is no longer known.
    Expired(T, Vec<Observed>),
    /// Nothing to do before this moment.
    Sleep(Millis),
    /// Nothing to do until an answer is reported or a wait is added.
    Idle,
}

/// What came of one question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// The task stands so.
    Status {
        /// The vendor's word.
        word: String,
        /// It has come to what is waited for.
        ends: bool,
        /// The server held the question back before it answered: the next one may come as soon as the first did.
        held: bool,
    },
    /// The question failed, but the next one may not; `retry_after_ms` is the pause that the server asked for.
    Missed {
        /// Milliseconds.
        retry_after_ms: Option<u64>,
    },
}

impl Heard {
    /// How a task stands, heard at once.
    pub fn status(word: impl Into<String>, ends: bool) -> Self {
        Self::Status { word: word.into(), ends, held: false }
    }
}

/// What a report means for its wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It goes on.
    Waiting,
    /// Its task has ended; it is no longer known.
    Ended,
    /// Its questions have failed for too long; it is no longer known.
    GivenUp,
    /// It was not known: cancelled meanwhile.
    Unknown,
}

#[derive(Debug)]
struct Wait<T> {
    owner: T,
    pace: Pace,
    pause_ms: u64,
    deadline: Option<Millis>,
    due: Millis,
    asking: bool,
    failing_since: Option<Millis>,
    observed: Vec<Observed>,
}

/// All waits of one client, each with the driver's `T` beside it.
#[derive(Debug)]
pub struct Scheduler<T> {
    budget: Budget,
    rng: Rng,
    waits: Slab<Wait<T>>,
    /// When each wait is due; entries of waits that moved or ended are skipped when they come up.
    agenda: BinaryHeap<Reverse<(Millis, WaitId)>>,
    /// When the time of each wait is up. Apart from the agenda, because a full budget must not delay it.
    deadlines: BinaryHeap<Reverse<(Millis, WaitId)>>,
    asking: u32,
    /// The next question is allowed from here on.
    slot: Millis,
    /// What is left over of a millisecond after the last slot, in units of 1 / `per_second`.
    slot_rest: u64,
}

impl<T> Scheduler<T> {
    /// A scheduler without waits. `seed` spreads the questions.
    #[must_use]
    pub fn new(budget: Budget, seed: u64) -> Self {
        Self {
            budget: Budget { in_flight: budget.in_flight.max(1), per_second: budget.per_second.max(1) },
            rng: Rng::new(seed),
            waits: Slab::default(),
            agenda: BinaryHeap::new(),
            deadlines: BinaryHeap::new(),
            asking: 0,
            slot: Millis(0),
            slot_rest: 0,
        }
    }

    /// Begins a wait that ends by itself after `timeout_ms`.
    pub fn add(&mut self, now: Millis, pace: Pace, timeout_ms: Option<u64>, owner: T) -> WaitId {
        let deadline = timeout_ms.map(|ms| now.after(ms));
        let mut wait = Wait {
            owner,
            pace,
            pause_ms: if pace.at_once { 0 } else { pace.first_ms },
            deadline,
            due: now,
            asking: false,
            failing_since: None,
            observed: Vec::new(),
        };
        let first_ms = if pace.at_once { 0 } else { pace.first_ms };
        wait.due = wait.within_time(now, now.after(self.spread(first_ms)));
        let due = wait.due;
        let id = self.waits.insert(wait);
        self.agenda.push(Reverse((due, id)));
        self.deadlines.extend(deadline.map(|deadline| Reverse((deadline, id))));
        id
    }

    /// What the driver put beside a wait, while it is known.
    #[must_use]
    pub fn owner(&self, id: WaitId) -> Option<&T> {
        self.waits.get(id).map(|wait| &wait.owner)
    }

    /// Forgets a wait. Its question under way, if any, still has to be reported.
    pub fn cancel(&mut self, id: WaitId) {
        self.waits.remove(id);
    }

    /// How many waits there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.waits.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waits.is_empty()
    }

    /// What to do at `now`. Call it again until it answers [`Next::Sleep`] or [`Next::Idle`].
    pub fn next(&mut self, now: Millis) -> Next<T> {
        let deadline = self.next_deadline();
        if let Some(late) =
            deadline.filter(|(deadline, _)| *deadline <= now).and_then(|(_, id)| self.waits.remove(id))
        {
            self.deadlines.pop();
            return Next::Expired(late.owner, late.observed);
        }
        let deadline = deadline.map(|(deadline, _)| deadline);
        match self.next_question(now) {
            Next::Sleep(until) => Next::Sleep(deadline.map_or(until, |deadline| until.min(deadline))),
            Next::Idle => deadline.map_or(Next::Idle, Next::Sleep),
            ask => ask,
        }
    }

    /// The first time that is up, of a wait that is still known.
    fn next_deadline(&mut self) -> Option<(Millis, WaitId)> {
        loop {
            let Reverse((deadline, id)) = self.deadlines.peek().copied()?;
            if self.waits.get(id).is_some() {
                return Some((deadline, id));
            }
            self.deadlines.pop();
        }
    }

    fn next_question(&mut self, now: Millis) -> Next<T> {
        loop {
            let Some(Reverse((due, id))) = self.agenda.peek().copied() else { return Next::Idle };
            let Some(wait) = self.waits.get_mut(id).filter(|wait| wait.due == due && !wait.asking) else {
                self.agenda.pop();
                continue;
            };
            if due > now {
                return Next::Sleep(due);
            }
            if self.asking >= self.budget.in_flight {
                return Next::Idle;
            }
            if self.slot > now {
                return Next::Sleep(self.slot);
            }
            let until = wait.deadline;
            wait.asking = true;
            self.agenda.pop();
            self.asking = self.asking.saturating_add(1);
            self.take_slot(now);
            return Next::Ask { id, until };
        }
    }

    /// Reports what came of a question that [`Next::Ask`] asked for.
    pub fn heard(&mut self, now: Millis, id: WaitId, heard: Heard) -> Verdict {
        self.asking = self.asking.saturating_sub(1);
        let Some(wait) = self.waits.get_mut(id) else { return Verdict::Unknown };
        wait.asking = false;
        let mut floor_ms = 0;
        match heard {
            Heard::Status { word, ends, held } => {
                wait.failing_since = None;
                wait.observe(word);
                if held {
                    wait.pause_ms = 0;
                }
                if ends {
                    self.waits.remove(id);
                    return Verdict::Ended;
                }
            }
            Heard::Missed { retry_after_ms } => {
                let since = *wait.failing_since.get_or_insert(now);
                if now.since(since) >= wait.pace.patience_ms {
                    self.waits.remove(id);
                    return Verdict::GivenUp;
                }
                floor_ms = retry_after_ms.unwrap_or(0).min(wait.pace.patience_ms);
            }
        }
        let grown = wait.pause_ms.saturating_mul(wait.pace.growth_percent.saturating_add(100)) / 100;
        let longer = grown.max(wait.pause_ms.saturating_add(1)).max(wait.pace.first_ms);
        wait.pause_ms = longer.min(wait.pace.cap_ms.max(1));
        let pause = wait.pause_ms;
        let spread = self.spread(pause).max(floor_ms);
        if let Some(wait) = self.waits.get_mut(id) {
            wait.due = wait.within_time(now, now.after(spread));
            self.agenda.push(Reverse((wait.due, id)));
        }
        Verdict::Waiting
    }

    /// A pause with up to a fifth taken away, so that waits that began together do not stay together.
    fn spread(&mut self, pause_ms: u64) -> u64 {
        self.rng.between(pause_ms.saturating_sub(pause_ms / 5), pause_ms)
    }

    /// Books one question. Unused time is worth at most one burst of `in_flight` questions.
    fn take_slot(&mut self, now: Millis) {
        let per_second = u64::from(self.budget.per_second);
        let burst_ms = u64::from(self.budget.in_flight).saturating_mul(1_000) / per_second;
        let earliest = Millis(now.0.saturating_sub(burst_ms));
        self.slot = self.slot.max(earliest);
        // 1000 / per_second milliseconds each, the remainder carried along.
        self.slot_rest = self.slot_rest.saturating_add(1_000);
        self.slot = self.slot.after(self.slot_rest / per_second);
        self.slot_rest %= per_second;
    }
}

impl<T> Wait<T> {
    /// `due`, or the last moment at which an answer can still come in time.
    fn within_time(&self, now: Millis, due: Millis) -> Millis {
        match self.deadline {
            Some(deadline) if due >= deadline => {
                let last_call = Millis(deadline.0.saturating_sub(LAST_CALL_MS));
                if last_call > now { last_call } else { deadline }
            }
            _ => due,
        }
    }

    fn observe(&mut self, word: String) {
        if let Some(known) = self.observed.iter_mut().find(|observed| observed.status == word) {
            known.count = known.count.saturating_add(1);
        } else if self.observed.len() < MAX_OBSERVED {
            self.observed.push(Observed { status: word, count: 1 });
        }
    }
}

/// The error of a wait whose time is up.
#[must_use]
pub fn timed_out(task_id: &str, timeout_ms: u64, observed: Vec<Observed>) -> Error {
    let seen = join(observed.iter().map(|seen| format!("{} × {}", seen.status, seen.count)), ", ");
    let seen = if seen.is_empty() { "no status was seen".to_owned() } else { format!("saw {seen}") };
    Error {
        task_id: Some(task_id.to_owned()),
        observed,
        retryable: true,
        ..Error::new(
            ErrorKind::WaitTimeout,
            format!(
                "task {task_id} has not ended within {} ms ({seen}); it goes on and can be waited for again",
                shown(timeout_ms)
            ),
        )
    }
}

/// The error of a task that ended without success.
#[must_use]
pub fn task_failed(task_id: &str, why: Option<&str>) -> Error {
    let why = why.filter(|why| !why.is_empty()).unwrap_or("the backend gave no reason");
    Error {
        task_id: Some(task_id.to_owned()),
        ..Error::new(ErrorKind::TaskFailed, format!("task {task_id} failed: {why}"))
    }
}

#[cfg(test)]
mod tests;

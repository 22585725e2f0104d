//! At most so many at once; the others wait in line.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use crate::handover::Handover;

/// A row of places. Clones share it.
#[derive(Clone)]
pub(crate) struct Gate(Rc<RefCell<Inner>>);

struct Inner {
    free: u32,
    line: VecDeque<Handover<()>>,
}

/// A place; dropping it lets the next one in.
pub(crate) struct Place(Gate);

/// Somebody in line. Leaving it early gives up the turn, also one that has just come.
struct InLine {
    gate: Gate,
    turn: Handover<()>,
    came: bool,
}

impl Gate {
    pub(crate) fn new(places: u32) -> Self {
        Self(Rc::new(RefCell::new(Inner { free: places, line: VecDeque::new() })))
    }

    /// Waits for a place.
    pub(crate) async fn enter(&self) -> Place {
        let mut in_line = InLine { gate: self.clone(), turn: Handover::new(), came: false };
        self.0.borrow_mut().line.push_back(in_line.turn.clone());
        self.admit();
        in_line.turn.clone().await;
        in_line.came = true;
        Place(self.clone())
    }

    /// Lets in whoever is first, as long as there are places.
    fn admit(&self) {
        loop {
            let next = {
                let mut inner = self.0.borrow_mut();
                if inner.free == 0 {
                    return;
                }
                let Some(next) = inner.line.pop_front() else { return };
                inner.free = inner.free.saturating_sub(1);
                next
            };
            next.put(());
        }
    }

    fn leave(&self) {
        let free = self.0.borrow().free;
        self.0.borrow_mut().free = free.saturating_add(1);
        self.admit();
    }
}

impl Drop for InLine {
    fn drop(&mut self) {
        if self.came {
            return;
        }
        let in_line = self.gate.0.borrow().line.len();
        self.gate.0.borrow_mut().line.retain(|other| !other.is(&self.turn));
        let was_admitted = self.gate.0.borrow().line.len() == in_line;
        if was_admitted {
            self.gate.leave();
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.leave();
    }
}

//! Events of a page that somebody follows beside its loading.

use std::sync::{Mutex, PoisonError};

use tokio::sync::{mpsc, watch};

use super::connection::Event;

/// Who follows what. A new follower takes the place of the one before.
#[derive(Debug, Default)]
pub(super) struct Taps {
    followers: Mutex<Vec<(Tap, mpsc::UnboundedSender<Event>)>>,
    /// How many downloads began that somebody follows.
    downloads: watch::Sender<u64>,
}

/// What can be followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tap {
    Downloads,
    Frames,
}

impl Tap {
    fn takes(self, method: &str) -> bool {
        match self {
            Self::Downloads => method.starts_with("Page.download"),
            Self::Frames => method == "Page.screencastFrame",
        }
    }
}

impl Taps {
    pub(super) fn follow(&self, tap: Tap) -> mpsc::UnboundedReceiver<Event> {
        let (sender, receiver) = mpsc::unbounded_channel();
        let mut followers = self.followers.lock().unwrap_or_else(PoisonError::into_inner);
        followers.retain(|(known, _)| *known != tap);
        followers.push((tap, sender));
        receiver
    }

    /// Counts the downloads that begin; `None` where nobody follows them, because they are refused.
    pub(super) fn downloads(&self) -> Option<watch::Receiver<u64>> {
        let followers = self.followers.lock().unwrap_or_else(PoisonError::into_inner);
        followers.iter().any(|(tap, _)| *tap == Tap::Downloads).then(|| self.downloads.subscribe())
    }

    /// Hands an event to whoever follows such.
    pub(super) fn hand_on(&self, event: Event) {
        let followers = self.followers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, follower)) = followers.iter().find(|(tap, _)| tap.takes(&event.method)) {
            if event.method == "Page.downloadWillBegin" {
                self.downloads.send_modify(|downloads| *downloads += 1);
            }
            // A follower that left misses nothing.
            let _ = follower.send(event);
        }
    }
}

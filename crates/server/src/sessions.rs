//! Open sessions: a browser context that stays, with the limits on its life.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, RwLock, Semaphore, watch};
use tokio::time::{Instant, sleep_until, timeout};
use tracing::{error, info};
use uuid::Uuid;

use crate::browser::{BrowserError, Context, Freezer, Page};
use crate::chromium::Chromium;
use crate::endings::Endings;
use crate::link::Links;
use crate::store::{NewSession, Store, StoreError};

mod hold;

pub use hold::{Activity, Calling, NotNow};

/// All open sessions. Clones share them.
#[derive(Clone)]
pub struct Sessions {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    chromium: Chromium,
    endings: Endings,
    links: Links,
    limit: usize,
    /// One for each session that may still be opened; taken before the context is, so that a burst of requests
    /// does not get past the limit.
    places: Arc<Semaphore>,
    /// Those that are being closed included.
    open: Mutex<HashMap<String, Arc<Session>>>,
}

/// What a new session shall be like.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SessionOptions {
    /// Whose it is: the sessions of one wire are not seen by the others.
    pub realm: &'static str,
    /// What its id begins with.
    pub id_prefix: &'static str,
    /// The page to open first.
    pub initial_url: Option<String>,
    /// Labels that stay.
    pub tags: Vec<String>,
    /// Labels by name, which may be replaced.
    pub labels: BTreeMap<String, String>,
    /// Width and height of the page in CSS pixels.
    pub viewport: Option<(u32, u32)>,
    /// How long it lives at most; for ever when absent.
    pub max_duration: Option<Duration>,
    /// How long it lives unused; for ever when absent.
    pub idle_timeout: Option<Duration>,
}

/// Why a session was not created.
#[derive(Debug)]
pub enum CreateError {
    /// So many are open already.
    Full(usize),
    /// The browser did not open the context or the page.
    Browser(BrowserError),
    /// It could not be recorded.
    Store(StoreError),
}

impl Sessions {
    /// No session yet; at most `limit` at once.
    #[must_use]
    pub fn new(store: Store, chromium: Chromium, endings: Endings, links: Links, limit: usize) -> Self {
        let places = Arc::new(Semaphore::new(limit));
        Self {
            inner: Arc::new(Inner { store, chromium, endings, links, limit, places, open: Mutex::default() }),
        }
    }

    /// Opens a session and answers its id. `configuration` is kept for whoever asks how it was created.
    pub async fn create(&self, options: SessionOptions, configuration: Value) -> Result<String, CreateError> {
        let place = Arc::clone(&self.inner.places).try_acquire_owned();
        let place = place.map_err(|_| CreateError::Full(self.inner.limit))?;
        let context = self.inner.chromium.open(options.viewport).await.map_err(CreateError::Browser)?;
        if let Some(url) = &options.initial_url {
            let opened = context.page().goto(url).await;
            if let Err(error) = opened {
                context.close().await;
                return Err(CreateError::Browser(error));
            }
        }
        let id = format!("{}{}", options.id_prefix, Uuid::new_v4());
        let row = NewSession {
            id: id.clone(),
            realm: options.realm.to_owned(),
            tags: options.tags.clone(),
            labels: options.labels.clone(),
            configuration,
        };
        if let Err(error) = self.inner.store.add_session(row).await {
            context.close().await;
            return Err(CreateError::Store(error));
        }
        let session = Arc::new(Session {
            _place: place,
            id: id.clone(),
            realm: options.realm,
            page: context.page().clone(),
            freezer: context.freezer(),
            links: self.inner.links.clone(),
            activity: watch::Sender::new(Activity::Running),
            turn: tokio::sync::Mutex::new(()),
            calls: RwLock::new(()),
            fault: Mutex::new(None),
            driver: tokio::sync::Mutex::new(()),
            users: AtomicUsize::new(0),
            used: Mutex::new(Instant::now()),
            ending: watch::Sender::new(None),
            closing: AtomicBool::new(false),
            closed: watch::Sender::new(false),
        });
        self.lock().insert(id.clone(), Arc::clone(&session));
        info!(session = %id, "session opened");
        tokio::spawn(self.clone().supervise(id.clone(), session, context, options));
        Ok(id)
    }

    /// An open session; `None` when it ended, is about to, or never was.
    #[must_use]
    pub fn open(&self, id: &str) -> Option<Arc<Session>> {
        self.find(id).filter(|session| !session.is_ending())
    }

    /// A session that is open or being closed.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<Arc<Session>> {
        self.lock().get(id).cloned()
    }

    /// How many are open.
    #[must_use]
    pub fn count(&self) -> usize {
        self.lock().len()
    }

    /// Ends a session and waits until it is closed and recorded. `false` when it was not open.
    pub async fn end(&self, id: &str, reason: &str) -> bool {
        let Some(session) = self.find(id) else { return false };
        session.ask_to_end(reason);
        // The supervisor sets this last; it cannot be dropped before.
        let _ = session.closed.subscribe().wait_for(|closed| *closed).await;
        true
    }

    /// Ends every session.
    pub async fn end_all(&self, reason: &str) {
        self.end_those(reason, |_| true).await;
    }

    /// Ends every session of one realm.
    pub async fn end_all_of(&self, realm: &str, reason: &str) {
        self.end_those(reason, |session| session.realm == realm).await;
    }

    async fn end_those(&self, reason: &str, which: impl Fn(&Session) -> bool) {
        let sessions: Vec<_> = self.lock().values().filter(|session| which(session)).cloned().collect();
        futures_util::future::join_all(sessions.iter().map(|session| self.end(&session.id, reason))).await;
    }

    async fn supervise(self, id: String, session: Arc<Session>, context: Context, options: SessionOptions) {
        let ending = tokio::select! {
            reason = lost(&context) => Ending { reason, failed: true },
            ending = session.asked_to_end() => ending,
            ending = session.expiry(&options) => ending,
        };
        info!(session = %id, reason = ending.reason, "session ended");
        session.closing.store(true, Ordering::SeqCst);
        // First on disk, so that no task is accepted for it any more, then what still waits for it.
        if let Err(error) = self.inner.store.end_session(&id, &ending.reason, ending.failed).await {
            error!(session = %id, %error, "the end of a session could not be stored");
        }
        let error = format!("The session ended before this task ran: {}", ending.reason);
        match self.inner.store.fail_queued_of(&id, &error).await {
            Ok(tasks) => tasks.iter().for_each(|task| self.inner.endings.announce(task)),
            Err(error) => error!(session = %id, %error, "the tasks of a session could not be ended"),
        }
        self.inner.links.revoke(&id);
        session.ending.send_replace(Some(ending));
        context.close().await;
        self.lock().remove(&id);
        session.closed.send_replace(true);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Session>>> {
        self.inner.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How often it is looked for clients of a link, at most and at least; a tenth of the idle time in between.
const LOOK: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(30));

/// How long the news that Chromium died may take after its page is gone. Tasks wait a little longer for this news.
const NEWS: Duration = Duration::from_millis(100);

/// Resolves with the reason when the page of a session is lost; there is no other in its place.
async fn lost(context: &Context) -> String {
    tokio::select! {
        reason = context.gone() => return reason,
        () = context.page().gone() => {}
    }
    timeout(NEWS, context.gone()).await.unwrap_or_else(|_| "Its page crashed or was closed.".to_owned())
}

/// One open session.
pub struct Session {
    _place: OwnedSemaphorePermit,
    id: String,
    realm: &'static str,
    page: Page,
    freezer: Freezer,
    /// Who is connected by one uses the session.
    links: Links,
    /// How it stands, its end aside.
    activity: watch::Sender<Activity>,
    /// Held by whoever has it stand still or go on.
    turn: tokio::sync::Mutex<()>,
    /// Read-locked while somebody uses the page for a call, so that it is not frozen meanwhile.
    calls: RwLock<()>,
    /// Why the last attempt to have it stand still failed.
    fault: Mutex<Option<String>>,
    /// Held by whoever changes the page, so that a navigation does not pull it away from under a task.
    driver: tokio::sync::Mutex<()>,
    users: AtomicUsize,
    used: Mutex<Instant>,
    ending: watch::Sender<Option<Ending>>,
    /// Set before the reason is told to those who wait for it.
    closing: AtomicBool,
    closed: watch::Sender<bool>,
}

#[derive(Debug, Clone)]
struct Ending {
    reason: String,
    failed: bool,
}

impl Session {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whose it is.
    #[must_use]
    pub fn realm(&self) -> &'static str {
        self.realm
    }

    /// The `browserContextId` of its context in CDP.
    #[must_use]
    pub fn context_id(&self) -> &str {
        self.freezer.context_id()
    }

    /// Begins its idle time anew.
    pub fn touch(&self) {
        *self.used.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// Waits for the page and holds it for changes.
    pub async fn drive(&self) -> Driving<'_> {
        let usage = self.look();
        Driving { _turn: self.driver.lock().await, usage }
    }

    /// The page as it is, also while somebody else changes it.
    #[must_use]
    pub fn look(&self) -> Usage<'_> {
        self.users.fetch_add(1, Ordering::SeqCst);
        Usage(self)
    }

    /// Resolves with the reason once the session ended.
    pub async fn ended(&self) -> String {
        self.asked_to_end().await.reason
    }

    /// Has it end, and does not wait for it.
    pub fn ask_to_end(&self, reason: &str) {
        self.ending.send_if_modified(|ending| {
            let first = ending.is_none();
            ending.get_or_insert_with(|| Ending { reason: reason.to_owned(), failed: false });
            first
        });
    }

    fn is_ending(&self) -> bool {
        self.closing.load(Ordering::SeqCst) || self.ending.borrow().is_some()
    }

    async fn asked_to_end(&self) -> Ending {
        let mut ending = self.ending.subscribe();
        match ending.wait_for(Option::is_some).await {
            Ok(ending) => ending.clone(),
            Err(_) => None,
        }
        .unwrap_or_else(|| Ending { reason: "It is gone.".to_owned(), failed: true })
    }

    /// Resolves when a limit of its life is reached. Time in use is not idle, nor is time that it stands still.
    async fn expiry(&self, options: &SessionOptions) -> Ending {
        let far = Duration::from_secs(60 * 60 * 24 * 365);
        let born = Instant::now();
        let end = born + options.max_duration.unwrap_or(far).min(far);
        let idle = options.idle_timeout.unwrap_or(far).min(far);
        // Who comes and goes by a link is seen only when it is looked for.
        let look = (idle / 10).clamp(LOOK.0, LOOK.1);
        loop {
            if self.links.in_use(&self.id) {
                self.touch();
            }
            let in_use = self.users.load(Ordering::SeqCst) > 0 || self.activity() != Activity::Running;
            let used = *self.used.lock().unwrap_or_else(PoisonError::into_inner);
            let idle_end = if in_use { Instant::now() + idle } else { used + idle };
            let now = Instant::now();
            if now >= end {
                return Ending { reason: limit_text("max_duration", options.max_duration), failed: false };
            }
            if now >= idle_end {
                return Ending { reason: limit_text("idle_timeout", options.idle_timeout), failed: false };
            }
            sleep_until(end.min(idle_end).min(now + look)).await;
        }
    }
}

fn limit_text(name: &str, limit: Option<Duration>) -> String {
    let limit = humantime::format_duration(limit.unwrap_or_default());
    format!("It reached its {name} of {limit}.")
}

/// A session in use; it does not count as idle meanwhile.
pub struct Usage<'a>(&'a Session);

impl Usage<'_> {
    /// The page.
    #[must_use]
    pub fn page(&self) -> &Page {
        &self.0.page
    }
}

impl Drop for Usage<'_> {
    fn drop(&mut self) {
        self.0.touch();
        self.0.users.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A session whose page may be changed.
pub struct Driving<'a> {
    _turn: tokio::sync::MutexGuard<'a, ()>,
    usage: Usage<'a>,
}

impl Driving<'_> {
    /// The page.
    #[must_use]
    pub fn page(&self) -> &Page {
        self.usage.page()
    }
}

//! Between one client and Chromium: what goes over, what is made up here, what is kept from the client.
//!
//! Without I/O: the socket feeds in what the client and Chromium say and carries out the actions that come back.
//!
//! Commands for a page go to a session of Chromium's that is the client's alone. The browser level is emulated where
//! Chromium knows no limit to one context: discovering targets and attaching to them.

mod events;

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};

use super::message::{Command, event, text};
use super::rules::{self, Level, Verdict};
use super::targets::{Filter, Targets, stands_alone};
use crate::browser::Delivery;

/// Commands that may wait for their answers.
const MOST_COMMANDS: usize = 10_000;
/// Pages that a client may have open in the context.
const MOST_PAGES: usize = 64;

/// What the socket has to do.
#[derive(Debug, PartialEq)]
pub(super) enum Action {
    /// Send a message to the client.
    Tell(Value),
    /// Send a command to Chromium; its answer comes back under the number.
    Send { session: String, method: String, params: Value, number: u64 },
    /// Close the connection to the client, for a reason unless it asked for it.
    Leave(Option<&'static str>),
}

/// The state of one client.
pub(super) struct Proxy {
    context: String,
    /// The target of the page that the server works in.
    page: String,
    /// Chromium's session for what the client sends to the browser itself.
    root: String,
    /// Every session with the browser itself: that one, and those that the client asked for besides.
    roots: HashMap<String, Root>,
    /// The client's sessions with targets.
    sessions: HashMap<String, Session>,
    /// Windows of the context, as far as the client asked for them.
    windows: HashSet<i64>,
    targets: Targets,
    waiting: HashMap<u64, Waiting>,
    held: Vec<Held>,
    last_number: u64,
    ready: bool,
    actions: Vec<Action>,
}

/// A session with the browser itself.
#[derive(Default)]
struct Root {
    /// Which targets it is told of.
    discover: Option<Filter>,
    /// Which targets it is attached to by itself.
    attach: Option<Filter>,
    /// Those that it was attached to so, with the session once that is there.
    attached: HashMap<String, Option<String>>,
}

/// A session with a target.
struct Session {
    target: String,
    /// The session that it was attached through.
    parent: String,
}

/// What an answer of Chromium's is for.
enum Waiting {
    /// The targets that exist are known.
    Discovery,
    Command(Command),
    /// A command whose answer names a window of the context.
    Window(Command),
    /// A new page.
    Create(Command),
    /// A session with the browser was attached to a target by itself.
    Attach {
        root: String,
        target: String,
    },
    Nobody,
}

/// An answer that has to come after the events of new sessions: clients take these as given when they read it.
struct Held {
    answer: Value,
    /// Sessions with the browser and the targets that they are being attached to.
    until: HashSet<(String, String)>,
}

impl Proxy {
    /// For a context, the page that the server works in, and Chromium's session for the browser itself.
    pub(super) fn new(context: &str, page: &str, root: &str) -> Self {
        let mut proxy = Self {
            context: context.to_owned(),
            page: page.to_owned(),
            root: root.to_owned(),
            roots: HashMap::from([(root.to_owned(), Root::default())]),
            sessions: HashMap::new(),
            windows: HashSet::new(),
            targets: Targets::of(context),
            waiting: HashMap::new(),
            held: Vec::new(),
            last_number: 0,
            ready: false,
            actions: Vec::new(),
        };
        // Of every type; what the client hears of is decided here.
        let all = json!({ "discover": true, "filter": [{}] });
        proxy.send(root.to_owned(), "Target.setDiscoverTargets", all, Waiting::Discovery);
        proxy
    }

    /// Whether the targets are known; nothing of the client may be fed in before.
    pub(super) fn is_ready(&self) -> bool {
        self.ready
    }

    /// What is to be done at the start.
    pub(super) fn begin(&mut self) -> Vec<Action> {
        std::mem::take(&mut self.actions)
    }

    /// Takes a message of the client.
    pub(super) fn hear_client(&mut self, message: &str) -> Vec<Action> {
        match Command::parse(message) {
            Ok(_) if self.waiting.len() >= MOST_COMMANDS => {
                self.actions.push(Action::Leave(Some("too many commands wait for their answers")));
            }
            Ok(command) => self.command(command),
            Err(answer) => self.tell(answer),
        }
        std::mem::take(&mut self.actions)
    }

    /// Takes what Chromium sent.
    pub(super) fn hear_chromium(&mut self, delivery: Delivery) -> Vec<Action> {
        match delivery {
            Delivery::Answer { number, message } => self.answer(number, message),
            Delivery::Event { session, method, params } => {
                if self.roots.contains_key(&session) {
                    self.root_event(&session, &method, params);
                } else if self.sessions.contains_key(&session) {
                    self.target_event(&session, &method, params);
                }
            }
        }
        std::mem::take(&mut self.actions)
    }

    /// A command could not be sent: its session is gone.
    pub(super) fn unsent(&mut self, number: u64) -> Vec<Action> {
        match self.waiting.remove(&number) {
            Some(Waiting::Command(command) | Waiting::Window(command) | Waiting::Create(command)) => {
                self.tell(command.lost());
            }
            Some(Waiting::Attach { root, target }) => self.attach_ended(&root, &target, None),
            Some(Waiting::Discovery | Waiting::Nobody) | None => {}
        }
        std::mem::take(&mut self.actions)
    }

    fn command(&mut self, command: Command) {
        let session = command.session.clone().unwrap_or_else(|| self.root.clone());
        let level = if self.roots.contains_key(&session) {
            Level::Root
        } else if let Some(Session { target, .. }) = self.sessions.get(&session) {
            Level::Target { own: *target == self.page }
        } else {
            return self.tell(command.lost());
        };
        if command.method.starts_with("Target.") {
            return self.target_command(level, session, command);
        }
        if (level, command.method.as_str()) == (Level::Root, "Browser.getWindowForTarget") {
            let known = self.targets.contains(text(&command.params, "targetId"));
            let (params, why) = (command.params.clone(), rules::one_context());
            return if known {
                self.forward(session, params, Waiting::Window(command))
            } else {
                self.refuse(&command, why)
            };
        }
        match rules::judge(level, &self.context, &command.method, command.params.clone()) {
            Verdict::Forward(params) if command.method == "Browser.getWindowForTarget" => {
                self.forward(session, params, Waiting::Window(command));
            }
            Verdict::Forward(params) => self.forward(session, params, Waiting::Command(command)),
            Verdict::ForWindow(window) if self.windows.contains(&window) => {
                let params = command.params.clone();
                self.forward(session, params, Waiting::Command(command));
            }
            Verdict::ForWindow(_) => self.refuse(&command, rules::one_context()),
            Verdict::Refuse(sentence) => self.tell(command.refused(&sentence)),
            Verdict::CloseOwn => self.close_own(command.done(json!({}))),
            Verdict::Leave => {
                self.tell(command.done(json!({})));
                self.actions.push(Action::Leave(None));
            }
        }
    }

    fn target_command(&mut self, level: Level, session: String, mut command: Command) {
        let flag = |name: &str| command.params.get(name).and_then(Value::as_bool).unwrap_or_default();
        let target = text(&command.params, "targetId").to_owned();
        let known = self.targets.contains(&target);
        match (level, command.method.as_str()) {
            (Level::Root, "Target.setDiscoverTargets") => self.discover(&session, &command),
            (_, "Target.setAutoAttach" | "Target.attachToTarget") if !flag("flatten") => {
                self.refuse(&command, "only flat sessions are offered (flatten: true)");
            }
            (Level::Root, "Target.setAutoAttach") => self.auto_attach(session, &command),
            (Level::Root, "Target.getTargets") => {
                let filter = Filter::of(&command.params);
                let infos: Vec<&Value> = self.targets.matching(&filter).map(|(_, info)| info).collect();
                let answer = command.done(json!({ "targetInfos": infos }));
                self.tell(answer);
            }
            (Level::Root, "Target.getBrowserContexts") => {
                let context = &self.context;
                let answer = json!({ "browserContextIds": [context], "defaultBrowserContextId": context });
                self.tell(command.done(answer));
            }
            (Level::Root, "Target.createTarget") => {
                if let Err(why) = self.may_create(&mut command.params) {
                    return self.refuse(&command, why);
                }
                let params = command.params.clone();
                self.forward(session, params, Waiting::Create(command));
            }
            (Level::Root, "Target.closeTarget") if known && target == self.page => {
                self.close_own(command.done(json!({ "success": true })));
            }
            (Level::Root, "Target.closeTarget") if self.is_tab(&target) => {
                self.refuse(&command, rules::stays())
            }
            (Level::Root, "Target.detachFromTarget") | (Level::Target { .. }, "Target.detachFromTarget") => {
                let other = text(&command.params, "sessionId");
                let ours = self.sessions.contains_key(other) || self.roots.contains_key(other);
                if ours && other != self.root {
                    let params = command.params.clone();
                    self.forward(session, params, Waiting::Command(command));
                } else {
                    self.tell(command.lost());
                }
            }
            // Without a target it means the one of its session.
            (_, "Target.getTargetInfo") if known || target.is_empty() => self.pass(session, command),
            (Level::Target { .. }, "Target.setAutoAttach")
            | (Level::Root, "Target.attachToBrowserTarget") => {
                self.pass(session, command);
            }
            (Level::Root, "Target.attachToTarget" | "Target.closeTarget" | "Target.activateTarget")
                if known =>
            {
                self.pass(session, command);
            }
            _ => self.refuse(&command, rules::one_context()),
        }
    }

    /// A tab may hold the page of the session; which one does, CDP does not say.
    fn is_tab(&self, target: &str) -> bool {
        self.targets.get(target).is_some_and(|info| text(info, "type") == "tab")
    }

    /// Closes the page of the session for this client only: the session's tasks go on in it. A refusal would not do,
    /// Playwright's `page.close()` waits for ever then.
    fn close_own(&mut self, answer: Value) {
        let own = self.sessions.iter().filter(|(_, session)| session.target == self.page);
        let own: Vec<_> = own.map(|(session, with)| (session.clone(), with.parent.clone())).collect();
        for (session, parent) in own {
            let params = json!({ "sessionId": session });
            self.send(parent, "Target.detachFromTarget", params, Waiting::Nobody);
        }
        if let Some(info) = self.targets.hide(&self.page) {
            let params = json!({ "targetId": self.page });
            self.tell_discoverers("Target.targetDestroyed", &params, &info);
        }
        self.tell(answer);
    }

    fn may_create(&self, params: &mut Value) -> Result<(), &'static str> {
        rules::confine(params, &self.context)?;
        rules::may_open(text(params, "url"))?;
        let pages = Filter::of(&json!({ "filter": [{ "type": "page" }] }));
        if self.targets.matching(&pages).count() < MOST_PAGES {
            Ok(())
        } else {
            Err("so many pages are open already")
        }
    }

    fn discover(&mut self, session: &str, command: &Command) {
        let on = command.params.get("discover").and_then(Value::as_bool).unwrap_or_default();
        let filter = Filter::of(&command.params);
        if on {
            let client = self.client_session(session);
            let events: Vec<Value> = self
                .targets
                .matching(&filter)
                .map(|(_, info)| event(client, "Target.targetCreated", json!({ "targetInfo": info })))
                .collect();
            self.actions.extend(events.into_iter().map(Action::Tell));
        }
        if let Some(root) = self.roots.get_mut(session) {
            root.discover = on.then_some(filter);
        }
        self.tell(command.done(json!({})));
    }

    fn auto_attach(&mut self, session: String, command: &Command) {
        let on = command.params.get("autoAttach").and_then(Value::as_bool).unwrap_or_default();
        let filter = Filter::of(&command.params);
        let Some(root) = self.roots.get_mut(&session) else { return };
        let answer = command.done(json!({}));
        if !on {
            root.attach = None;
            let attached = std::mem::take(&mut root.attached);
            for other in attached.into_values().flatten() {
                let params = json!({ "sessionId": other });
                self.send(session.clone(), "Target.detachFromTarget", params, Waiting::Nobody);
            }
            return self.tell(answer);
        }
        root.attach = Some(filter.clone());
        let wanted: Vec<String> = self
            .targets
            .matching(&filter)
            .filter(|(target, info)| stands_alone(info) && !root.attached.contains_key(*target))
            .map(|(target, _)| target.clone())
            .collect();
        wanted.into_iter().for_each(|target| self.attach(&session, target));
        let until = self.being_attached(&session);
        self.hold(answer, until);
    }

    /// A session as the client knows it.
    fn client_session<'a>(&self, session: &'a str) -> Option<&'a str> {
        (session != self.root).then_some(session)
    }

    fn pass_event(&mut self, session: &str, method: &str, params: Value) {
        let event = event(self.client_session(session), method, params);
        self.tell(event);
    }

    fn pass(&mut self, session: String, command: Command) {
        let params = command.params.clone();
        self.forward(session, params, Waiting::Command(command));
    }

    fn forward(&mut self, session: String, params: Value, waiting: Waiting) {
        if let Waiting::Command(command) | Waiting::Window(command) | Waiting::Create(command) = &waiting {
            let method = command.method.clone();
            self.send(session, &method, params, waiting);
        }
    }

    fn send(&mut self, session: String, method: &str, params: Value, waiting: Waiting) {
        self.last_number += 1;
        let number = self.last_number;
        self.waiting.insert(number, waiting);
        self.actions.push(Action::Send { session, method: method.to_owned(), params, number });
    }

    fn refuse(&mut self, command: &Command, why: &str) {
        self.tell(command.refused(&rules::refusal(&command.method, why)));
    }

    fn tell(&mut self, message: Value) {
        self.actions.push(Action::Tell(message));
    }
}

#[cfg(test)]
mod tests;

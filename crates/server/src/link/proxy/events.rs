//! What Chromium says: answers, and events of the browser and of the client's targets.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::{Action, Held, Proxy, Root, Session, Waiting};
use crate::link::message::{event, text};
use crate::link::targets::stands_alone;

impl Proxy {
    pub(super) fn being_attached(&self, session: &str) -> HashSet<(String, String)> {
        let attached = self.roots.get(session).map(|root| &root.attached).into_iter().flatten();
        let open = attached.filter(|(_, session)| session.is_none());
        open.map(|(target, _)| (session.to_owned(), target.clone())).collect()
    }

    pub(super) fn attach(&mut self, session: &str, target: String) {
        if let Some(root) = self.roots.get_mut(session) {
            root.attached.insert(target.clone(), None);
        }
        let params = json!({ "targetId": target, "flatten": true });
        let waiting = Waiting::Attach { root: session.to_owned(), target };
        self.send(session.to_owned(), "Target.attachToTarget", params, waiting);
    }

    pub(super) fn attach_ended(&mut self, session: &str, target: &str, attached: Option<String>) {
        if let Some(root) = self.roots.get_mut(session) {
            match attached {
                Some(attached) => root.attached.insert(target.to_owned(), Some(attached)),
                None => root.attached.remove(target),
            };
        }
        let done = (session.to_owned(), target.to_owned());
        for held in &mut self.held {
            held.until.remove(&done);
        }
        let ready = self.held.extract_if(.., |held| held.until.is_empty());
        self.actions.extend(ready.map(|held| Action::Tell(held.answer)));
    }

    pub(super) fn hold(&mut self, answer: Value, until: HashSet<(String, String)>) {
        if until.is_empty() {
            self.tell(answer);
        } else {
            self.held.push(Held { answer, until });
        }
    }

    pub(super) fn answer(&mut self, number: u64, message: Value) {
        match self.waiting.remove(&number) {
            Some(Waiting::Discovery) => self.ready = true,
            Some(Waiting::Command(command)) => self.tell(command.answered(message)),
            Some(Waiting::Window(command)) => {
                self.windows.extend(message.pointer("/result/windowId").and_then(Value::as_i64));
                self.tell(command.answered(message));
            }
            Some(Waiting::Create(command)) => {
                let target = message.pointer("/result/targetId").and_then(Value::as_str).unwrap_or_default();
                let session = command.session.clone().unwrap_or_else(|| self.root.clone());
                let awaited = (session.clone(), target.to_owned());
                let until = self.being_attached(&session).into_iter().filter(|one| *one == awaited).collect();
                self.hold(command.answered(message), until);
            }
            Some(Waiting::Attach { root, target }) => {
                let session = message.pointer("/result/sessionId").and_then(Value::as_str);
                self.attach_ended(&root, &target, session.map(str::to_owned));
            }
            Some(Waiting::Nobody) | None => {}
        }
    }

    pub(super) fn root_event(&mut self, session: &str, method: &str, params: Value) {
        let info = params.get("targetInfo").unwrap_or(&Value::Null);
        match method {
            "Target.targetCreated" | "Target.targetInfoChanged" if self.targets.note(info) => {
                let info = info.clone();
                self.tell_discoverers(method, &params, &info);
                self.attach_everywhere(&info);
            }
            "Target.targetDestroyed" | "Target.targetCrashed" => {
                let target = text(&params, "targetId");
                let Some(info) = self.targets.get(target).cloned() else { return };
                self.tell_discoverers(method, &params, &info);
                if method == "Target.targetDestroyed" {
                    self.targets.forget(target);
                    self.roots.values_mut().for_each(|root| drop(root.attached.remove(target)));
                }
            }
            "Target.attachedToTarget" => self.attached(session, params),
            "Target.detachedFromTarget" => self.detached(session, params),
            "Browser.downloadWillBegin" | "Browser.downloadProgress" => {
                self.pass_event(session, method, params)
            }
            // Nothing else of the whole browser concerns a client.
            _ => {}
        }
    }

    pub(super) fn target_event(&mut self, session: &str, method: &str, params: Value) {
        match method {
            "Target.attachedToTarget" => self.attached(session, params),
            "Target.detachedFromTarget" => self.detached(session, params),
            _ => self.pass_event(session, method, params),
        }
    }

    fn attached(&mut self, through: &str, params: Value) {
        let info = params.get("targetInfo").unwrap_or(&Value::Null);
        let session = text(&params, "sessionId").to_owned();
        if text(info, "type") == "browser" {
            self.roots.insert(session, Root::default());
        } else if self.targets.is_ours(info) {
            let (target, parent) = (text(info, "targetId").to_owned(), through.to_owned());
            self.sessions.insert(session, Session { target, parent });
        } else {
            let params = json!({ "sessionId": session });
            return self.send(through.to_owned(), "Target.detachFromTarget", params, Waiting::Nobody);
        }
        self.pass_event(through, "Target.attachedToTarget", params);
    }

    fn detached(&mut self, through: &str, params: Value) {
        let session = text(&params, "sessionId").to_owned();
        let known = self.sessions.remove(&session).is_some() || self.roots.remove(&session).is_some();
        // Chromium answers nothing any more that was asked in it.
        self.waiting.retain(|_, waiting| match waiting {
            Waiting::Command(command) | Waiting::Window(command) | Waiting::Create(command) => {
                command.session.as_ref() != Some(&session)
            }
            Waiting::Attach { root, .. } => *root != session,
            Waiting::Discovery | Waiting::Nobody => true,
        });
        self.held.retain(|held| held.until.iter().all(|(root, _)| *root != session));
        if known {
            self.pass_event(through, "Target.detachedFromTarget", params);
        }
    }

    pub(super) fn tell_discoverers(&mut self, method: &str, params: &Value, info: &Value) {
        let takes = |root: &Root| root.discover.as_ref().is_some_and(|filter| filter.takes(info));
        let hearing: Vec<&String> =
            self.roots.iter().filter(|(_, root)| takes(root)).map(|(session, _)| session).collect();
        let events: Vec<Value> = hearing
            .into_iter()
            .map(|session| event(self.client_session(session), method, params.clone()))
            .collect();
        self.actions.extend(events.into_iter().map(Action::Tell));
    }

    fn attach_everywhere(&mut self, info: &Value) {
        let target = text(info, "targetId");
        let wants = |root: &Root| {
            root.attach.as_ref().is_some_and(|filter| filter.takes(info))
                && !root.attached.contains_key(target)
        };
        if stands_alone(info) {
            let wanting = self.roots.iter().filter(|(_, root)| wants(root));
            let sessions: Vec<String> = wanting.map(|(session, _)| session.clone()).collect();
            sessions.iter().for_each(|session| self.attach(session, target.to_owned()));
        }
    }
}

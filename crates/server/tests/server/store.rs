//! What the store promises.

use std::collections::BTreeMap;

use serde_json::json;
use taskwright_server::clock::now_ms;
use taskwright_server::store::{
    Acceptance, IdempotencyKey, NewSession, NewTask, SessionFilter, Store, TaskState,
};

use crate::support::new_task;

fn open() -> (tempfile::TempDir, Store) {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path()).unwrap();
    (directory, store)
}

/// Opens the directory again as the next server would, once the thread of the dropped store is gone.
async fn reopen(directory: &tempfile::TempDir, store: Store) -> Store {
    drop(store);
    loop {
        if let Ok(store) = Store::open(directory.path()) {
            return store;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

fn session(id: &str, tags: &[&str]) -> NewSession {
    let tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
    NewSession { id: id.to_owned(), tags, configuration: json!({}), ..NewSession::default() }
}

async fn claim(store: &Store) -> Option<String> {
    store.claim().await.unwrap().map(|task| task.id)
}

fn keyed(id: &str, key: &str, fingerprint: &str) -> NewTask {
    let key = IdempotencyKey { key: key.to_owned(), fingerprint: fingerprint.to_owned() };
    NewTask { key: Some(key), ..new_task(id) }
}

#[tokio::test]
async fn tasks_are_claimed_once_and_in_the_order_of_arrival() {
    let (_directory, store) = open();
    for id in ["a", "b", "c"] {
        assert_eq!(store.accept(new_task(id), 10).await.unwrap(), Acceptance::New);
    }
    assert_eq!(claim(&store).await.as_deref(), Some("a"));
    assert_eq!(claim(&store).await.as_deref(), Some("b"));
    assert_eq!(claim(&store).await.as_deref(), Some("c"));
    assert_eq!(claim(&store).await, None);
    assert_eq!(store.task_state("b").await.unwrap(), Some(TaskState::Running));
    assert_eq!(store.task_state("x").await.unwrap(), None);
}

#[tokio::test]
async fn tasks_of_one_session_are_claimed_one_after_the_other() {
    let (_directory, store) = open();
    store.add_session(session("s", &[])).await.unwrap();
    let in_session = |id: &str| NewTask { session: Some("s".to_owned()), ..new_task(id) };
    store.accept(in_session("s1"), 10).await.unwrap();
    store.accept(in_session("s2"), 10).await.unwrap();
    store.accept(new_task("free"), 10).await.unwrap();
    assert_eq!(claim(&store).await.as_deref(), Some("s1"));
    assert_eq!(claim(&store).await.as_deref(), Some("free"));
    assert_eq!(claim(&store).await, None);
    assert!(store.end_task("s1", Ok(json!(1))).await.unwrap());
    assert_eq!(claim(&store).await.as_deref(), Some("s2"));
}

#[tokio::test]
async fn a_task_for_a_session_that_is_not_open_is_not_accepted() {
    let (_directory, store) = open();
    let task = || NewTask { session: Some("s".to_owned()), ..new_task("t") };
    assert_eq!(store.accept(task(), 10).await.unwrap(), Acceptance::SessionEnded);
    store.add_session(session("s", &[])).await.unwrap();
    store.end_session("s", "over", false).await.unwrap();
    assert_eq!(store.accept(task(), 10).await.unwrap(), Acceptance::SessionEnded);
}

#[tokio::test]
async fn a_full_queue_takes_nothing_more_until_something_was_claimed() {
    let (_directory, store) = open();
    store.accept(new_task("a"), 1).await.unwrap();
    assert_eq!(store.accept(new_task("b"), 1).await.unwrap(), Acceptance::Full);
    claim(&store).await;
    assert_eq!(store.accept(new_task("b"), 1).await.unwrap(), Acceptance::New);
}

#[tokio::test]
async fn a_key_means_one_task_also_after_a_restart_and_as_long_as_the_task_is_kept() {
    let (directory, store) = open();
    assert_eq!(store.accept(keyed("a", "k", "f"), 10).await.unwrap(), Acceptance::New);
    let store = reopen(&directory, store).await;
    assert_eq!(store.accept(keyed("b", "k", "f"), 10).await.unwrap(), Acceptance::Known("a".to_owned()));
    assert_eq!(store.accept(keyed("b", "k", "g"), 10).await.unwrap(), Acceptance::KeyTaken);
    // A known key is known even when the queue is full.
    assert_eq!(store.accept(keyed("b", "k", "f"), 0).await.unwrap(), Acceptance::Known("a".to_owned()));
    claim(&store).await;
    store.end_task("a", Ok(json!(null))).await.unwrap();
    store.prune_tasks(now_ms() + 1, 10).await.unwrap();
    assert_eq!(store.accept(keyed("b", "k", "g"), 10).await.unwrap(), Acceptance::New);
}

#[tokio::test]
async fn after_a_crash_queued_tasks_remain_and_interrupted_ones_say_so() {
    let (directory, store) = open();
    store.add_session(session("s", &[])).await.unwrap();
    for id in ["done", "running", "queued"] {
        store.accept(new_task(id), 10).await.unwrap();
    }
    let in_session = NewTask { session: Some("s".to_owned()), ..new_task("in-session") };
    store.accept(in_session, 10).await.unwrap();
    claim(&store).await;
    store.end_task("done", Ok(json!({"x": 1}))).await.unwrap();
    claim(&store).await;

    let store = reopen(&directory, store).await;
    assert_eq!(store.task_state("done").await.unwrap(), Some(TaskState::Succeeded(json!({"x": 1}))));
    let failed = |state: Option<TaskState>| match state {
        Some(TaskState::Failed(error)) => error,
        other => panic!("{other:?}"),
    };
    let error = failed(store.task_state("running").await.unwrap());
    assert!(error.starts_with("The server stopped while this task was running"), "{error}");
    let error = failed(store.task_state("in-session").await.unwrap());
    assert!(error.contains("session"), "{error}");
    assert_eq!(claim(&store).await.as_deref(), Some("queued"));
    let session = store.session("s").await.unwrap().unwrap();
    assert!(session.failed && session.ended_ms.is_some());
}

#[tokio::test]
async fn secrets_survive_a_restart_sealed_and_are_on_no_page_of_the_file_once_the_task_ended() {
    let (directory, store) = open();
    let secret = "correct-horse-battery";
    // More than a page of the file, so that it spills into overflow pages.
    let long = secret.repeat(500);
    let secrets = BTreeMap::from([("pin".to_owned(), long.clone())]);
    store.accept(NewTask { secrets, ..new_task("t") }, 10).await.unwrap();
    let on_disk = |text: &str| {
        let paths = std::fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().path());
        paths.filter(|path| path.is_file()).any(|path| {
            let bytes = std::fs::read(path).unwrap();
            bytes.windows(text.len()).any(|window| window == text.as_bytes())
        })
    };
    let sealed: String = rusqlite::Connection::open(directory.path().join("taskwright.sqlite"))
        .unwrap()
        .query_row("SELECT secrets FROM tasks", [], |row| row.get(0))
        .unwrap();
    assert!(sealed.len() > long.len() && on_disk(&sealed[..40]));
    assert!(!on_disk(secret), "not even as long as it is needed");
    let store = reopen(&directory, store).await;
    assert_eq!(store.claim().await.unwrap().unwrap().secrets["pin"], long);
    store.end_task("t", Err("no".to_owned())).await.unwrap();
    assert!(!on_disk(&sealed[..40]) && !on_disk(secret));
}

#[tokio::test]
async fn a_task_whose_secrets_do_not_open_fails_and_does_not_stand_in_the_way() {
    let (directory, store) = open();
    let secrets = BTreeMap::from([("pin".to_owned(), "4711".to_owned())]);
    store.accept(NewTask { secrets, ..new_task("secret") }, 10).await.unwrap();
    store.accept(new_task("plain"), 10).await.unwrap();
    std::fs::write(directory.path().join("taskwright.key"), [7; 32]).unwrap();
    let store = reopen(&directory, store).await;
    let Some(TaskState::Failed(error)) = store.task_state("secret").await.unwrap() else {
        panic!("it waits")
    };
    assert!(error.contains("key"), "{error}");
    assert_eq!(claim(&store).await.as_deref(), Some("plain"));
}

#[tokio::test]
async fn a_task_ends_once() {
    let (_directory, store) = open();
    store.accept(new_task("t"), 10).await.unwrap();
    assert!(!store.end_task("t", Ok(json!(0))).await.unwrap(), "it has not begun");
    claim(&store).await;
    assert!(store.end_task("t", Ok(json!(1))).await.unwrap());
    assert!(!store.end_task("t", Err("late".to_owned())).await.unwrap());
    assert_eq!(store.task_state("t").await.unwrap(), Some(TaskState::Succeeded(json!(1))));
}

#[tokio::test]
async fn ended_tasks_are_forgotten_by_age_and_by_number_and_others_never() {
    let (_directory, store) = open();
    for id in ["a", "b", "c", "running", "queued"] {
        store.accept(new_task(id), 10).await.unwrap();
    }
    for id in ["a", "b", "c"] {
        claim(&store).await;
        store.end_task(id, Ok(json!(id))).await.unwrap();
    }
    claim(&store).await;
    assert_eq!(store.prune_tasks(0, 2).await.unwrap(), 1);
    assert_eq!(store.task_state("a").await.unwrap(), None);
    assert!(store.task_state("b").await.unwrap().is_some());
    assert_eq!(store.prune_tasks(now_ms() + 1, 100).await.unwrap(), 2);
    let counts = store.counts().await.unwrap();
    assert_eq!((counts.queued, counts.running), (1, 1));
}

#[tokio::test]
async fn sessions_are_listed_by_what_they_are() {
    let (_directory, store) = open();
    store.add_session(session("one", &["red"])).await.unwrap();
    store.add_session(session("two", &["blue"])).await.unwrap();
    store.end_session("two", "over", false).await.unwrap();
    let ids = async |filter: SessionFilter| {
        let found = store.sessions(filter).await.unwrap();
        found.into_iter().map(|session| session.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(SessionFilter::default()).await, ["one", "two"]);
    assert_eq!(ids(SessionFilter { open: Some(true), ..Default::default() }).await, ["one"]);
    assert_eq!(ids(SessionFilter { tags: vec!["blue".into()], ..Default::default() }).await, ["two"]);
    assert_eq!(ids(SessionFilter { search: Some("re".into()), ..Default::default() }).await, ["one"]);
    let late = Some(now_ms() + 1000);
    assert!(ids(SessionFilter { created_from: late, ..Default::default() }).await.is_empty());
}

#[tokio::test]
async fn labels_by_name_are_replaced_as_long_as_the_session_is_open_and_realms_do_not_see_each_other() {
    let (_directory, store) = open();
    let labels = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    let own =
        NewSession { realm: "mine".into(), labels: labels(&[("a", "1"), ("b", "2")]), ..session("own", &[]) };
    store.add_session(own).await.unwrap();
    store.add_session(session("other", &[])).await.unwrap();
    let ids = async |filter: SessionFilter| {
        let found = store.sessions(SessionFilter { realm: Some("mine"), ..filter }).await.unwrap();
        found.into_iter().map(|session| session.id).collect::<Vec<_>>()
    };
    let with = |pairs| SessionFilter { labels: labels(pairs), ..SessionFilter::default() };
    assert_eq!(ids(with(&[])).await, ["own"]);
    assert_eq!(ids(with(&[("b", "2"), ("a", "1")])).await, ["own"]);
    assert!(ids(with(&[("a", "1"), ("b", "3")])).await.is_empty());
    assert!(store.set_labels("own", labels(&[("c", "3")])).await.unwrap());
    assert!(ids(with(&[("a", "1")])).await.is_empty(), "replaced, not merged");
    assert_eq!(ids(with(&[("c", "3")])).await, ["own"]);
    store.end_session("own", "It was deleted.", false).await.unwrap();
    assert!(!store.set_labels("own", labels(&[])).await.unwrap());
    let row = store.session("own").await.unwrap().unwrap();
    assert_eq!((row.end_reason.as_deref(), row.labels), (Some("It was deleted."), labels(&[("c", "3")])));
}

#[tokio::test]
async fn no_task_of_a_held_session_begins_until_it_goes_on() {
    let (_directory, store) = open();
    store.add_session(session("s", &[])).await.unwrap();
    let in_session = |id: &str| NewTask { session: Some("s".into()), ..new_task(id) };
    store.accept(in_session("first"), 9).await.unwrap();
    assert_eq!(claim(&store).await.as_deref(), Some("first"));
    assert_eq!(store.hold_session("s", true).await.unwrap(), ["first"]);
    store.end_task("first", Ok(json!(1))).await.unwrap();
    store.accept(in_session("second"), 9).await.unwrap();
    store.accept(new_task("free"), 9).await.unwrap();
    assert_eq!(claim(&store).await.as_deref(), Some("free"), "tasks of nobody else are held");
    assert_eq!(claim(&store).await, None);
    store.hold_session("s", false).await.unwrap();
    assert_eq!(claim(&store).await.as_deref(), Some("second"));
}

#[tokio::test]
async fn a_context_is_made_once_for_its_name_and_forgotten_when_it_is_not_used() {
    let (_directory, store) = open();
    assert_eq!(store.context_named("a", false).await.unwrap(), None);
    let made = store.context_named("a", true).await.unwrap().unwrap();
    assert_eq!(store.context_named("a", true).await.unwrap().unwrap().id, made.id);
    store.context_named("b", true).await.unwrap();
    assert_eq!(store.rename_context(&made.id, "b").await.unwrap(), Some(false), "the name is taken");
    assert_eq!(store.rename_context(&made.id, "c").await.unwrap(), Some(true));
    assert_eq!(store.rename_context("none", "d").await.unwrap(), None);
    assert_eq!(store.context(&made.id).await.unwrap().unwrap().name, "c");
    let (page, total) = store.contexts(0, 1).await.unwrap();
    assert_eq!((page[0].name.as_str(), total), ("c", 2));
    let (page, _) = store.contexts(page[0].seq, 1).await.unwrap();
    assert_eq!(page[0].name, "b");
    assert_eq!(store.prune_contexts(0, 1).await.unwrap(), 1);
    assert_eq!(store.prune_contexts(now_ms() + 1, 9).await.unwrap(), 1);
}

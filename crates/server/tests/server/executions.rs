//! What the store knows of executions.

use std::time::Duration;

use serde_json::json;
use taskwright_server::browser::CookieSpec;
use taskwright_server::store::{
    Acceptance, CancelReason, Deleted, ExecutionFilter, NewExecution, NewTask, StateKind, Store, TaskState,
};

use crate::support::{new_execution, new_task};

fn open() -> (tempfile::TempDir, Store) {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path()).unwrap();
    (directory, store)
}

async fn reopen(directory: &tempfile::TempDir, store: Store) -> Store {
    drop(store);
    loop {
        if let Ok(store) = Store::open(directory.path()) {
            return store;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn with(id: &str, change: impl FnOnce(&mut NewExecution)) -> NewTask {
    let mut task = new_execution(id);
    change(task.execution.as_mut().unwrap());
    task
}

#[tokio::test]
async fn executions_are_listed_by_what_they_are_and_in_pages() {
    let (_directory, store) = open();
    let tasks = [
        with("a-1", |new| new.metadata = json!({"order": "17", "paid": true})),
        with("a-2", |new| {
            new.inputs = json!({"city": "Rome", "n": 5});
            new.profile_id = Some("p".to_owned());
        }),
        with("b-3", |new| {
            new.agent_id = "other".to_owned();
            new.parent_id = Some("a-1".to_owned());
            new.agent_version = 2;
        }),
        with("B-4", |new| new.organization_id = "elsewhere".to_owned()),
        new_task("no execution"),
    ];
    for task in tasks {
        assert_eq!(store.accept(task, 10).await.unwrap(), Acceptance::New);
    }
    store.claim().await.unwrap();
    store.end_task("a-1", Ok(json!(1))).await.unwrap();
    store.claim().await.unwrap();
    assert!(store.ask_in_task("a-2", "Which?").await.unwrap());
    store.claim().await.unwrap();
    store.end_task("b-3", Err("no".to_owned())).await.unwrap();
    let ids = async |filter: ExecutionFilter| {
        let (found, total) = store.executions(ExecutionFilter { ascending: true, ..filter }).await.unwrap();
        let ids: Vec<String> = found.into_iter().map(|execution| execution.id).collect();
        (ids.join(" "), total)
    };
    let all = ExecutionFilter::default;
    let pair = |key: &str, value: &str| vec![(key.to_owned(), value.to_owned())];
    let text = |text: &str| Some(text.to_owned());
    for (filter, expected) in [
        (all(), "a-1 a-2 b-3 B-4"),
        (ExecutionFilter { organization: text("elsewhere"), ..all() }, "B-4"),
        (ExecutionFilter { id_part: text("b-"), ..all() }, "b-3 B-4"),
        (ExecutionFilter { id_part: text("%"), ..all() }, ""),
        (ExecutionFilter { agent: text("other"), ..all() }, "b-3"),
        (ExecutionFilter { version: Some(2), ..all() }, "b-3"),
        (ExecutionFilter { profiles: vec!["p".to_owned(), "q".to_owned()], ..all() }, "a-2"),
        (ExecutionFilter { states: vec![StateKind::Asking, StateKind::Queued], ..all() }, "a-2 B-4"),
        (ExecutionFilter { states: vec![StateKind::Running], ..all() }, ""),
        (ExecutionFilter { outcome_part: text("SUCC"), ..all() }, "a-1"),
        (ExecutionFilter { metadata: pair("order", "17"), ..all() }, "a-1"),
        (ExecutionFilter { metadata: pair("paid", "true"), ..all() }, "a-1"),
        (ExecutionFilter { metadata: pair("order", "1"), ..all() }, ""),
        (ExecutionFilter { inputs: [pair("city", "Rome"), pair("n", "5")].concat(), ..all() }, "a-2"),
        (ExecutionFilter { created_from: Some(i64::MAX), ..all() }, ""),
        (ExecutionFilter { created_to: Some(i64::MAX), ..all() }, "a-1 a-2 b-3 B-4"),
        (ExecutionFilter { by_state: true, ..all() }, "b-3 B-4 a-2 a-1"),
    ] {
        let shown = format!("{filter:?}");
        assert_eq!(ids(filter).await.0, expected, "{shown}");
    }
    let page = |page: u32| ExecutionFilter { page, page_size: 3, ..all() };
    assert_eq!(ids(page(1)).await, ("a-1 a-2 b-3".to_owned(), 4));
    assert_eq!(ids(page(2)).await, ("B-4".to_owned(), 4));
    assert_eq!(ids(page(3)).await, (String::new(), 4));
    let first = store.execution("a-1").await.unwrap().unwrap();
    assert!(first.repeated && first.ended_ms.is_some() && !first.has_recording);
    assert_eq!(
        (first.state, first.metadata),
        (TaskState::Succeeded(json!(1)), json!({"order": "17", "paid": true}))
    );
    assert_eq!(store.execution("no execution").await.unwrap(), None);
    assert_eq!(store.activities("no execution", false, None).await.unwrap(), None);
}

#[tokio::test]
async fn after_a_crash_held_executions_say_so_and_queued_ones_run_with_what_they_were_told() {
    let (directory, store) = open();
    for id in ["paused", "asking", "cancelled", "queued"] {
        store.accept(with(id, |new| new.inputs = json!({"a": 1})), 10).await.unwrap();
    }
    store.claim().await.unwrap();
    assert!(store.pause_task("paused").await.unwrap());
    store.claim().await.unwrap();
    store.ask_in_task("asking", "Which?").await.unwrap();
    store.cancel_task("cancelled", CancelReason::UserRequested, "Enough.").await.unwrap();
    store.add_message("queued", "Rome").await.unwrap();
    let store = reopen(&directory, store).await;
    for id in ["paused", "asking"] {
        let state = store.task_state(id).await.unwrap().unwrap();
        assert!(matches!(&state, TaskState::Failed(error) if error.contains("stopped while")), "{state:?}");
        let last = store.activities(id, true, Some(2)).await.unwrap().unwrap();
        assert_eq!((last[0].kind.as_str(), &last[1].body["status"]), ("terminal", &json!("failed")));
    }
    assert!(matches!(store.task_state("cancelled").await.unwrap(), Some(TaskState::Cancelled(_))));
    let claimed = store.claim().await.unwrap().unwrap();
    let execution = claimed.execution.unwrap();
    assert_eq!(
        (claimed.id.as_str(), execution.inputs, execution.messages),
        ("queued", json!({"a": 1}), vec!["Rome".to_owned()])
    );
    assert!(store.claim().await.unwrap().is_none());
}

#[tokio::test]
async fn an_execution_is_forgotten_when_it_ended_and_not_before() {
    let (_directory, store) = open();
    store.accept(new_execution("e"), 10).await.unwrap();
    store.accept(new_task("t"), 10).await.unwrap();
    assert_eq!(store.delete_execution("e").await.unwrap(), Deleted::Busy);
    store.claim().await.unwrap();
    store.end_task("e", Ok(json!(1))).await.unwrap();
    assert_eq!(store.delete_execution("e").await.unwrap(), Deleted::Gone);
    assert_eq!(store.delete_execution("e").await.unwrap(), Deleted::Unknown);
    assert_eq!(store.delete_execution("t").await.unwrap(), Deleted::Unknown, "no execution");
    assert_eq!(store.activities("e", false, None).await.unwrap(), None);
}

#[tokio::test]
async fn cookies_are_erased_when_the_execution_ends() {
    let (directory, store) = open();
    let cookie = CookieSpec {
        name: "session".to_owned(),
        value: "correct-horse".to_owned(),
        domain: "example.com".to_owned(),
        path: "/".to_owned(),
        secure: true,
        http_only: true,
        same_site: None,
        expires: Some(1e10),
    };
    assert!(!format!("{cookie:?}").contains("correct-horse"));
    store.accept(with("e", |new| new.cookies = vec![cookie.clone()]), 10).await.unwrap();
    let kept = || {
        let database = rusqlite::Connection::open(directory.path().join("taskwright.sqlite")).unwrap();
        database
            .query_row("SELECT cookies IS NOT NULL FROM executions", [], |row| row.get::<_, bool>(0))
            .unwrap()
    };
    assert!(kept());
    let claimed = store.claim().await.unwrap().unwrap();
    assert_eq!(claimed.execution.unwrap().cookies, [cookie]);
    store.end_task("e", Ok(json!(1))).await.unwrap();
    assert!(!kept());
}

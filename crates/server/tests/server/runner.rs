//! What the runner promises.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::json;
use taskwright_server::endings::Endings;
use taskwright_server::runner::{Perform, Runner, RunnerConfig, Waited};
use taskwright_server::store::{Acceptance, Store, TaskState};

use crate::support::{Puppet, limits, new_task};

struct Bench {
    runner: Runner,
    store: Store,
    puppet: Arc<Puppet>,
    _directory: tempfile::TempDir,
}

fn bench(config: RunnerConfig) -> Bench {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path()).unwrap();
    let puppet = Arc::new(Puppet::default());
    let performer = Arc::clone(&puppet) as Arc<dyn Perform>;
    let runner = Runner::start(store.clone(), performer, Endings::default(), config);
    Bench { runner, store, puppet, _directory: directory }
}

impl Bench {
    async fn submit(&self, prompt: &str) {
        assert_eq!(self.runner.submit(new_task(prompt)).await.unwrap(), Some(Acceptance::New));
    }

    async fn end(&self, id: &str) -> Waited {
        self.runner.wait(id).await.unwrap()
    }

    async fn error(&self, id: &str) -> String {
        match self.end(id).await {
            Waited::Ended(TaskState::Failed(error)) => error,
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn no_more_than_the_allowed_number_runs_at_once_and_the_first_come_first() {
    let bench = bench(limits(2));
    for number in 0..6 {
        bench.submit(&format!("gate {number}")).await;
    }
    for began in 2..=6 {
        bench.puppet.until_began(began).await;
        bench.puppet.open();
    }
    bench.puppet.open();
    bench.end("gate 5").await;
    assert_eq!(bench.puppet.peak.load(Ordering::SeqCst), 2);
    let began = bench.puppet.began.lock().unwrap().clone();
    assert_eq!(began, (0..6).map(|number| format!("gate {number}")).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_task_that_takes_too_long_or_breaks_fails_with_the_reason_and_the_next_one_runs() {
    let bench = bench(RunnerConfig { task_timeout: Duration::from_millis(50), ..limits(1) });
    for prompt in ["hang", "panic", "fail", "ok"] {
        bench.submit(prompt).await;
    }
    assert!(bench.error("hang").await.contains("limit of 50ms"));
    assert!(bench.error("panic").await.contains("unforeseen"));
    assert!(bench.error("fail").await.contains("no way"));
    assert_eq!(bench.end("ok").await, Waited::Ended(TaskState::Succeeded(json!({"did": "ok"}))));
    assert_eq!(bench.end("never heard of").await, Waited::Unknown);
}

#[tokio::test]
async fn stopping_lets_tasks_end_within_the_grace_fails_the_rest_and_keeps_what_waits() {
    let bench = bench(limits(2));
    for prompt in ["gate", "hang", "queued"] {
        bench.submit(prompt).await;
    }
    bench.puppet.until_running(2).await;
    let waiting = tokio::spawn({
        let runner = bench.runner.clone();
        async move { runner.wait("queued").await.unwrap() }
    });
    let stopping = tokio::spawn({
        let runner = bench.runner.clone();
        async move { runner.stop(Duration::from_millis(200)).await }
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(bench.runner.submit(new_task("late")).await.unwrap(), None);
    bench.puppet.open();
    stopping.await.unwrap();
    assert!(matches!(bench.end("gate").await, Waited::Ended(TaskState::Succeeded(_))));
    assert!(bench.error("hang").await.starts_with("The server was stopped"));
    assert_eq!(waiting.await.unwrap(), Waited::Postponed);
    assert_eq!(bench.store.task_state("queued").await.unwrap(), Some(TaskState::Queued));
}

#[tokio::test]
async fn steps_are_kept_without_secrets() {
    let bench = bench(limits(1));
    let mut task = new_task("steps");
    task.secrets.insert("pin".to_owned(), "4711".to_owned());
    bench.runner.submit(task).await.unwrap();
    bench.end("steps").await;
    let steps = bench.store.task("steps").await.unwrap().unwrap().steps;
    assert_eq!(steps.iter().map(|step| step.number).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(steps.iter().all(|step| step.detail == "<pin>"), "{steps:?}");
}

//! Tasks that are paused, ask, go on, and are cancelled.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use taskwright_server::endings::Endings;
use taskwright_server::runner::{ControlError, Perform, Runner, RunnerConfig, Waited};
use taskwright_server::store::{CancelReason, Cancelled, NewTask, Store, TaskState};

use crate::support::{Puppet, limits, new_execution, new_task};

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
    async fn submit(&self, task: NewTask) {
        self.runner.submit(task).await.unwrap();
    }

    async fn state(&self, id: &str) -> TaskState {
        self.store.task_state(id).await.unwrap().unwrap()
    }

    async fn until(&self, id: &str, wanted: TaskState) {
        let reached = async {
            while self.state(id).await != wanted {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), reached).await.unwrap();
    }

    async fn end(&self, id: &str) -> TaskState {
        match self.runner.wait(id).await.unwrap() {
            Waited::Ended(state) => state,
            other => panic!("{other:?}"),
        }
    }

    /// Waits until a task is in the middle of its first step.
    async fn until_begun(&self, id: &str) {
        while !self.story(id).await.contains(&"action_started".to_owned()) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    async fn until_step(&self, id: &str, number: u32) {
        while self.store.execution(id).await.unwrap().unwrap().steps < number {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// What happened, in one word each; changes of status by the status.
    async fn story(&self, id: &str) -> Vec<String> {
        let activities = self.store.activities(id, false, None).await.unwrap().unwrap();
        let word = |kind: String, body: serde_json::Value| match body.get("status") {
            Some(status) => status.as_str().unwrap().to_owned(),
            None => kind,
        };
        activities.into_iter().map(|activity| word(activity.kind, activity.body)).collect()
    }
}

fn asking() -> TaskState {
    TaskState::Asking("Which city?".to_owned())
}

#[tokio::test]
async fn a_paused_task_begins_no_step_lets_others_work_and_goes_on_where_it_was() {
    let bench = bench(limits(1));
    bench.submit(new_execution("walk")).await;
    bench.until_begun("walk").await;
    assert_eq!(bench.runner.pause("walk").await.unwrap(), Some(TaskState::Paused));
    assert_eq!(bench.runner.pause("walk").await.unwrap(), Some(TaskState::Paused), "again");
    // The step under way ends, the next one does not begin although nothing holds it back.
    bench.puppet.open();
    bench.puppet.open();
    bench.submit(new_execution("ok")).await;
    assert!(
        matches!(bench.end("ok").await, TaskState::Succeeded(_)),
        "one at once, and the paused one counts not"
    );
    bench.until_step("walk", 1).await;
    assert_eq!(bench.store.execution("walk").await.unwrap().unwrap().steps, 1);
    assert_eq!(bench.runner.resume("walk").await.unwrap(), Some(TaskState::Running));
    bench.puppet.open();
    assert!(matches!(bench.end("walk").await, TaskState::Succeeded(_)));
    let step = ["step_started", "action_started", "action_completed", "step_completed"];
    let mut story = vec!["starting", "running", "step_started", "action_started", "paused"];
    story.extend(&step[2..]);
    story.push("running");
    story.extend(step.iter().chain(&step));
    story.extend(["completed", "terminal"]);
    assert_eq!(bench.story("walk").await, story);
}

#[tokio::test]
async fn a_task_paused_in_its_last_step_ends_when_it_may_go_on() {
    let bench = bench(limits(1));
    bench.submit(new_task("gate")).await;
    bench.puppet.until_running(1).await;
    bench.runner.pause("gate").await.unwrap();
    bench.puppet.open();
    assert_eq!(
        bench.runner.wait_for("gate", Duration::from_millis(100)).await.unwrap(),
        Some(TaskState::Paused)
    );
    bench.runner.resume("gate").await.unwrap();
    assert!(matches!(bench.end("gate").await, TaskState::Succeeded(_)));
}

#[tokio::test]
async fn a_question_waits_for_its_answer_without_a_slot_and_resuming_is_no_answer() {
    let bench = bench(limits(1));
    bench.submit(new_execution("ask")).await;
    bench.until("ask", asking()).await;
    bench.submit(new_execution("ok")).await;
    assert!(matches!(bench.end("ok").await, TaskState::Succeeded(_)));
    assert_eq!(bench.runner.resume("ask").await.unwrap(), Some(asking()));
    let refused = bench.runner.pause("ask").await.unwrap_err();
    assert!(matches!(refused, ControlError::NotPossible(TaskState::Asking(_))), "{refused}");
    assert_eq!(bench.runner.answer("ask", "Taipei").await.unwrap(), Some(TaskState::Running));
    assert_eq!(bench.end("ask").await, TaskState::Succeeded(json!({"city": "Taipei"})));
    let story = bench.story("ask").await;
    assert_eq!(
        story,
        [
            "starting",
            "running",
            "paused_by_agent",
            "user_message_received",
            "running",
            "completed",
            "terminal"
        ]
    );
    let activities = bench.store.activities("ask", false, None).await.unwrap().unwrap();
    assert_eq!(activities[2].body["pausedPayload"]["reason"], "Which city?");
    assert_eq!(activities[3].body["message"], "Taipei");
    assert_eq!(activities[5].body["completedPayload"]["result"], json!({"city": "Taipei"}));
    let newest = bench.store.activities("ask", true, Some(2)).await.unwrap().unwrap();
    assert_eq!(newest, [activities[6].clone(), activities[5].clone()]);
    let refused = bench.runner.answer("ask", "late").await.unwrap_err();
    assert!(matches!(refused, ControlError::NotPossible(TaskState::Succeeded(_))), "{refused}");
    assert_eq!(bench.runner.answer("nobody", "x").await.unwrap(), None);
}

#[tokio::test]
async fn a_message_that_came_before_the_question_is_taken_for_its_answer() {
    let bench = bench(limits(1));
    bench.submit(new_task("gate")).await;
    bench.puppet.until_running(1).await;
    bench.submit(new_execution("ask")).await;
    assert_eq!(bench.runner.answer("ask", "Taipei").await.unwrap(), Some(TaskState::Queued));
    bench.puppet.open();
    assert_eq!(bench.end("ask").await, TaskState::Succeeded(json!({"city": "Taipei"})));
    bench.submit(new_execution("wonder")).await;
    bench.puppet.until_began(3).await;
    assert_eq!(bench.runner.answer("wonder", "Rome").await.unwrap(), Some(TaskState::Running));
    bench.puppet.open();
    assert_eq!(bench.end("wonder").await, TaskState::Succeeded(json!({"city": "Rome"})));
    let asked = ["starting", "running", "user_message_received", "completed", "terminal"];
    assert_eq!(bench.story("wonder").await, asked, "it was never on hold");
}

#[tokio::test]
async fn cancelling_works_in_every_state_that_is_no_end_and_is_the_last_that_happens() {
    let bench = bench(limits(2));
    for prompt in ["hang", "walk", "ask"] {
        bench.submit(new_execution(prompt)).await;
        bench.puppet.until_began(1).await;
    }
    bench.until_begun("walk").await;
    bench.runner.pause("walk").await.unwrap();
    bench.puppet.open();
    bench.until("ask", asking()).await;
    for prompt in ["gate a", "gate b", "queued"] {
        bench.submit(new_execution(prompt)).await;
    }
    bench.puppet.until_began(4).await;
    assert_eq!(bench.state("queued").await, TaskState::Queued);
    for id in ["hang", "walk", "ask", "queued"] {
        let cancelled = bench.runner.cancel(id).await.unwrap().unwrap();
        assert!(
            matches!(&cancelled, TaskState::Cancelled(why) if why.reason == CancelReason::UserRequested),
            "{id}"
        );
        assert_eq!(bench.end(id).await, cancelled);
        assert_eq!(bench.runner.cancel(id).await.unwrap(), Some(cancelled), "again");
        let story = bench.story(id).await;
        assert_eq!(story[story.len() - 2..], ["cancelled", "terminal"], "{id}");
        assert!(matches!(bench.runner.resume(id).await, Err(ControlError::NotPossible(_))));
    }
    // The slot of what hung is free again.
    bench.puppet.until_began(5).await;
    bench.puppet.until_running(2).await;
    bench.puppet.open();
    bench.puppet.open();
    assert!(matches!(bench.end("gate b").await, TaskState::Succeeded(_)));
    assert!(!bench.puppet.began.lock().unwrap().contains(&"queued".to_owned()));
    let refused = bench.runner.cancel("gate b").await.unwrap_err();
    assert!(matches!(refused, ControlError::NotPossible(TaskState::Succeeded(_))), "{refused}");
    assert_eq!(bench.runner.cancel("nobody").await.unwrap(), None);
}

#[tokio::test]
async fn a_limit_cancels_an_execution_and_says_which_while_other_tasks_fail() {
    let bench = bench(RunnerConfig { task_timeout: Duration::from_millis(50), ..limits(1) });
    for (id, reason) in [("hang", CancelReason::Timeout), ("far", CancelReason::MaxSteps)] {
        bench.submit(new_execution(id)).await;
        let state = bench.end(id).await;
        assert!(
            matches!(state, TaskState::Cancelled(Cancelled { reason: found, .. }) if found == reason),
            "{id}"
        );
    }
    bench.submit(NewTask { execution: None, ..new_execution("hang too") }).await;
    assert!(
        matches!(bench.end("hang too").await, TaskState::Failed(error) if error.contains("limit of 50ms"))
    );
}

#[tokio::test]
async fn time_on_hold_does_not_count_but_a_question_is_not_open_for_ever() {
    let short = Duration::from_millis(300);
    let bench =
        bench(RunnerConfig { task_timeout: short, pause_timeout: Duration::from_millis(900), ..limits(2) });
    bench.submit(new_execution("ask one")).await;
    bench.submit(new_execution("ask two")).await;
    bench.until("ask one", asking()).await;
    tokio::time::sleep(short * 2).await;
    bench.runner.answer("ask one", "Rome").await.unwrap();
    assert_eq!(bench.end("ask one").await, TaskState::Succeeded(json!({"city": "Rome"})));
    let TaskState::Failed(error) = bench.end("ask two").await else { panic!("not failed") };
    assert_eq!(error, "Nobody answered the question of this task within 900ms.");
}

#[tokio::test]
async fn no_more_than_the_allowed_number_is_held_without_a_slot() {
    let bench = bench(RunnerConfig { held: 1, ..limits(2) });
    for prompt in ["walk a", "walk b"] {
        bench.submit(new_execution(prompt)).await;
    }
    for id in ["walk a", "walk b"] {
        bench.until_begun(id).await;
    }
    bench.runner.pause("walk a").await.unwrap();
    bench.puppet.open();
    bench.puppet.open();
    bench.until_step("walk a", 1).await;
    // It rests only a moment after its step was written down.
    let refused = loop {
        match bench.runner.pause("walk b").await {
            Err(refused) => break refused,
            Ok(_) => bench.runner.resume("walk b").await.unwrap(),
        };
    };
    assert!(refused.to_string().starts_with("1 tasks are on hold"), "{refused}");
    bench.runner.resume("walk a").await.unwrap();
    for _ in 0..4 {
        bench.puppet.open();
    }
    assert!(matches!(bench.end("walk a").await, TaskState::Succeeded(_)));
    assert!(matches!(bench.end("walk b").await, TaskState::Succeeded(_)));
    // A question is asked nevertheless, and the task that asks keeps its slot.
    for prompt in ["ask a", "ask b", "ask c"] {
        bench.submit(new_execution(prompt)).await;
    }
    bench.until("ask c", asking()).await;
    bench.submit(new_execution("ok")).await;
    assert_eq!(
        bench.runner.wait_for("ok", Duration::from_millis(100)).await.unwrap(),
        Some(TaskState::Queued)
    );
    for id in ["ask a", "ask b", "ask c"] {
        bench.runner.answer(id, "x").await.unwrap();
        assert!(matches!(bench.end(id).await, TaskState::Succeeded(_)));
    }
    assert!(matches!(bench.end("ok").await, TaskState::Succeeded(_)));
}

#[tokio::test]
async fn stopping_does_not_wait_for_people() {
    let bench = bench(limits(2));
    for prompt in ["ask", "walk"] {
        bench.submit(new_execution(prompt)).await;
    }
    bench.until("ask", asking()).await;
    bench.until_begun("walk").await;
    bench.runner.pause("walk").await.unwrap();
    bench.puppet.open();
    bench.until_step("walk", 1).await;
    tokio::time::timeout(Duration::from_secs(5), bench.runner.stop(Duration::from_secs(60))).await.unwrap();
    for id in ["ask", "walk"] {
        assert!(
            matches!(bench.state(id).await, TaskState::Failed(error) if error.contains("was stopped")),
            "{id}"
        );
    }
}

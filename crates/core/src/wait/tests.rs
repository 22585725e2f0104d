//! Simulated clouds: a clock that jumps from event to event, tasks that end at known times.

use std::collections::BTreeMap;

use super::*;

/// A cloud whose task number `id` ends `ends[id]` after the beginning, and which answers after `latency_ms`.
struct Cloud {
    latency_ms: u64,
    ends: BTreeMap<WaitId, Millis>,
    asked: u64,
    /// Questions under way, by the moment of their answer.
    under_way: BinaryHeap<Reverse<(Millis, WaitId)>>,
    most_under_way: usize,
}

const BUDGET: Budget = Budget { in_flight: 32, per_second: 200 };

/// When each wait ended, and how.
#[derive(Default)]
struct Outcome {
    ended: BTreeMap<WaitId, Millis>,
    /// By owner.
    expired: BTreeMap<u64, (Millis, Vec<Observed>)>,
    end: Millis,
}

/// Runs until no wait is left, jumping from one wake-up to the next.
fn simulate(scheduler: &mut Scheduler<u64>, cloud: &mut Cloud) -> Outcome {
    let (mut now, mut outcome) = (Millis(0), Outcome::default());
    loop {
        let wake = match scheduler.next(now) {
            Next::Ask { id, .. } => {
                cloud.asked += 1;
                cloud.under_way.push(Reverse((now.after(cloud.latency_ms), id)));
                cloud.most_under_way = cloud.most_under_way.max(cloud.under_way.len());
                continue;
            }
            Next::Expired(id, observed) => {
                outcome.expired.insert(id, (now, observed));
                continue;
            }
            Next::Sleep(until) => Some(until),
            Next::Idle => None,
        };
        let answer = cloud.under_way.peek().map(|Reverse((at, _))| *at);
        let Some(next) = [wake, answer].into_iter().flatten().min() else { break };
        assert!(next >= now, "time goes on");
        now = next;
        while let Some(Reverse((at, id))) =
            cloud.under_way.peek().copied().filter(|Reverse((at, _))| *at <= now)
        {
            cloud.under_way.pop();
            let done = cloud.ends.get(&id).is_some_and(|end| *end <= at);
            let heard = if done { Heard::status("COMPLETED", true) } else { Heard::status("RUNNING", false) };
            if scheduler.heard(now, id, heard) == Verdict::Ended {
                outcome.ended.insert(id, now);
            }
        }
    }
    outcome.end = now;
    outcome
}

fn cloud(latency_ms: u64) -> Cloud {
    Cloud { latency_ms, ends: BTreeMap::new(), asked: 0, under_way: BinaryHeap::new(), most_under_way: 0 }
}

#[test]
fn a_hundred_thousand_waits_end_within_their_budget() {
    let budget = Budget { in_flight: 64, per_second: 1_000 };
    let mut scheduler = Scheduler::new(budget, 42);
    let mut cloud = cloud(20);
    let mut rng = Rng::new(9);
    for _ in 0..100_000 {
        let id = scheduler.add(Millis(0), Pace::default(), None, 0);
        cloud.ends.insert(id, Millis(rng.between(1_000, 300_000)));
    }
    let outcome = simulate(&mut scheduler, &mut cloud);
    assert_eq!(outcome.ended.len(), 100_000);
    assert!(scheduler.is_empty());
    assert!(cloud.most_under_way <= 64);
    let seconds = outcome.end.0 / 1_000 + 1;
    assert!(cloud.asked <= seconds * 1_000 + 64, "{} questions in {seconds} s", cloud.asked);
}

#[test]
fn a_short_task_is_noticed_quickly_and_a_long_one_is_not_pestered() {
    for (takes_ms, most_late_ms, most_asked) in [(500, 350, 6), (10_000, 2_600, 16), (600_000, 3_100, 250)] {
        let mut scheduler = Scheduler::new(BUDGET, 3);
        let mut cloud = cloud(5);
        let id = scheduler.add(Millis(0), Pace::default(), None, 0);
        cloud.ends.insert(id, Millis(takes_ms));
        let outcome = simulate(&mut scheduler, &mut cloud);
        let late = outcome.ended[&id].since(Millis(takes_ms));
        assert!(late <= most_late_ms, "{takes_ms} ms task noticed {late} ms late");
        assert!(cloud.asked <= most_asked, "{takes_ms} ms task: {} questions", cloud.asked);
    }
}

#[test]
fn waits_that_begin_together_do_not_stay_together() {
    let mut scheduler = Scheduler::new(Budget { in_flight: 1_000, per_second: 1_000_000 }, 1);
    for _ in 0..100 {
        scheduler.add(Millis(0), Pace::default(), None, 0);
    }
    let moments: std::collections::BTreeSet<_> =
        scheduler.agenda.iter().map(|Reverse((due, _))| *due).collect();
    assert!(moments.len() > 20, "{} distinct moments", moments.len());
}

#[test]
fn time_up_is_told_with_what_was_seen_and_the_last_question_comes_just_before() {
    let mut scheduler = Scheduler::new(BUDGET, 1);
    let mut cloud = cloud(5);
    scheduler.add(Millis(0), Pace::default(), Some(10_000), 7);
    let outcome = simulate(&mut scheduler, &mut cloud);
    let (at, observed) = &outcome.expired[&7];
    assert_eq!(*at, Millis(10_000));
    assert_eq!(
        observed,
        &[Observed { status: "RUNNING".into(), count: u32::try_from(cloud.asked).unwrap() }]
    );
    let error = timed_out("t", 10_000, observed.clone());
    assert!(error.message.contains(&format!("RUNNING × {}", cloud.asked)), "{}", error.message);

    let mut scheduler = Scheduler::new(BUDGET, 1);
    let mut late = self::cloud(5);
    let id = scheduler.add(Millis(0), Pace::default(), Some(10_000), 0);
    late.ends.insert(id, Millis(9_940));
    assert_eq!(simulate(&mut scheduler, &mut late).ended[&id], Millis(9_955));
}

#[test]
fn a_full_budget_does_not_delay_the_end_of_a_wait() {
    let mut scheduler = Scheduler::new(Budget { in_flight: 1, per_second: 1_000 }, 1);
    let stuck = scheduler.add(Millis(0), Pace { first_ms: 1, ..Pace::default() }, None, 0);
    scheduler.add(Millis(0), Pace::default(), Some(1_000), 8);
    let Next::Ask { id, .. } = scheduler.next(Millis(10)) else { panic!("nothing to ask") };
    assert_eq!(id, stuck);
    assert_eq!(scheduler.next(Millis(900)), Next::Sleep(Millis(1_000)));
    assert_eq!(scheduler.next(Millis(1_000)), Next::Expired(8, vec![]));
}

#[test]
fn an_unknown_status_keeps_waiting_at_the_normal_pace() {
    let mut scheduler = Scheduler::new(BUDGET, 1);
    let id = scheduler.add(Millis(0), Pace::default(), None, 0);
    let mut now = Millis(0);
    for _ in 0..50 {
        match scheduler.next(now) {
            Next::Ask { .. } => {
                let heard = Heard::status("HIBERNATING", false);
                assert_eq!(scheduler.heard(now, id, heard), Verdict::Waiting);
            }
            Next::Sleep(until) => {
                assert!(until.since(now) >= 100, "a hot loop");
                now = until;
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(now.0 > 30_000);
}

#[test]
fn failing_questions_are_borne_with_for_a_while_and_a_pause_asked_for_is_kept() {
    let mut scheduler = Scheduler::new(BUDGET, 1);
    let id = scheduler.add(Millis(0), Pace::default(), None, 0);
    let mut now = Millis(0);
    let mut asked_at = Vec::new();
    let verdict = loop {
        match scheduler.next(now) {
            Next::Ask { .. } => {
                asked_at.push(now);
                let retry_after_ms = (asked_at.len() == 1).then_some(9_000);
                let verdict = scheduler.heard(now, id, Heard::Missed { retry_after_ms });
                if verdict != Verdict::Waiting {
                    break verdict;
                }
            }
            Next::Sleep(until) => now = until,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(verdict, Verdict::GivenUp);
    assert!(now.since(asked_at[0]) >= 300_000);
    assert!(asked_at[1].since(asked_at[0]) >= 9_000);
}

#[test]
fn a_cancelled_wait_is_forgotten_even_while_it_is_asked_about() {
    let mut scheduler = Scheduler::new(Budget { in_flight: 1, per_second: 1_000 }, 1);
    let first = scheduler.add(Millis(0), Pace::default(), None, 0);
    let second = scheduler.add(Millis(0), Pace::default(), None, 0);
    let now = Millis(1_000);
    let Next::Ask { id, .. } = scheduler.next(now) else { panic!("nothing to ask") };
    assert_eq!(scheduler.next(now), Next::Idle, "one at a time");
    scheduler.cancel(id);
    assert_eq!(scheduler.heard(now, id, Heard::status("RUNNING", false)), Verdict::Unknown);
    let Next::Ask { id: other, .. } = scheduler.next(now) else { panic!("the slot was not given back") };
    assert!(other != id && [first, second].contains(&other));
    scheduler.cancel(other);
    assert!(scheduler.is_empty());
    assert_eq!(scheduler.next(now), Next::Idle);
}

#[test]
fn a_wait_with_an_interval_asks_at_once_and_then_at_least_so_often() {
    for interval_ms in [50, 1_000] {
        let mut scheduler = Scheduler::new(BUDGET, 3);
        let mut now = Millis(0);
        let mut asked = Vec::new();
        scheduler.add(now, Pace::within(interval_ms), None, 0);
        while asked.len() < 12 {
            match scheduler.next(now) {
                Next::Ask { id, .. } => {
                    asked.push(now);
                    scheduler.heard(now, id, Heard::status("running", false));
                }
                Next::Sleep(until) => now = until,
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(asked[0], Millis(0));
        for pair in asked.windows(2) {
            assert!(pair[1].since(pair[0]) <= interval_ms, "{asked:?}");
            assert!(pair[1].since(pair[0]) >= 40, "{asked:?}");
        }
    }
}

#[test]
fn an_answer_that_the_server_held_back_brings_the_next_question_soon() {
    let mut scheduler = Scheduler::new(BUDGET, 3);
    let id = scheduler.add(Millis(0), Pace::within(1_000), None, 0);
    let mut now = Millis(0);
    for _ in 0..20 {
        while let Next::Sleep(until) = scheduler.next(now) {
            now = until;
        }
        now = now.after(25_000);
        let held = Heard::Status { word: "running".into(), ends: false, held: true };
        assert_eq!(scheduler.heard(now, id, held), Verdict::Waiting);
        let Next::Sleep(until) = scheduler.next(now) else { panic!("nothing to wait for") };
        assert!(until.since(now) <= 200);
    }
}

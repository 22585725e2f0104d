//! Scripted servers and a clock that jumps: every wait in these tests takes no time.

use super::*;

fn plan(effect: Effect) -> CallPlan {
    CallPlan {
        operation: "tools.performWebTask".into(),
        backend: "anchor",
        method: if effect == Effect::Read { Method::Get } else { Method::Post },
        effect,
        idempotency_key: None,
        key_honoured: false,
        check: "the list of sessions",
        base: Rc::new(BaseUrl::parse("baseURL", "https://api.example").unwrap()),
        limits: Limits::default(),
    }
}

fn keyed() -> CallPlan {
    CallPlan { idempotency_key: Some("k-1".into()), key_honoured: true, ..plan(Effect::Start) }
}

fn answer(status: u16) -> Event {
    Event::Head(Head { status, ..Head::default() })
}

fn busy(status: u16, retry_after_ms: u64) -> Event {
    let advice = Advice { retry_after_ms: Some(retry_after_ms), should_retry: None };
    Event::Head(Head { status, advice, ..Head::default() })
}

fn lost() -> Event {
    Event::Fault { message: "socket hang up".into(), not_sent: false }
}

fn refused() -> Event {
    Event::Fault { message: "ECONNREFUSED".into(), not_sent: true }
}

/// What came of a call: the end, how many requests were sent, and how long it took.
struct Run {
    end: Command,
    sent: u32,
    took_ms: u64,
}

impl Run {
    fn error(&self) -> &Error {
        match &self.end {
            Command::Fail(error) => error,
            other => panic!("expected an error, got {other:?}"),
        }
    }
}

/// Plays one scripted event per request; `Elapsed` jumps to the attempt's end, bodies read at once.
fn run(plan: CallPlan, script: Vec<Event>) -> Run {
    let mut machine = CallMachine::new(Rc::new(plan), 1);
    let (mut now, mut sent) = (Millis(1_000), 0);
    let mut script = script.into_iter();
    let mut command = machine.step(now, Event::Begin);
    for _ in 0..100 {
        command = match command {
            Command::Send { until, .. } => {
                sent += 1;
                let event = script.next().expect("the script is too short");
                if event == Event::Elapsed {
                    now = until.expect("nothing would ever end this attempt");
                }
                machine.step(now, event)
            }
            Command::Read { error: false, until } => match script.as_slice().first() {
                Some(Event::Unreadable(_) | Event::Refused(..)) => machine.step(now, script.next().unwrap()),
                Some(Event::Fault { .. }) if sent == 1 && script.len() == 1 => {
                    machine.step(now, script.next().unwrap())
                }
                Some(Event::Elapsed) => {
                    script.next();
                    now = until.unwrap();
                    machine.step(now, Event::Elapsed)
                }
                _ => machine.step(now, Event::Body),
            },
            Command::Read { error: true, .. } => {
                machine.step(now, Event::ErrorBody { sentence: "because".into(), excerpt: "{}".into() })
            }
            Command::Sleep { until } => {
                assert!(until >= now);
                now = until;
                machine.step(now, Event::Woke)
            }
            end => return Run { end, sent, took_ms: now.since(Millis(1_000)) },
        };
    }
    panic!("no end after 100 steps: {command:?}");
}

#[test]
fn a_success_ends_after_one_request_and_stays_ended() {
    let mut machine = CallMachine::new(Rc::new(plan(Effect::Read)), 1);
    machine.step(Millis(0), Event::Begin);
    machine.step(Millis(0), answer(200));
    assert_eq!(machine.step(Millis(0), Event::Body), Command::Done);
    assert_eq!(machine.step(Millis(9), lost()), Command::Done);
}

#[test]
fn a_read_survives_two_faults_and_reports_the_third() {
    assert_eq!(run(plan(Effect::Read), vec![lost(), answer(503), answer(200)]).end, Command::Done);
    let run = run(plan(Effect::Read), vec![lost(), answer(500), answer(502)]);
    assert_eq!((run.sent, run.error().attempts, run.error().status), (3, 3, Some(502)));
    assert_eq!(run.error().kind, ErrorKind::Api);
    assert_eq!(run.error().message, "502 because");
    assert!(run.error().retryable);
}

#[test]
fn a_start_is_sent_once_whenever_it_may_have_been_accepted() {
    let cases = [
        (vec![lost()], ErrorKind::Connection),
        (vec![answer(200), lost()], ErrorKind::Connection),
        (vec![answer(200), Event::Unreadable("cut".into())], ErrorKind::Decode),
        (vec![answer(500)], ErrorKind::Api),
        (vec![answer(503)], ErrorKind::Api),
        (vec![answer(408)], ErrorKind::Api),
    ];
    for (script, cause) in cases {
        let run = run(plan(Effect::Start), script);
        assert_eq!(run.sent, 1);
        assert_eq!(run.error().kind, ErrorKind::AmbiguousStart);
        assert_eq!(run.error().cause_kind, Some(cause));
        assert!(run.error().message.contains("the list of sessions"), "{}", run.error().message);
        assert!(!run.error().retryable);
    }
}

#[test]
fn a_start_is_sent_again_when_it_certainly_was_not_accepted() {
    let run_one = run(plan(Effect::Start), vec![refused(), busy(503, 40), answer(200)]);
    assert_eq!((run_one.end, run_one.sent), (Command::Done, 3));
    let run_two = run(plan(Effect::Start), vec![busy(429, 10), answer(429), answer(429)]);
    assert_eq!((run_two.error().kind, run_two.sent), (ErrorKind::Api, 3));
    assert!(run_two.error().retryable);
    let run_three = run(plan(Effect::Start), vec![refused(), lost()]);
    assert_eq!((run_three.error().kind, run_three.sent), (ErrorKind::AmbiguousStart, 2));
}

#[test]
fn a_key_that_the_backend_honours_makes_a_start_safe_to_repeat() {
    let run_one = run(keyed(), vec![lost(), answer(500), answer(200)]);
    assert_eq!((run_one.end, run_one.sent), (Command::Done, 3));
    let run_two = run(keyed(), vec![lost(), refused(), refused()]);
    assert_eq!(run_two.error().kind, ErrorKind::AmbiguousStart, "the first one may have arrived");
    assert_eq!(run_two.error().idempotency_key.as_deref(), Some("k-1"));
    let run_three = run(keyed(), vec![lost(), answer(400)]);
    assert_eq!(run_three.error().kind, ErrorKind::Api, "a refusal settles it");
    let away = Head { status: 307, location: Some("https://elsewhere.example/".into()), ..Head::default() };
    let run_four = run(keyed(), vec![lost(), Event::Head(away)]);
    assert_eq!(run_four.error().cause_kind, Some(ErrorKind::Redirect), "a redirect does not settle it");
    assert_eq!(run_four.error().idempotency_key.as_deref(), Some("k-1"));
    let run_five = run(keyed(), vec![lost(), answer(401)]);
    assert_eq!(
        run_five.error().kind,
        ErrorKind::AmbiguousStart,
        "who is not let in learns nothing of the first one"
    );
    let unknown = CallPlan { key_honoured: false, ..keyed() };
    assert_eq!(run(unknown, vec![lost()]).sent, 1);
}

#[test]
fn a_refused_start_is_an_ordinary_error() {
    for status in [400, 401, 402, 404, 409, 422, 429, 501] {
        let limits = Limits { max_retries: 0, ..Limits::default() };
        let run = run(CallPlan { limits, ..plan(Effect::Start) }, vec![answer(status)]);
        assert_eq!((run.error().kind, run.error().status), (ErrorKind::Api, Some(status)));
    }
}

#[test]
fn the_servers_pause_is_honoured_up_to_its_bound() {
    let run_one = run(plan(Effect::Read), vec![busy(429, 1_234), answer(200)]);
    assert_eq!((run_one.end, run_one.took_ms), (Command::Done, 1_234));
    let run_two = run(plan(Effect::Read), vec![busy(429, 60_001)]);
    assert_eq!((run_two.sent, run_two.error().retry_after_ms), (1, Some(60_001)));
}

#[test]
fn a_pause_of_zero_does_not_flood_the_server() {
    let run = run(plan(Effect::Read), vec![busy(503, 0), answer(200)]);
    assert!(run.took_ms >= 375, "{} ms", run.took_ms);
}

#[test]
fn a_stalled_attempt_ends_at_its_own_limit_and_the_call_at_the_total() {
    let limits =
        Limits { attempt_timeout_ms: Some(1_000), total_timeout_ms: Some(2_000), ..Limits::default() };
    let run = run(CallPlan { limits, ..plan(Effect::Read) }, vec![Event::Elapsed, Event::Elapsed]);
    assert_eq!(run.error().kind, ErrorKind::Timeout);
    assert_eq!((run.sent, run.took_ms), (2, 2_000));
    assert!(run.error().message.contains("2000 ms in all"), "{}", run.error().message);
}

#[test]
fn a_stalled_body_counts_against_the_same_attempt() {
    let limits = Limits { attempt_timeout_ms: Some(700), max_retries: 0, ..Limits::default() };
    let run = run(CallPlan { limits, ..plan(Effect::Read) }, vec![answer(200), Event::Elapsed]);
    assert_eq!((run.error().kind, run.took_ms), (ErrorKind::Timeout, 700));
    assert_eq!(run.error().message, "request timed out: no full answer within 700 ms");
}

#[test]
fn no_pause_reaches_past_the_deadline() {
    let limits = Limits { total_timeout_ms: Some(5_000), ..Limits::default() };
    let run = run(CallPlan { limits, ..plan(Effect::Read) }, vec![busy(503, 5_000)]);
    assert_eq!((run.sent, run.took_ms, run.error().status), (1, 0, Some(503)));
}

#[test]
fn an_error_body_that_cannot_be_read_leaves_the_status() {
    for end in [lost(), Event::Elapsed] {
        let mut machine = CallMachine::new(Rc::new(plan(Effect::Read)), 1);
        machine.step(Millis(0), Event::Begin);
        assert!(matches!(machine.step(Millis(0), answer(404)), Command::Read { error: true, .. }));
        let Command::Fail(error) = machine.step(Millis(0), end) else { panic!("expected an error") };
        assert_eq!((error.kind, error.status), (ErrorKind::Api, Some(404)));
        assert_eq!(error.message, "404 status code (no body)");
    }
}

#[test]
fn a_late_refusal_counts_as_the_status_it_names() {
    let run = run(plan(Effect::Start), vec![answer(200), Event::Refused(422, "not understood".into())]);
    assert_eq!((run.error().kind, run.error().status), (ErrorKind::Api, Some(422)));
    assert_eq!(run.error().message, "422 not understood");
}

#[test]
fn a_redirect_is_followed_on_the_same_origin_only() {
    let moved = |status, to: &str| Event::Head(Head { status, location: Some(to.into()), ..Head::default() });
    let mut machine = CallMachine::new(Rc::new(plan(Effect::Read)), 1);
    machine.step(Millis(0), Event::Begin);
    let Command::Send { url, attempt, .. } = machine.step(Millis(0), moved(302, "/new")) else {
        panic!("not followed")
    };
    assert_eq!((url.as_deref(), attempt), (Some("https://api.example/new"), 1));

    let away = run(plan(Effect::Read), vec![moved(307, "https://evil.example/x?token=t")]);
    assert_eq!(away.error().kind, ErrorKind::Redirect);
    assert!(away.error().message.contains("https://evil.example;"), "{}", away.error().message);
    let post = run(plan(Effect::Start), vec![moved(302, "/new")]);
    assert_eq!(
        post.error().kind,
        ErrorKind::AmbiguousStart,
        "a POST must not become a GET, and may have been done"
    );
    assert_eq!(post.error().cause_kind, Some(ErrorKind::Redirect));
    let kept = run(plan(Effect::Start), vec![moved(307, "https://evil.example/")]);
    assert_eq!(kept.error().kind, ErrorKind::Redirect, "a 307 was not carried out");
    let round = run(plan(Effect::Read), (0..9).map(|_| moved(302, "/new")).collect());
    assert_eq!((round.error().kind, round.sent), (ErrorKind::Redirect, 6));
    let hidden = run(plan(Effect::Read), vec![answer(0)]);
    assert_eq!((hidden.error().kind, hidden.error().status), (ErrorKind::Redirect, None));
}

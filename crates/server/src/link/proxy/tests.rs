use super::*;

const PAGE: &str = "PAGE";

/// A proxy whose client is in context A, with the page of the session, and what it wants done next.
fn ready() -> Proxy {
    let mut proxy = Proxy::new("A", PAGE, "ROOT");
    let begin = proxy.begin();
    let [Action::Send { session, method, number, .. }] = &begin[..] else { panic!("{begin:?}") };
    assert_eq!((session.as_str(), method.as_str()), ("ROOT", "Target.setDiscoverTargets"));
    for info in [info(PAGE, "page", "A"), info("OTHER", "page", "B")] {
        assert!(proxy.hear_chromium(root("Target.targetCreated", json!({ "targetInfo": info }))).is_empty());
    }
    assert!(!proxy.is_ready());
    proxy.hear_chromium(Delivery::Answer { number: *number, message: json!({ "result": {} }) });
    assert!(proxy.is_ready());
    proxy
}

fn info(target: &str, kind: &str, context: &str) -> Value {
    json!({ "targetId": target, "type": kind, "browserContextId": context })
}

fn root(method: &str, params: Value) -> Delivery {
    Delivery::Event { session: "ROOT".into(), method: method.into(), params }
}

fn command(id: i64, method: &str, params: Value) -> String {
    json!({ "id": id, "method": method, "params": params }).to_string()
}

fn in_session(session: &str, method: &str, params: Value) -> String {
    json!({ "id": 1, "method": method, "params": params, "sessionId": session }).to_string()
}

/// The only thing to tell the client.
fn told(actions: &[Action]) -> Value {
    let [Action::Tell(message)] = actions else { panic!("{actions:?}") };
    message.clone()
}

/// The only thing to send to Chromium: session, method, parameters, number.
fn sent(actions: &[Action]) -> (String, String, Value, u64) {
    let [Action::Send { session, method, params, number }] = actions else { panic!("{actions:?}") };
    (session.clone(), method.clone(), params.clone(), *number)
}

fn error(actions: &[Action]) -> String {
    told(actions)["error"]["message"].as_str().unwrap().to_owned()
}

/// Attaches the client to the page of the session.
fn attached() -> Proxy {
    let mut proxy = ready();
    let on = json!({ "autoAttach": true, "waitForDebuggerOnStart": true, "flatten": true });
    let (session, method, params, number) = sent(&proxy.hear_client(&command(1, "Target.setAutoAttach", on)));
    assert_eq!((session.as_str(), method.as_str()), ("ROOT", "Target.attachToTarget"));
    assert_eq!(params, json!({ "targetId": PAGE, "flatten": true }));
    let event = json!({ "sessionId": "S1", "targetInfo": info(PAGE, "page", "A") });
    let event = told(&proxy.hear_chromium(root("Target.attachedToTarget", event)));
    assert!(event.get("sessionId").is_none(), "an event of the browser itself: {event}");
    let message = json!({ "result": { "sessionId": "S1" } });
    let answer = told(&proxy.hear_chromium(Delivery::Answer { number, message }));
    assert_eq!(answer, json!({ "id": 1, "result": {} }), "after the event");
    proxy
}

#[test]
fn a_client_sees_the_targets_of_its_context_only() {
    let mut proxy = ready();
    let answer = told(&proxy.hear_client(&command(1, "Target.getTargets", json!({}))));
    assert_eq!(answer["result"]["targetInfos"], json!([info(PAGE, "page", "A")]));
    let answer = told(&proxy.hear_client(&command(2, "Target.getBrowserContexts", json!({}))));
    assert_eq!(answer["result"]["browserContextIds"], json!(["A"]));

    let actions = proxy.hear_client(&command(3, "Target.setDiscoverTargets", json!({ "discover": true })));
    let [Action::Tell(event), Action::Tell(answer)] = &actions[..] else { panic!("{actions:?}") };
    assert_eq!(event["params"]["targetInfo"]["targetId"], PAGE);
    assert_eq!(answer["id"], 3);
    for (method, params) in [
        ("Target.targetCreated", json!({ "targetInfo": info("X", "page", "B") })),
        ("Target.targetInfoChanged", json!({ "targetInfo": info("OTHER", "page", "B") })),
        ("Target.targetDestroyed", json!({ "targetId": "OTHER" })),
        ("Storage.cacheStorageListUpdated", json!({})),
    ] {
        assert_eq!(proxy.hear_chromium(root(method, params)), [], "{method}");
    }
    let gone = told(&proxy.hear_chromium(root("Target.targetDestroyed", json!({ "targetId": PAGE }))));
    assert_eq!(gone["method"], "Target.targetDestroyed");
}

#[test]
fn targets_and_contexts_of_others_cannot_be_touched() {
    let mut proxy = attached();
    let other = json!({ "targetId": "OTHER", "flatten": true });
    for method in
        ["Target.attachToTarget", "Target.closeTarget", "Target.activateTarget", "Target.getTargetInfo"]
    {
        assert!(error(&proxy.hear_client(&command(5, method, other.clone()))).contains(method));
        assert!(
            error(&proxy.hear_client(&in_session("S1", method, other.clone())))
                .contains("one browser context")
        );
    }
    for (method, params) in [
        ("Target.createBrowserContext", json!({})),
        ("Target.disposeBrowserContext", json!({ "browserContextId": "A" })),
        ("Target.createTarget", json!({ "url": "about:blank", "browserContextId": "B" })),
        ("Target.createTarget", json!({ "url": "file:///etc/passwd" })),
        ("Target.exposeDevToolsProtocol", json!({ "targetId": PAGE })),
        ("Target.setRemoteLocations", json!({ "locations": [] })),
        ("Target.attachToTarget", json!({ "targetId": PAGE })),
        ("Target.setAutoAttach", json!({ "autoAttach": true })),
        ("Browser.getWindowForTarget", json!({ "targetId": "OTHER" })),
        ("Browser.getWindowForTarget", json!({})),
        ("Browser.setWindowBounds", json!({ "windowId": 1, "bounds": {} })),
    ] {
        assert!(error(&proxy.hear_client(&command(6, method, params))).starts_with(method), "{method}");
    }
    for method in [
        "Target.getTargets",
        "Target.attachToBrowserTarget",
        "Target.createTarget",
        "Target.setDiscoverTargets",
    ] {
        assert!(
            error(&proxy.hear_client(&in_session("S1", method, json!({})))).starts_with(method),
            "{method}"
        );
    }
}

#[test]
fn sessions_of_others_do_not_exist() {
    let mut proxy = attached();
    assert_eq!(
        error(&proxy.hear_client(&in_session("S9", "Page.enable", json!({})))),
        "Session with given id not found."
    );
    for session in ["S9", "ROOT"] {
        let detach = command(1, "Target.detachFromTarget", json!({ "sessionId": session }));
        assert_eq!(error(&proxy.hear_client(&detach)), "Session with given id not found.");
    }
    let event =
        Delivery::Event { session: "S9".into(), method: "Page.loadEventFired".into(), params: json!({}) };
    assert_eq!(proxy.hear_chromium(event), []);
    // Should Chromium attach a session to something foreign, it is let go again, unseen.
    let foreign = json!({ "sessionId": "S3", "targetInfo": info("OTHER", "page", "B") });
    let (_, method, params, _) = sent(&proxy.hear_chromium(root("Target.attachedToTarget", foreign)));
    assert_eq!((method.as_str(), params), ("Target.detachFromTarget", json!({ "sessionId": "S3" })));
}

#[test]
fn commands_and_answers_keep_the_numbers_of_the_client() {
    let mut proxy = attached();
    let (session, method, params, number) =
        sent(&proxy.hear_client(&in_session("S1", "Page.navigate", json!({ "url": "http://a.example/" }))));
    assert_eq!((session.as_str(), method.as_str()), ("S1", "Page.navigate"));
    assert_eq!(params, json!({ "url": "http://a.example/" }));
    let event = Delivery::Event { session: "S1".into(), method: "Page.x".into(), params: json!({}) };
    assert_eq!(told(&proxy.hear_chromium(event))["sessionId"], "S1");
    let message = json!({ "id": 777, "sessionId": "S1", "error": { "code": -32000, "message": "no" } });
    let answer = told(&proxy.hear_chromium(Delivery::Answer { number, message }));
    assert_eq!(answer, json!({ "id": 1, "sessionId": "S1", "error": { "code": -32000, "message": "no" } }));
}

#[test]
fn a_new_page_is_attached_before_its_creation_is_answered() {
    let mut proxy = attached();
    let (_, _, params, create) =
        sent(&proxy.hear_client(&command(2, "Target.createTarget", json!({ "url": "about:blank" }))));
    assert_eq!(params["browserContextId"], "A");
    let created = json!({ "targetInfo": info("NEW", "page", "A") });
    let (_, method, _, attach) = sent(&proxy.hear_chromium(root("Target.targetCreated", created)));
    assert_eq!(method, "Target.attachToTarget");
    let message = json!({ "result": { "targetId": "NEW" } });
    assert_eq!(proxy.hear_chromium(Delivery::Answer { number: create, message }), [], "not yet");
    let event = json!({ "sessionId": "S2", "targetInfo": info("NEW", "page", "A") });
    assert_eq!(
        told(&proxy.hear_chromium(root("Target.attachedToTarget", event)))["params"]["sessionId"],
        "S2"
    );
    let message = json!({ "result": { "sessionId": "S2" } });
    let answer = told(&proxy.hear_chromium(Delivery::Answer { number: attach, message }));
    assert_eq!(answer, json!({ "id": 2, "result": { "targetId": "NEW" } }));
    // A change of the target is no reason to attach again.
    let changed = json!({ "targetInfo": info("NEW", "page", "A") });
    assert_eq!(proxy.hear_chromium(root("Target.targetInfoChanged", changed)), []);
    sent(&proxy.hear_client(&command(3, "Target.closeTarget", json!({ "targetId": "NEW" }))));
}

#[test]
fn a_page_that_is_gone_before_it_was_attached_keeps_no_answer_back() {
    let mut proxy = attached();
    let (_, _, _, create) =
        sent(&proxy.hear_client(&command(2, "Target.createTarget", json!({ "url": "about:blank" }))));
    let created = json!({ "targetInfo": info("NEW", "page", "A") });
    let (_, _, _, attach) = sent(&proxy.hear_chromium(root("Target.targetCreated", created)));
    let message = json!({ "result": { "targetId": "NEW" } });
    proxy.hear_chromium(Delivery::Answer { number: create, message });
    let message = json!({ "error": { "message": "No target with given id found" } });
    assert_eq!(told(&proxy.hear_chromium(Delivery::Answer { number: attach, message }))["id"], 2);
}

#[test]
fn the_page_that_the_server_works_in_is_closed_for_the_client_only() {
    let mut proxy = attached();
    proxy.hear_client(&command(1, "Target.setDiscoverTargets", json!({ "discover": true })));
    let actions = proxy.hear_client(&command(2, "Target.closeTarget", json!({ "targetId": PAGE })));
    let [Action::Send { session, method, params, .. }, Action::Tell(event), Action::Tell(answer)] =
        &actions[..]
    else {
        panic!("{actions:?}")
    };
    assert_eq!((session.as_str(), method.as_str()), ("ROOT", "Target.detachFromTarget"));
    assert_eq!(*params, json!({ "sessionId": "S1" }));
    assert_eq!(event["method"], "Target.targetDestroyed");
    assert_eq!(answer["result"]["success"], true);
    let event = told(&proxy.hear_chromium(root("Target.detachedFromTarget", json!({ "sessionId": "S1" }))));
    assert_eq!(event["params"]["sessionId"], "S1");
    // It stays out of sight, whatever becomes of it.
    let changed = json!({ "targetInfo": info(PAGE, "page", "A") });
    assert_eq!(proxy.hear_chromium(root("Target.targetInfoChanged", changed)), []);
    let again = json!({ "targetId": PAGE, "flatten": true });
    error(&proxy.hear_client(&command(3, "Target.attachToTarget", again)));

    let mut proxy = attached();
    let actions = proxy.hear_client(&in_session("S1", "Page.close", json!({})));
    assert!(matches!(&actions[..], [Action::Send { .. }, Action::Tell(_)]), "{actions:?}");
    // A tab may hold it.
    let tab = json!({ "targetInfo": info("TAB", "tab", "A") });
    proxy.hear_chromium(root("Target.targetCreated", tab));
    let tab = json!({ "targetId": "TAB" });
    assert!(error(&proxy.hear_client(&command(3, "Target.closeTarget", tab))).contains("close the page"));
}

#[test]
fn a_further_session_with_the_browser_is_confined_too() {
    let mut proxy = ready();
    let (_, _, _, number) = sent(&proxy.hear_client(&command(1, "Target.attachToBrowserTarget", json!({}))));
    let event = json!({ "sessionId": "R2", "targetInfo": { "targetId": "b", "type": "browser" } });
    proxy.hear_chromium(root("Target.attachedToTarget", event));
    let message = json!({ "result": { "sessionId": "R2" } });
    proxy.hear_chromium(Delivery::Answer { number, message });
    let answer = told(&proxy.hear_client(&in_session("R2", "Target.getTargets", json!({}))));
    assert_eq!(
        (&answer["sessionId"], answer["result"]["targetInfos"].as_array().unwrap().len()),
        (&json!("R2"), 1)
    );
    assert!(error(&proxy.hear_client(&in_session("R2", "Tracing.start", json!({})))).starts_with("Tracing"));
    let attach = json!({ "targetId": PAGE, "flatten": true });
    let (session, _, _, _) = sent(&proxy.hear_client(&in_session("R2", "Target.attachToTarget", attach)));
    assert_eq!(session, "R2");
    let detached =
        told(&proxy.hear_chromium(root("Target.detachedFromTarget", json!({ "sessionId": "R2" }))));
    assert_eq!(detached["params"]["sessionId"], "R2");
    assert!(
        error(&proxy.hear_client(&in_session("R2", "Target.getTargets", json!({})))).contains("not found")
    );
    assert_eq!(proxy.waiting.len(), 0, "what was asked in it is answered by nobody");
}

#[test]
fn a_window_is_moved_by_those_who_may_know_it() {
    let mut proxy = attached();
    let (_, _, _, number) =
        sent(&proxy.hear_client(&in_session("S1", "Browser.getWindowForTarget", json!({}))));
    let message = json!({ "result": { "windowId": 4 } });
    proxy.hear_chromium(Delivery::Answer { number, message });
    sent(&proxy.hear_client(&in_session(
        "S1",
        "Browser.setWindowBounds",
        json!({ "windowId": 4, "bounds": {} }),
    )));
    error(&proxy.hear_client(&in_session(
        "S1",
        "Browser.setWindowBounds",
        json!({ "windowId": 5, "bounds": {} }),
    )));
}

#[test]
fn closing_the_browser_closes_the_connection_only() {
    let mut proxy = attached();
    let actions = proxy.hear_client(&command(9, "Browser.close", json!({})));
    assert_eq!(actions, [Action::Tell(json!({ "id": 9, "result": {} })), Action::Leave(None)]);
}

#[test]
fn a_client_that_waits_for_too_much_is_closed() {
    let mut proxy = attached();
    for _ in 0..MOST_COMMANDS {
        sent(&proxy.hear_client(&in_session("S1", "Runtime.evaluate", json!({ "expression": "1" }))));
    }
    let actions = proxy.hear_client(&in_session("S1", "Runtime.evaluate", json!({ "expression": "1" })));
    assert!(matches!(actions[..], [Action::Leave(Some(_))]), "{actions:?}");
}

#[test]
fn a_command_for_a_session_that_is_gone_is_answered() {
    let mut proxy = attached();
    let (_, _, _, number) = sent(&proxy.hear_client(&in_session("S1", "Page.enable", json!({}))));
    assert_eq!(told(&proxy.unsent(number))["error"]["code"], -32001);
}

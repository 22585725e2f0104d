//! The `rules` agent against a real Chromium and pages on loopback.

// A test states its expectations by unwrapping, in its helpers too.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod fixtures;

use std::collections::BTreeMap;
use std::sync::Arc;

use fixtures::{Site, browser};
use serde_json::{Value, json};
use taskwright_server::agent::{Agent, AgentError, AgentTask, Host, Progress, Report, Rules, Secrets, Step};
use taskwright_server::browser::{Browser, Context, ContextOptions};
use taskwright_server::pace::Pace;

const PAGES: &[(&str, &str)] = &[
    ("/article", include_str!("fixtures/article.html")),
    ("/login", include_str!("fixtures/login.html")),
    ("/order", include_str!("fixtures/order.html")),
    ("/shop", include_str!("fixtures/shop.html")),
    ("/stubborn", include_str!("fixtures/stubborn.html")),
];

struct Bench {
    browser: Browser,
    context: Context,
    site: Site,
}

/// What a task ended with, and its steps.
struct Ended {
    result: Result<Value, AgentError>,
    steps: Vec<Step>,
}

impl Ended {
    fn value(&self) -> &Value {
        self.result.as_ref().unwrap()
    }

    fn error(&self) -> String {
        self.result.as_ref().unwrap_err().to_string()
    }
}

fn task(prompt: &str) -> AgentTask {
    AgentTask {
        prompt: prompt.into(),
        max_steps: 20,
        secrets: Secrets::default(),
        inputs: BTreeMap::new(),
        output_schema: None,
    }
}

impl Bench {
    async fn at(path: &str) -> Self {
        let (browser, site) = (browser().await, Site::start(PAGES).await);
        let context = browser.open(ContextOptions::default()).await.unwrap();
        let bench = Self { browser, context, site };
        bench.go(path).await;
        bench
    }

    async fn go(&self, path: &str) {
        self.context.page().goto(&self.site.url(path)).await.unwrap();
    }

    async fn run(&self, task: AgentTask) -> Ended {
        let (host, mut reported) = Host::new(Arc::new(Pace::free()), false);
        let result = Rules.run(&task, self.context.page(), &host).await;
        drop(host);
        let mut steps = Vec::new();
        while let Some(report) = reported.recv().await {
            if let Report::Progress(Progress::Ended(step)) = report {
                steps.push(step);
            }
        }
        Ended { result, steps }
    }

    async fn ask(&self, prompt: &str) -> Ended {
        self.run(task(prompt)).await
    }

    async fn fill(&self, prompt: &str, schema: Value) -> Ended {
        self.run(AgentTask { output_schema: Some(schema), ..task(prompt) }).await
    }

    async fn end(self) {
        self.browser.shutdown().await;
    }
}

#[tokio::test]
async fn an_article_is_read() {
    let bench = Bench::at("/article").await;
    let both = bench.ask("Extract the main heading and first paragraph from the page").await;
    let expected =
        json!({ "main_heading": "On Loopback", "first_paragraph": "Nothing leaves this machine." });
    assert_eq!(both.value(), &expected);
    let summary: Vec<_> = both.steps.iter().map(|step| (step.number, &*step.action, &*step.detail)).collect();
    assert_eq!(summary, [(1, "extract", "main heading"), (2, "extract", "first paragraph")]);

    for (prompt, expected) in [
        ("Extract the main heading", json!("On Loopback")),
        ("Get the first paragraph", json!("Nothing leaves this machine.")),
        ("Get the second paragraph", json!("A second one, with a link.")),
        ("Get the last paragraph", json!("The end.")),
        ("What is the page title?", json!("An article")),
        ("Return all headings", json!(["On Loopback", "Addresses", "Details"])),
        ("Get all list items", json!(["127.0.0.1", "::1"])),
        ("Get the links", json!([{ "text": "link", "href": bench.site.url("/login") }])),
        ("How many paragraphs are there?", json!(3)),
        ("Get the meta description", json!("About loopback.")),
        ("Get the text of `.note`", json!("A note in the shadow.")),
        ("Get all elements matching `ul li`", json!(["127.0.0.1", "::1"])),
        ("What is the author?", json!("Ada")),
        ("Get the value of \"Published on\"", json!("1 May")),
        ("Get the images", json!([])),
    ] {
        assert_eq!(bench.ask(prompt).await.value(), &expected, "{prompt}");
    }
    assert!(bench.ask("Get the page text").await.value().as_str().unwrap().contains("Nothing leaves"));
    let pressed = bench.ask("Click the \"Inside\" button and get the page title").await;
    assert_eq!(pressed.value(), "Pressed true", "a frame of the same origin, with the real mouse");
    let missing = bench.ask("Get the 9th paragraph").await;
    assert!(matches!(missing.result, Err(AgentError::NotFound(_))));
    assert_eq!(missing.error(), "the page has no 9th paragraph: it has 3");
    assert_eq!(missing.steps[0].error.as_deref(), Some("the page has no 9th paragraph: it has 3"));
    bench.end().await;
}

#[tokio::test]
async fn tables_and_labels_are_read() {
    let bench = Bench::at("/order").await;
    let lines = json!([
        { "Article": "Pen", "Quantity": "2", "Price": "1.50 €" },
        { "Article": "Book", "Quantity": "1", "Price": "20.00 €" },
    ]);
    assert_eq!(bench.ask("Extract the table").await.value(), &lines);
    assert_eq!(bench.ask("Extract the \"Order lines\" table").await.value(), &lines);
    for (prompt, expected) in [
        ("What is the order number?", json!("A-17")),
        ("Get the value of \"Delivery date\"", json!("3 June")),
        ("Extract the status", json!("In stock")),
        ("Get the total", json!("23.00 €")),
        ("Get the e-mail", json!("ada@example.com")),
        ("Get the email", json!("ada@example.com")),
        ("Get the price", json!(["1.50 €", "20.00 €"])),
    ] {
        assert_eq!(bench.ask(prompt).await.value(), &expected, "{prompt}");
    }
    let missing = bench.ask("Extract the colour").await.error();
    assert_eq!(missing, "nothing on the page is labelled \"colour\"");
    bench.end().await;
}

#[tokio::test]
async fn a_login_form_is_filled_with_secrets_that_appear_nowhere() {
    let bench = Bench::at("/login").await;
    let secrets = BTreeMap::from([
        ("user".to_owned(), "ada".to_owned()),
        ("pass".to_owned(), "s3cr3t-w0rd".to_owned()),
    ]);
    let prompt = "Fill {{user}} into the user name field and $pass into the password field, then click \"Log in\". \
                  Extract the main heading and the first paragraph.";
    let ended = bench.run(AgentTask { secrets: Secrets::new(secrets.clone()), ..task(prompt) }).await;
    assert_eq!(ended.value()["main_heading"], "Received");
    assert_eq!(ended.value()["first_paragraph"], "username=ada&password=s3cr3t-w0rd");
    assert_eq!(ended.steps.len(), 5);
    assert!(!format!("{:?}", ended.steps).contains("s3cr3t-w0rd"));

    bench.go("/login").await;
    let prompt = "Fill $pass into the password field, select $pass in the language field";
    let ended = bench.run(AgentTask { secrets: Secrets::new(secrets), ..task(prompt) }).await;
    assert_eq!(ended.error(), "no option \"$pass\" in \"language\"; the page has: \"English\", \"Deutsch\"");
    let unknown = bench.ask("Click \"Log in\" and fill {{token}} into the password field").await;
    assert!(unknown.error().contains("\"token\"") && unknown.steps.is_empty(), "{}", unknown.error());
    bench.end().await;
}

#[tokio::test]
async fn a_form_is_filled_in_with_every_kind_of_field() {
    let bench = Bench::at("/login").await;
    let ended = bench
        .ask(
            "Select \"Deutsch\" in the language list. Check the \"Remember me\" checkbox. Choose \"Express\". \
             Set the date of birth to 1990-05-01. Fill the about field with \"Hi there\".",
        )
        .await;
    assert_eq!(ended.value()["done"].as_array().unwrap().len(), 5, "{:?}", ended.value());
    assert_eq!(ended.value()["title"], "Log in");
    let state = "(() => { const f = document.querySelector('#more'); \
                 return [f.language.value, f.remember.checked, f.speed.value, f.born.value, f.about.value] })()";
    let state = bench.context.page().evaluate(state).await.unwrap();
    assert_eq!(state, json!(["de", true, "express", "1990-05-01", "Hi there"]));

    let ended = bench.ask("Uncheck \"Remember me\", click the \"Later\" button, wait for \"It came\" and get the text of `#late`").await;
    assert_eq!(ended.value(), "It came late");
    let ended = bench.ask("Type \"ada\" into Username, press Enter, then get the first paragraph").await;
    assert_eq!(ended.value(), "username=ada&password=");
    assert_eq!(bench.ask("Go back and get the page title").await.value(), "Log in");
    let missing = bench.ask("Click the \"Register\" button").await;
    assert_eq!(missing.error(), "no button named \"Register\"; the page has: \"Log in\", \"Later\"");
    bench.end().await;
}

#[tokio::test]
async fn a_field_that_does_not_take_what_was_done_to_it_is_no_success() {
    let bench = Bench::at("/stubborn").await;
    for (prompt, why) in [
        ("Fill abc into Number", "it did not take the value"),
        ("Fill abcdef into Code", "it did not take the value"),
        ("Fill abc into Own mind", "it did not take the value"),
        ("Check Agree", "it did not stay checked"),
    ] {
        let ended = bench.ask(prompt).await;
        assert!(ended.error().contains(why), "{prompt}: {}", ended.error());
    }
    let ended = bench.ask("Fill 123456789 into Phone").await;
    assert_eq!(ended.value()["done"].as_array().unwrap().len(), 1, "a field may write it its own way");
    bench.end().await;
}

#[tokio::test]
async fn a_schema_is_filled_from_labels_tables_and_cards() {
    let bench = Bench::at("/shop").await;
    let product = json!({ "type": "object", "required": ["name", "price"], "properties": {
        "name": { "type": "string" },
        "price": { "type": "number" },
        "inStock": { "type": "boolean" },
        "url": { "type": "string" },
        "badge": { "type": "string", "enum": ["New", "Sale"] },
    } });
    let schema = json!({ "type": "object", "required": ["title", "products"], "properties": {
        "title": { "type": "string" },
        "products": { "type": "array", "items": { "$ref": "#/$defs/Product" } },
        "first_paragraph": { "type": "string" },
        "fax": { "type": "string" },
    }, "$defs": { "Product": product } });
    let ended = bench.fill("Extract the product details", schema.clone()).await;
    let url = |name: &str| bench.site.url(&format!("/shop/{name}"));
    assert_eq!(
        ended.value(),
        &json!({
            "title": "The shop",
            "first_paragraph": "Everything a desk needs.",
            "products": [
                { "name": "Lamp", "price": 1299.5, "inStock": true, "url": url("lamp"), "badge": "New" },
                { "name": "Chair", "price": 80, "inStock": false, "url": url("chair") },
                { "name": "Desk", "price": 240, "inStock": true, "url": url("desk"), "badge": "Sale" },
            ],
        })
    );
    assert_eq!(ended.steps.len(), 1);

    let heading =
        json!({ "type": "object", "properties": { "result": { "type": "string" } }, "required": ["result"] });
    assert_eq!(
        bench.fill("Extract the main heading", heading).await.value(),
        &json!({ "result": "The shop" })
    );
    let badges = json!({ "type": "array", "items": { "type": "string" } });
    assert_eq!(
        bench.fill("Get all elements matching `.badge`", badges).await.value(),
        &json!(["new", "Sale"])
    );
    assert_eq!(bench.fill("Extract the main heading", json!({})).await.value(), "The shop");

    let mut strict = schema;
    strict["required"] = json!(["title", "fax"]);
    let missing = bench.fill("", strict).await;
    assert!(
        matches!(&missing.result, Err(AgentError::NotFound(why)) if why.contains("fax")),
        "{:?}",
        missing.result
    );

    let order = json!({ "type": "object", "properties": {
        "orderNumber": { "type": "string" },
        "total": { "type": "number" },
        "lines": { "type": "array", "items": { "type": "object", "properties": {
            "article": { "type": "string" }, "quantity": { "type": "integer" }, "price": { "type": "number" },
        }, "required": ["article", "quantity"] } },
    }, "required": ["orderNumber", "total", "lines"] });
    let prompt = format!("Open {} and extract the order", bench.site.url("/order"));
    assert_eq!(
        bench.fill(&prompt, order).await.value(),
        &json!({ "orderNumber": "A-17", "total": 23, "lines": [
            { "article": "Pen", "quantity": 2, "price": 1.5 },
            { "article": "Book", "quantity": 1, "price": 20 },
        ] })
    );
    // "2-3 kg" is no number: nothing is guessed.
    let weight =
        json!({ "type": "object", "properties": { "weight": { "type": "number" } }, "required": ["weight"] });
    let guessed = bench.fill("Extract the weight", weight).await;
    assert!(guessed.error().contains("weight"), "{:?}", guessed.result);
    bench.end().await;
}

#[tokio::test]
async fn steps_are_bounded_and_nothing_is_pretended() {
    let bench = Bench::at("/article").await;
    let ended = bench.run(AgentTask { max_steps: 1, ..task("Get the main heading and the links") }).await;
    assert_eq!(ended.result, Err(AgentError::StepLimit(1)));
    assert_eq!(ended.steps.len(), 1);

    let ended = bench.ask("Get the main heading and ask \"Which article?\" as article").await;
    assert!(ended.error().starts_with("nobody can be asked \"Which article?\""), "{}", ended.error());
    assert_eq!(ended.steps, [], "nothing is done for a task that cannot be finished");

    let inputs = BTreeMap::from([("what".to_owned(), "Published on".to_owned())]);
    let ended = bench.run(AgentTask { inputs, ..task("Get the value of \"{{what}}\"") }).await;
    assert_eq!(ended.value(), "1 May");

    let ended = bench.ask("Get the main heading and summarize the article").await;
    assert!(matches!(ended.result, Err(AgentError::NotUnderstood(_))));
    assert!(
        ended.error().contains("\"summarize the article\"")
            && ended.error().contains("extract the main heading")
    );
    assert!(ended.steps.is_empty(), "nothing is done for a task that cannot be finished");

    let ended = bench.ask("Open file:///etc/passwd and get the page text").await;
    assert!(
        matches!(&ended.result, Err(AgentError::Page(why)) if why.contains("only http")),
        "{:?}",
        ended.result
    );

    let ended = bench.ask("Click the link \"link\"").await;
    assert_eq!(
        ended.value(),
        &json!({ "done": ["click link"], "url": bench.site.url("/login"), "title": "Log in" })
    );
    let picture = bench.ask("Take a screenshot").await;
    assert!(picture.value()["screenshot"].as_str().unwrap().starts_with("data:image/png;base64,iVBOR"));
    bench.end().await;
}

use super::*;
use crate::agent::rules::instruction::{Kind, Noun, Pick, Scroll, Target, What, Wish};
use crate::browser::Key;
use std::time::Duration;

fn understood(prompt: &str) -> Vec<Instruction> {
    parse(prompt, false).unwrap_or_else(|part| panic!("{prompt:?}: not understood: {part:?}"))
}

fn element(noun: Noun, pick: Pick) -> What {
    What::Element { noun, pick }
}

fn wishes(prompt: &str) -> Vec<(String, What)> {
    let instructions = understood(prompt);
    let wish = |instruction| match instruction {
        Instruction::Extract(wish) => (wish.key(), wish.what),
        other => panic!("{prompt:?}: {other:?}"),
    };
    instructions.into_iter().map(wish).collect()
}

fn click(name: &str, kind: Kind) -> Instruction {
    Instruction::Click(Target { name: name.into(), kind })
}

fn fill(value: &str, field: &str) -> Instruction {
    Instruction::Fill { value: value.into(), field: Some(field.into()) }
}

#[test]
fn the_prompts_of_the_documents_are_understood() {
    let heading = || ("main_heading".to_owned(), element(Noun::Heading, Pick::Main));
    let paragraph = || ("first_paragraph".to_owned(), element(Noun::Paragraph, Pick::Nth(1)));
    assert_eq!(
        wishes("Extract the main heading and first paragraph from the page"),
        [heading(), paragraph()]
    );
    assert_eq!(wishes("Extract the main heading"), [heading()]);
    assert_eq!(wishes("Get the first paragraph"), [paragraph()]);
}

#[test]
fn verbs_and_articles_vary() {
    for prompt in [
        "extract main heading",
        "Please get the main heading.",
        "What is the main heading?",
        "Can you tell me what is the main heading",
        "Find the main heading on this page",
        "read the main heading of the page",
        "Return main heading as JSON",
        "main heading",
        "Give me the main heading, please!",
    ] {
        assert_eq!(wishes(prompt), [("main_heading".into(), element(Noun::Heading, Pick::Main))], "{prompt}");
    }
}

#[test]
fn elements_are_picked_by_number_and_kind() {
    for (phrase, noun, pick) in [
        ("the second paragraph", Noun::Paragraph, Pick::Nth(2)),
        ("the 3rd paragraph", Noun::Paragraph, Pick::Nth(3)),
        ("the last paragraph", Noun::Paragraph, Pick::Last),
        ("all paragraphs", Noun::Paragraph, Pick::All),
        ("all the headings", Noun::Heading, Pick::All),
        ("the links", Noun::Link, Pick::All),
        ("every list item", Noun::ListItem, Pick::All),
        ("the first 3 links", Noun::Link, Pick::Take(3)),
        ("the top five links", Noun::Link, Pick::Take(5)),
        ("the heading", Noun::Heading, Pick::Main),
        ("images", Noun::Image, Pick::All),
        ("the table", Noun::Table, Pick::Nth(1)),
        ("the second table", Noun::Table, Pick::Nth(2)),
        ("all tables", Noun::Table, Pick::All),
        ("the table captioned \"Prices\"", Noun::Table, Pick::Named("Prices".into())),
        ("the \"Prices\" table", Noun::Table, Pick::Named("Prices".into())),
        ("h2 headings", Noun::H2, Pick::All),
    ] {
        let found = wishes(&format!("Extract {phrase}")).remove(0).1;
        assert_eq!(found, element(noun, pick), "{phrase}");
    }
}

#[test]
fn labels_selectors_and_counts_are_wishes() {
    let label = |label: &str| What::Labelled { label: label.into() };
    for (phrase, what) in [
        ("Extract the price", label("price")),
        ("What is the order number?", label("order number")),
        ("Get the value of \"Terms and conditions\"", label("Terms and conditions")),
        ("Get the text of `.card > h2`", What::Css { selector: ".card > h2".into(), pick: Pick::Nth(1) }),
        ("Get all elements matching `li`", What::Css { selector: "li".into(), pick: Pick::All }),
        ("Get css=#total", What::Css { selector: "#total".into(), pick: Pick::Nth(1) }),
        ("How many links are there?", What::Count { of: Box::new(element(Noun::Link, Pick::All)) }),
        ("Count the paragraphs", What::Count { of: Box::new(element(Noun::Paragraph, Pick::All)) }),
        ("Get the number of images", What::Count { of: Box::new(element(Noun::Image, Pick::All)) }),
        ("Get the page title", What::Title),
        ("Return the title of the page", What::Title),
        ("Get the text of the page", What::Text),
        ("Extract the meta description", What::Description),
        ("What is the current URL?", What::Address),
    ] {
        assert_eq!(wishes(phrase).remove(0).1, what, "{phrase}");
    }
}

#[test]
fn wishes_go_on_after_commas_and_in_lists() {
    let keys = |prompt| wishes(prompt).into_iter().map(|(key, _)| key).collect::<Vec<_>>();
    assert_eq!(
        keys("Extract the name, price, type and order number"),
        ["name", "price", "type", "order_number"]
    );
    assert_eq!(
        keys("Extract the following:\n- main heading\n- the links\n1. price"),
        ["main_heading", "links", "price"]
    );
}

#[test]
fn an_address_at_the_end_is_opened_first() {
    let instructions = understood("Extract the main heading and the links from https://example.com/a.b?c=d.");
    assert_eq!(instructions.len(), 3);
    assert_eq!(instructions[0], Instruction::Open("https://example.com/a.b?c=d".into()));
}

#[test]
fn pages_are_opened_and_left() {
    let open = |url: &str| Instruction::Open(url.into());
    for (prompt, instruction) in [
        ("Open https://example.com", open("https://example.com")),
        ("go to the page at http://localhost:80/x.", open("http://localhost:80/x")),
        ("Visit example.com", open("https://example.com")),
        ("Navigate to localhost:3000/a", open("http://localhost:3000/a")),
        ("open file:///etc/passwd", open("file:///etc/passwd")),
        ("open javascript:alert(1)", open("javascript:alert(1)")),
        ("Go back", Instruction::Back),
        ("Reload the page", Instruction::Reload),
        ("Wait for \"Done. Really\" to appear", Instruction::WaitFor("Done. Really".into())),
        ("Wait until the text 'Saved' is shown", Instruction::WaitFor("Saved".into())),
        ("wait 2 seconds", Instruction::Pause(Duration::from_secs(2))),
        ("wait for 500 ms", Instruction::Pause(Duration::from_millis(500))),
        ("Wait 1.5 s", Instruction::Pause(Duration::from_millis(1500))),
        ("Wait for the page to load", Instruction::WaitForLoad),
        ("scroll down", Instruction::Scroll(Scroll::Down)),
        ("Scroll to the bottom of the page", Instruction::Scroll(Scroll::Bottom)),
        ("take a screenshot", Instruction::Screenshot { full_page: false }),
        ("Take a full-page screenshot", Instruction::Screenshot { full_page: true }),
        ("Take a screenshot of the whole page", Instruction::Screenshot { full_page: true }),
    ] {
        assert_eq!(understood(prompt), [instruction], "{prompt}");
    }
}

#[test]
fn things_are_clicked_filled_and_chosen() {
    let select = |option: &str, field: Option<&str>| Instruction::Select {
        option: option.into(),
        field: field.map(Into::into),
    };
    let check = |field: &str, on| Instruction::Check { field: field.into(), on };
    for (prompt, instruction) in [
        ("Click \"Sign in\"", click("Sign in", Kind::Any)),
        ("click on the Next button", click("Next", Kind::Button)),
        ("Click the link \"Terms and conditions\"", click("Terms and conditions", Kind::Link)),
        ("press the \"Save\" button", click("Save", Kind::Button)),
        ("hit Search", click("Search", Kind::Any)),
        ("Click `#go`", click("#go", Kind::Css)),
        ("Fill \"ada@example.com\" into the email field", fill("ada@example.com", "email")),
        ("Type {{password}} in the \"Password\" field", fill("{{password}}", "Password")),
        ("Enter <secret>code</secret> into Code", fill("<secret>code</secret>", "Code")),
        ("Fill in the user name with ada", fill("ada", "user name")),
        ("Fill the password field with $password", fill("$password", "password")),
        ("Set the quantity to 3", fill("3", "quantity")),
        ("Type 'it's'", Instruction::Fill { value: "it's".into(), field: None }),
        ("Fill \"1\" into `#n`", fill("1", "css=#n")),
        ("Select \"Large\" from the size dropdown", select("Large", Some("size"))),
        ("Choose Express shipping", select("Express shipping", None)),
        ("Check the \"I agree\" checkbox", check("I agree", true)),
        ("Uncheck newsletter", check("newsletter", false)),
        ("Press Enter", Instruction::Press(Key::Enter)),
        ("press the Tab key", Instruction::Press(Key::Tab)),
        ("Submit the form", Instruction::Submit),
        ("submit", Instruction::Submit),
    ] {
        assert_eq!(understood(prompt), [instruction], "{prompt}");
    }
}

#[test]
fn files_are_uploaded_and_people_asked() {
    let upload = |file: &str, field: &str| Instruction::Upload { file: file.into(), field: field.into() };
    let ask = |question: &str, name: &str| Instruction::Ask { question: question.into(), name: name.into() };
    for (prompt, instruction) in [
        ("Upload \"a and b.pdf\" into \"Attachment\"", upload("a and b.pdf", "Attachment")),
        ("attach the file {{document}} to the attachments field", upload("{{document}}", "attachments")),
        ("Upload x.csv into `#file`", upload("x.csv", "css=#file")),
        ("Ask \"Which one, and when?\" as choice", ask("Which one, and when?", "choice")),
        ("Ask the user \"The code?\"", ask("The code?", "answer")),
    ] {
        assert_eq!(understood(prompt), [instruction], "{prompt}");
    }
    assert_eq!(understood("Ask \"A?\" as a and \"B?\" as b"), [ask("A?", "a"), ask("B?", "b")]);
    assert_eq!(wishes("Extract the bid and ask").len(), 2);
    for prompt in ["Upload the invoice", "Ask for help", "Ask {{question}}"] {
        assert_eq!(parse(prompt, true), Err(prompt.to_owned()));
    }
}

#[test]
fn a_whole_visit_is_taken_apart() {
    let prompt = "1. Go to https://shop.example/login\n2. Fill {{user}} into the username field and {{pass}} into the \
                  password field, then click \"Log in\".\n3. Wait for \"Welcome\" and extract the main heading.";
    assert_eq!(
        understood(prompt),
        [
            Instruction::Open("https://shop.example/login".into()),
            fill("{{user}}", "username"),
            fill("{{pass}}", "password"),
            click("Log in", Kind::Any),
            Instruction::WaitFor("Welcome".into()),
            Instruction::Extract(Wish {
                phrase: "main heading".into(),
                what: element(Noun::Heading, Pick::Main)
            }),
        ]
    );
    assert_eq!(
        understood("Fill the email with \"a\" and the password with \"b\""),
        [fill("a", "email"), fill("b", "password")]
    );
}

#[test]
fn what_is_beyond_it_is_refused_and_named() {
    for (prompt, part) in [
        ("Summarize the article", "Summarize the article"),
        ("Extract the main heading and translate it", "translate it"),
        ("Open https://example.com and buy the cheapest flight", "buy the cheapest flight"),
        ("Do my homework", "Do my homework"),
        ("Check that the form is valid", "Check that the form is valid"),
        ("Extract the name and order a pizza", "order a pizza"),
        (
            "Extract everything that a potential buyer would want to know",
            "Extract everything that a potential buyer would want to know",
        ),
        ("Open the door", "Open the door"),
        ("", ""),
    ] {
        assert_eq!(parse(prompt, false), Err(part.to_owned()), "{prompt}");
    }
}

#[test]
fn a_schema_explains_words_that_name_no_action() {
    assert!(parse("Extract everything that a potential buyer would want to know", true).is_ok());
    assert!(parse("Order details of the customer", true).is_ok());
    assert_eq!(parse("", true), Ok(vec![]));
    assert!(parse("Book a table for two", true).is_err());
    assert!(parse("Summarize the reviews", true).is_err());
}

#[test]
fn no_prompt_makes_it_panic() {
    for prompt in [
        "\"",
        "`",
        "''",
        "{{",
        "{{}}",
        "<secret>",
        "“”",
        "and",
        ", , ,",
        "1.",
        "Extract",
        "click",
        "\u{E000}0\u{E001}",
        "ä ö. ü; Ö",
        "fill into",
        "get the number of",
    ] {
        let _ = parse(prompt, false);
        let _ = parse(prompt, true);
    }
}

#[test]
fn every_example_of_the_documentation_is_understood() {
    let documentation = include_str!("../GRAMMAR.md");
    let mut examples = 0;
    let mut inside = false;
    for line in documentation.lines() {
        if line.starts_with("```") {
            inside = line == "```prompt";
        } else if inside && !line.is_empty() {
            understood(line);
            examples += 1;
        }
    }
    assert!(examples > 40, "only {examples} examples found");
}

//! Every tool. Those of tasks and those with `mouse`, `keys` or `input` in their name are the vendor's; the others do for
//! a page what its name says.

use super::schema::{Parameter, Takes, Tool};

/// What a tool does.
#[derive(Debug, Clone, Copy)]
pub(super) enum Work {
    Page(Act),
    Task(Family, Wish),
}

/// What is done on the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    Navigate,
    Back,
    Screenshot,
    Text,
    Click,
    Type,
    ClickAt,
    Input,
    Keys,
}

/// Whose words a task is told in. The tasks are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Computer,
    Browser,
    Mobile,
}

/// What is done with a task.
#[derive(Debug, Clone, Copy)]
pub(super) enum Wish {
    Start,
    Status,
    Terminate,
}

/// The farthest corner of a page in CSS pixels.
const FAR: u32 = 100_000;
/// Steps that a task may have.
pub(super) const MAX_STEPS: u32 = 1000;

const TASK: Parameter =
    Parameter { name: "task", takes: Takes::Text, required: true, description: "What to do, in plain words" };
const TASK_ID: Parameter = Parameter {
    name: "task_id",
    takes: Takes::Text,
    required: true,
    description: "The id that starting the task gave",
};

const START: &str = "Starts a task on the page of the session and gives its id at once";
const STATUS: &str = "Tells how a task stands, and its result when it has ended";
const TERMINATE: &str = "Ends a task before its time";

const fn ask(name: &'static str, description: &'static str, family: Family, wish: Wish) -> Tool {
    let parameters = match wish {
        Wish::Start => &[TASK] as &[Parameter],
        Wish::Status | Wish::Terminate => &[TASK_ID],
    };
    Tool { name, description, parameters, work: Work::Task(family, wish) }
}

pub(super) const TOOLS: &[Tool] = &[
    ask("flux_execute_task", START, Family::Computer, Wish::Start),
    ask("flux_get_task_status", STATUS, Family::Computer, Wish::Status),
    ask("flux_terminate_task", TERMINATE, Family::Computer, Wish::Terminate),
    Tool {
        name: "browser_use_execute_task",
        description: START,
        parameters: &[
            TASK,
            Parameter {
                name: "output_schema",
                takes: Takes::Schema,
                required: false,
                description: "A JSON Schema that the result shall have",
            },
            Parameter {
                name: "use_vision",
                takes: Takes::Flag,
                required: false,
                description: "Changes nothing here: the agent reads the page itself",
            },
            Parameter {
                name: "full_page_screenshot",
                takes: Takes::Flag,
                required: false,
                description: "Changes nothing here: the agent reads the page itself",
            },
        ],
        work: Work::Task(Family::Browser, Wish::Start),
    },
    ask("browser_use_get_task_status", STATUS, Family::Browser, Wish::Status),
    ask("browser_use_terminate_task", TERMINATE, Family::Browser, Wish::Terminate),
    Tool {
        name: "execute_task",
        description: START,
        parameters: &[
            TASK,
            Parameter {
                name: "max_steps",
                takes: Takes::Whole(1, MAX_STEPS),
                required: false,
                description: "Steps that it may take at most",
            },
        ],
        work: Work::Task(Family::Mobile, Wish::Start),
    },
    ask("get_task_status", STATUS, Family::Mobile, Wish::Status),
    ask("terminate_task", TERMINATE, Family::Mobile, Wish::Terminate),
    Tool {
        name: "browser_navigate",
        description: "Opens an address and waits until the document is loaded; gives the address that is shown then",
        parameters: &[Parameter {
            name: "url",
            takes: Takes::WebUrl,
            required: true,
            description: "An absolute http or https address",
        }],
        work: Work::Page(Act::Navigate),
    },
    Tool {
        name: "browser_navigate_back",
        description: "Goes back to the page before",
        parameters: &[],
        work: Work::Page(Act::Back),
    },
    Tool {
        name: "browser_screenshot",
        description: "Takes a picture of the page: a PNG as a data: address",
        parameters: &[Parameter {
            name: "full_page",
            takes: Takes::Flag,
            required: false,
            description: "The whole height of the document instead of what is visible",
        }],
        work: Work::Page(Act::Screenshot),
    },
    Tool {
        name: "browser_get_text",
        description: "Gives the visible text of the page, or of all elements of a CSS selector, one a line",
        parameters: &[Parameter {
            name: "selector",
            takes: Takes::Text,
            required: false,
            description: "A CSS selector",
        }],
        work: Work::Page(Act::Text),
    },
    Tool {
        name: "browser_click",
        description: "Clicks a button, a link or whatever shows a text, and waits for what that leads to",
        parameters: &[
            Parameter {
                name: "target",
                takes: Takes::Text,
                required: false,
                description: "What a person sees: text, label or title. This or selector is needed",
            },
            Parameter {
                name: "selector",
                takes: Takes::Text,
                required: false,
                description: "A CSS selector; the first visible element is clicked",
            },
        ],
        work: Work::Page(Act::Click),
    },
    Tool {
        name: "browser_type",
        description: "Types text into a field in place of what it holds, or into what has the focus",
        parameters: &[
            Parameter { name: "text", takes: Takes::AnyText, required: true, description: "What to type" },
            Parameter {
                name: "field",
                takes: Takes::Text,
                required: false,
                description: "What a person sees: label, placeholder or name of the field",
            },
            Parameter {
                name: "selector",
                takes: Takes::Text,
                required: false,
                description: "A CSS selector of the field, in place of its name",
            },
        ],
        work: Work::Page(Act::Type),
    },
    Tool {
        name: "click_mouse",
        description: "Clicks a point of the page with the left button",
        parameters: &[
            Parameter {
                name: "x",
                takes: Takes::Whole(0, FAR),
                required: true,
                description: "CSS pixels from the left",
            },
            Parameter {
                name: "y",
                takes: Takes::Whole(0, FAR),
                required: true,
                description: "CSS pixels from the top",
            },
            Parameter {
                name: "button",
                takes: Takes::OneOf(&["left"]),
                required: false,
                description: "The left one is the only one here",
            },
        ],
        work: Work::Page(Act::ClickAt),
    },
    Tool {
        name: "input_text",
        description: "Types text into what has the focus",
        parameters: &[Parameter {
            name: "text",
            takes: Takes::AnyText,
            required: true,
            description: "What to type",
        }],
        work: Work::Page(Act::Input),
    },
    Tool {
        name: "press_keys",
        description: "Presses one key after the other, such as Enter, Tab or ArrowDown",
        parameters: &[
            Parameter { name: "keys", takes: Takes::Texts, required: true, description: "Names of keys" },
            Parameter {
                name: "hold",
                takes: Takes::Flag,
                required: false,
                description: "Holding keys is not possible here: false or absent",
            },
        ],
        work: Work::Page(Act::Keys),
    },
];

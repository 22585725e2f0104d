//! Agents as users write them down: in a request, or in a file that the server reads at its start.

use std::fmt;
use std::path::{Path, PathBuf};

use serde_json::Value;
use taskwright_core::operation::{InvalidInput, is_web_url};
use uuid::Uuid;

use crate::fields::Fields;
use crate::store::{AgentSpec, Changed, Store, StoreError};

/// Steps that an execution may take when its agent does not say.
const DEFAULT_MAX_STEPS: u32 = 200;
/// Characters that a name may have: the vendor's limit.
const MAX_NAME: usize = 100;

/// Reads an agent; members that are absent stay as they are in `now`. What the agent does may also stand in a
/// `workflow` object, where the vendor's own requests have it.
pub fn read_spec(fields: &Fields<'_>, now: Option<AgentSpec>) -> Result<AgentSpec, InvalidInput> {
    let workflow = fields.member("workflow")?;
    let part = |name: &str| if fields.has(name) { fields } else { workflow.as_ref().unwrap_or(fields) };
    let new = now.is_none();
    let mut spec = now.unwrap_or(AgentSpec {
        name: String::new(),
        organization_id: None,
        start_url: None,
        prompt: String::new(),
        output_schema: None,
        max_steps: DEFAULT_MAX_STEPS,
    });
    if new || fields.has("name") {
        fields.bounded("name", 1, MAX_NAME)?;
        spec.name = fields.filled("name")?.to_owned();
    }
    if new || part("prompt").has("prompt") {
        spec.prompt = part("prompt").filled("prompt")?.to_owned();
    }
    if let Some(organization) = fields.text("organizationId")? {
        spec.organization_id = Some(organization.to_owned()).filter(|id| !id.is_empty());
    }
    if let Some(url) = part("startUrl").text("startUrl")? {
        // A place for an input may stand anywhere, also for the whole address.
        if !is_web_url(url) && !url.starts_with("{{") {
            let problem = "takes an absolute address such as \"https://example.com/orders/{{number}}\"";
            return Err(part("startUrl").refuse("startUrl", problem));
        }
        spec.start_url = Some(url.to_owned());
    }
    if let Some(schema) = part("outputSchema").object("outputSchema")? {
        spec.output_schema = Some(Value::Object(schema.clone()));
    }
    if let Some(steps) = part("maxSteps").whole("maxSteps", 1, 10_000)? {
        spec.max_steps = steps;
    }
    Ok(spec)
}

/// Stores the agents of a file: a JSON array of objects as `POST /agents/v2/agents` takes them, each with an `id` if it
/// shall have that one. An agent that is known by its id, or without one by its name, is changed. Says how many.
pub async fn load(store: &Store, path: &Path) -> Result<usize, SeedError> {
    let wrong = |problem: String| SeedError::Content(path.to_owned(), problem);
    let text = std::fs::read_to_string(path).map_err(|error| SeedError::File(path.to_owned(), error))?;
    let list: Vec<Value> = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    let mut specs = Vec::new();
    for (index, value) in list.iter().enumerate() {
        let object = value.as_object().ok_or_else(|| wrong(format!("item {index} is not an object")))?;
        let fields = Fields::new(object);
        let read = || Ok((fields.text("id")?.map(str::to_owned), read_spec(&fields, None)?));
        specs.push(read().map_err(|error: InvalidInput| wrong(format!("item {index}: {error}")))?);
    }
    // Only now: a file with a mistake changes nothing.
    let count = specs.len();
    for (id, spec) in specs {
        let name = spec.name.clone();
        let id = match id {
            Some(id) => id,
            None => {
                let known = store.agent_named(&name, spec.organization_id.as_deref()).await?;
                known.map_or_else(|| Uuid::new_v4().to_string(), |agent| agent.id)
            }
        };
        let stored = match store.change_agent(&id, spec.clone()).await? {
            Changed::Unknown => store.add_agent(&id, spec).await?,
            changed => changed,
        };
        if stored == Changed::NameTaken {
            return Err(wrong(format!("another agent has the name \"{name}\"")));
        }
    }
    Ok(count)
}

/// Why the agents of a file were not stored.
#[derive(Debug)]
pub enum SeedError {
    /// The file cannot be read.
    File(PathBuf, std::io::Error),
    /// It does not hold what it should.
    Content(PathBuf, String),
    /// The database failed.
    Store(StoreError),
}

impl fmt::Display for SeedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path, error) => write!(f, "--agents {}: {error}", path.display()),
            Self::Content(path, problem) => write!(f, "--agents {}: {problem}", path.display()),
            Self::Store(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for SeedError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::File(_, error) => Some(error),
            Self::Store(error) => Some(error),
            Self::Content(..) => None,
        }
    }
}

impl From<StoreError> for SeedError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn seeded(store: &Store, directory: &Path, text: &str) -> Result<usize, SeedError> {
        let path = directory.join("agents.json");
        std::fs::write(&path, text).unwrap();
        load(store, &path).await
    }

    #[tokio::test]
    async fn a_file_is_read_at_every_start_and_changes_what_is_known() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(&directory.path().join("data")).unwrap();
        let first =
            r#"[{"id": "a", "name": "A", "prompt": "Extract the title"}, {"name": "B", "prompt": "p"}]"#;
        assert_eq!(seeded(&store, directory.path(), first).await.unwrap(), 2);
        let second = r#"[{"id": "a", "name": "A2", "prompt": "x", "startUrl": "https://a.example/{{n}}"},
                         {"name": "B", "prompt": "p"}]"#;
        assert_eq!(seeded(&store, directory.path(), second).await.unwrap(), 2);
        let a = store.agent("a").await.unwrap().unwrap();
        assert_eq!((a.spec.name.as_str(), a.version), ("A2", 2));
        let b = store.agent_named("B", None).await.unwrap().unwrap();
        assert_eq!(b.version, 1, "the same again is no change");
        assert_eq!(store.agents(crate::store::Listing::default()).await.unwrap().1, 2);
    }

    #[tokio::test]
    async fn a_file_with_a_mistake_changes_nothing_and_says_where_it_is() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(&directory.path().join("data")).unwrap();
        for (text, said) in [
            ("{", "agents.json"),
            (r#"[{"name": "A", "prompt": "p"}, {"name": "B"}]"#, "item 1: \"prompt\""),
            (r#"[{"name": "A", "prompt": "p", "startUrl": "shop"}]"#, "\"startUrl\""),
            ("[5]", "item 0"),
        ] {
            let error = seeded(&store, directory.path(), text).await.unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
        assert_eq!(store.agents(crate::store::Listing::default()).await.unwrap().1, 0);
    }
}

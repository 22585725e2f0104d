//! What JavaScript sees: a client with four methods. Each is parse, then machine, then drive.

use std::pin::Pin;
use std::rc::Rc;

use js_sys::{Array, Function, Object};
use taskwright_core::anchor::operations::{self, PERFORM_WEB_TASK, TASK_STATUS};
use taskwright_core::call::CallPlan;
use taskwright_core::error::{Error, ErrorKind, Redactor};
use taskwright_core::operation::{self, Answer, Body, Effect, InvalidInput, Method, Operation, Place, Takes};
use taskwright_core::path::{self, Query};
use taskwright_core::text;
use taskwright_core::view::{Seen, View as _};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::Response;

use crate::drive::{Answered, Job, drive};
use crate::failure::Failure;
use crate::fetch::{Request, encode_body, to_json};
use crate::gate::Gate;
use crate::options::{CallOptions, RawOptions, Settings, read_ids};
use crate::random;
use crate::value::{Js, member, set};
use crate::waits::{WaitOptions, Waits};

#[wasm_bindgen]
extern "C" {
    /// `RawAnswer` of the contract.
    type RawAnswer;
    #[wasm_bindgen(method, setter, structural)]
    fn set_data(this: &RawAnswer, data: &JsValue);
    #[wasm_bindgen(method, setter, structural)]
    fn set_response(this: &RawAnswer, response: &Response);
}

/// Starts of `run` that are under way at once; each takes moments.
const STARTS_AT_ONCE: u32 = 32;

/// A client of one backend.
#[wasm_bindgen]
pub struct RawClient(Rc<Client>);

/// The same, inside.
pub(crate) struct Client {
    pub(crate) settings: Settings,
    pub(crate) waits: Waits,
    pub(crate) starts: Gate,
}

#[wasm_bindgen]
impl RawClient {
    /// Checks the configuration; throws the record of an error when it cannot be used.
    #[wasm_bindgen(constructor)]
    pub fn new(config: &JsValue) -> Result<RawClient, JsValue> {
        let settings = Settings::read(config).map_err(Failure::into_js)?;
        let waits = Waits::new(settings.budget);
        Ok(Self(Rc::new(Client { settings, waits, starts: Gate::new(STARTS_AT_ONCE) })))
    }

    /// One operation of the table.
    pub fn call(
        &self,
        operation: &str,
        ids: &Array,
        params: JsValue,
        options: &RawOptions,
        resolve: Function,
        reject: Function,
    ) {
        let row = operations::ALL.iter().find(|row| row.name == operation);
        let job = match row {
            Some(row) => self.0.job(row, ids, &params, options),
            None => Err(Failure::internal("the façade named no known operation")),
        };
        settle(answered(job, options.shaped().is_truthy()), resolve, reject);
    }

    /// A request that no row describes.
    pub fn request(
        &self,
        method: &str,
        path: &str,
        options: &RawOptions,
        resolve: Function,
        reject: Function,
    ) {
        settle(answered(self.0.raw_job(method, path, options), false), resolve, reject);
    }

    /// Waits for a task.
    pub fn wait(&self, id: JsValue, options: &RawOptions, resolve: Function, reject: Function) {
        let client = Rc::clone(&self.0);
        let options = WaitOptions::read(options, &client.settings);
        let work = async move {
            let waited = async {
                let id = Js(id);
                let Some(text) = id.text() else {
                    let problem = format!("takes the id of a task, got {}", id.seen().noun());
                    return Err(Failure::from(InvalidInput::new("id", problem)));
                };
                path::segment("id", &text)?;
                client.wait(text, options?).await
            };
            waited.await.map_err(|failure: Failure| failure.named(&TASK_STATUS, &client))
        };
        settle(work, resolve, reject);
    }

    /// Starts a task and waits for it.
    pub fn run(&self, params: JsValue, options: &RawOptions, resolve: Function, reject: Function) {
        let client = Rc::clone(&self.0);
        let options = WaitOptions::read(options, &client.settings);
        let work = async move {
            let ran = async { client.run(params, options?).await };
            ran.await.map_err(|failure: Failure| failure.named(&PERFORM_WEB_TASK, &client))
        };
        settle(work, resolve, reject);
    }
}

/// Does the work and tells one of the two functions how it ended.
///
/// Exports of this layer return nothing. Node 20's V8 inlines calls of exports into optimised code and crashes
/// the process, now and then, when it has to leave that code in a call that returns a JavaScript value.
fn settle(
    work: impl Future<Output = Result<JsValue, Failure>> + 'static,
    resolve: Function,
    reject: Function,
) {
    // Boxed, so that what runs it is compiled once instead of once for each kind of work.
    let work: Pin<Box<dyn Future<Output = Result<JsValue, Failure>>>> = Box::pin(work);
    spawn_local(async move {
        let (end, value) = match work.await {
            Ok(value) => (resolve, value),
            Err(failure) => (reject, failure.into_js()),
        };
        // The functions of a promise do not throw.
        let _ = end.call1(&JsValue::UNDEFINED, &value);
    });
}

/// A call to its end, as the façade takes it. `shaped` calls must have a `data` object in their answer.
async fn answered(job: Result<Job, Failure>, shaped: bool) -> Result<JsValue, Failure> {
    let job = job?;
    let context = shaped.then(|| (Rc::clone(&job.plan), Rc::clone(&job.redactor)));
    let Answered { data, response } = drive(job).await?;
    if let Some((plan, redactor)) = context
        && Js(data.clone()).member("data").seen() != Seen::Object
    {
        return Err(lacking("data", &data, &plan, &response, &redactor));
    }
    let answer = RawAnswer::from(JsValue::from(Object::new()));
    answer.set_data(&data);
    answer.set_response(&response);
    Ok(answer.into())
}

impl Client {
    /// A call of `row`: checked, and written down as the request that its attempts will send.
    pub(crate) fn job(
        &self,
        row: &Operation,
        ids: &Array,
        params: &JsValue,
        options: &RawOptions,
    ) -> Result<Job, Failure> {
        let job = || {
            let options = CallOptions::read(options, &self.settings)?;
            let ids = read_ids(row.path, ids)?;
            let view = Js(params.clone());
            operation::check(row, &view)?;
            let mut query = Query::default();
            query.extend(&options.default_query)?;
            let mut body = params.clone();
            for field in row.fields.iter().filter(|field| field.place == Place::Query) {
                let value = member(params, field.name);
                if !value.is_undefined() {
                    query.set(field.name, Js(value).text().unwrap_or_default());
                    body = without(&body, field.name);
                }
            }
            query.extend(&options.query)?;
            let path = query.append_to(&path::fill(row.path, &ids)?);
            let body = match row.body {
                Body::None => JsValue::UNDEFINED,
                // The vendor's client sends nothing for an explicit null, and `{}` for no argument.
                Body::Json if params.is_null() => JsValue::UNDEFINED,
                Body::Json if params.is_undefined() => JsValue::from_str("{}"),
                Body::Json => to_json("params", &body)?,
            };
            let content_type = (!body.is_undefined()).then_some("application/json");
            let secrets = row.fields.iter().filter(|field| field.takes == Takes::SecretTexts);
            let secrets: Vec<_> = secrets.flat_map(|field| texts(&view.member(field.name))).collect();
            let answer = if options.raw { Answer::Raw } else { row.answer };
            let plan = self.plan(row.name, row.method, row.effect, row.check, row.takes_key, &options);
            Ok(self.finish_job(
                plan,
                self.settings.base.join(&path),
                row.accept,
                content_type,
                body,
                answer,
                options,
                secrets,
            ))
        };
        job().map_err(|invalid: InvalidInput| {
            Failure::core(Error::from(invalid).during(row.name, self.settings.profile.name))
        })
    }

    /// A call that the caller wrote down.
    fn raw_job(&self, method: &str, path: &str, options: &RawOptions) -> Result<Job, Failure> {
        let job = || {
            let options = CallOptions::read(options, &self.settings)?;
            let Some(method) = Method::parse(method) else {
                return Err(InvalidInput::new("method", "takes GET, POST, PUT, PATCH or DELETE"));
            };
            let is_absolute = text::find(path.split(['?', '#']).next().unwrap_or_default(), "://").is_some()
                || path.starts_with("//");
            let url = if is_absolute {
                self.settings.base.follow(path)
            } else {
                Some(self.settings.base.join(path))
            };
            let Some(url) = url else {
                let problem = format!(
                    "takes a path, or an address on {}, where the API key belongs",
                    self.settings.base.origin()
                );
                return Err(InvalidInput::new("path", problem));
            };
            let mut query = Query::default();
            query.extend(&options.default_query)?;
            query.extend(&options.query)?;
            let typed = options.headers.iter().any(|(name, _)| name == "content-type");
            let (body, content_type) = encode_body(&options.body, typed)?;
            let answer = if options.raw { Answer::Raw } else { Answer::Parsed };
            let name = format!("{} {}", method.as_str(), path.split(['?', '#']).next().unwrap_or_default());
            let plan = self.plan(&name, method, method.effect(), "", false, &options);
            Ok(self.finish_job(
                plan,
                query.append_to(&url),
                "application/json",
                content_type,
                body,
                answer,
                options,
                Vec::new(),
            ))
        };
        job().map_err(|invalid: InvalidInput| {
            Failure::core(
                Error::from(invalid).during(&format!("{method} request"), self.settings.profile.name),
            )
        })
    }

    fn plan(
        &self,
        operation: &str,
        method: Method,
        effect: Effect,
        check: &'static str,
        takes_key: bool,
        options: &CallOptions,
    ) -> CallPlan {
        let honoured = self.settings.profile.idempotent_starts && takes_key;
        let made = || (honoured && effect == Effect::Start).then(random::key);
        CallPlan {
            operation: operation.to_owned(),
            backend: self.settings.profile.name,
            method,
            effect,
            idempotency_key: options.idempotency_key.clone().or_else(made),
            key_honoured: honoured,
            check,
            base: self.settings.base.clone(),
            limits: options.limits,
        }
    }

    #[allow(clippy::too_many_arguments, reason = "two callers, each of which has all of it at hand")]
    fn finish_job(
        &self,
        mut plan: CallPlan,
        url: String,
        accept: &str,
        content_type: Option<&str>,
        body: JsValue,
        answer: Answer,
        options: CallOptions,
        mut secrets: Vec<String>,
    ) -> Job {
        let profile = self.settings.profile;
        let headers = Object::new();
        let mut own = vec![("accept", accept.to_owned())];
        own.extend(self.settings.user_agent.map(|name| ("user-agent", name.to_owned())));
        own.extend(content_type.map(|value| ("content-type", value.to_owned())));
        own.extend(
            self.settings
                .api_key
                .iter()
                .map(|key| (profile.key_header, format!("{}{key}", profile.key_prefix))),
        );
        own.extend(plan.idempotency_key.iter().map(|key| ("idempotency-key", key.clone())));
        for (name, value) in own {
            if !options.without.iter().any(|gone| gone == name) {
                set(&headers, name, &value.into());
            }
        }
        for (name, value) in options.headers {
            set(&headers, &name, &value.as_str().into());
            if carries_secret(&name) {
                // Also its parts: what stands after `Bearer`, and the values of cookies.
                secrets.extend(
                    value.split([' ', ';', '=', ',']).filter(|part| part.len() > 5).map(str::to_owned),
                );
                secrets.push(value);
            }
        }
        secrets.extend(self.settings.api_key.clone());
        let request = Request {
            url,
            method: plan.method.as_str(),
            headers,
            body,
            fetch: self.settings.fetch.clone(),
            fetch_options: options.fetch_options,
        };
        let redactor = Rc::new(Redactor::new(secrets));
        if !request.can_repeat() {
            plan.limits.max_retries = 0;
        }
        Job {
            plan: Rc::new(plan),
            request,
            answer,
            redactor,
            signal: options.signal,
            on_request: options.on_request,
        }
    }
}

impl Failure {
    /// An error of the client's own making, with the call that it belongs to.
    fn named(self, row: &Operation, client: &Client) -> Self {
        match self {
            Self::Core(error, witness) if error.operation.is_empty() => {
                Self::Core(Box::new(error.during(row.name, client.settings.profile.name)), witness)
            }
            other => other,
        }
    }
}

/// An error for a success that lacks what it must have; of a start, nobody knows then what it started.
pub(crate) fn lacking(
    what: &str,
    data: &JsValue,
    plan: &CallPlan,
    response: &Response,
    redactor: &Redactor,
) -> Failure {
    let message = format!("the answer has no {what}: {}", crate::answer::shape(data, redactor));
    let error = Error {
        attempts: 1,
        status: Some(response.status()),
        ..Error::new(ErrorKind::Decode, message).during(&plan.operation, plan.backend)
    };
    Failure::core(if plan.effect == Effect::Start { plan.ambiguous(error) } else { error })
}

/// Whether what a header carries is secret by its name; a service may repeat it in an error.
fn carries_secret(name: &str) -> bool {
    ["auth", "key", "token", "secret", "cookie"].iter().any(|word| text::find(name, word).is_some())
        && name != "idempotency-key"
}

fn texts(object: &Js) -> Vec<String> {
    object.names().iter().filter_map(|name| object.member(name).text()).collect()
}

/// A shallow copy of `object` that lacks `name`.
fn without(object: &JsValue, name: &str) -> JsValue {
    let copy = Object::assign(&Object::new(), object.unchecked_ref());
    let _ = js_sys::Reflect::delete_property(&copy, &name.into());
    copy.into()
}

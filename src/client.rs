//! What JavaScript sees: a client with four methods. Each is parse, then machine, then drive.

use std::borrow::Cow;
use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;

use js_sys::{Array, Object};
use taskwright_core::call::CallPlan;
use taskwright_core::error::{Error, ErrorKind, Redactor};
use taskwright_core::operation::{self, Answer, Body, Effect, InvalidInput, Method, Operation, Place, Takes};
use taskwright_core::path::{self, Query};
use taskwright_core::task::TaskWire;
use taskwright_core::text;
use taskwright_core::view::View as _;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::Response;

use crate::drive::{Answered, Job, drive};
use crate::failure::Failure;
use crate::fetch::{Request, encode_body, not_json, to_json};
use crate::gate::Gate;
use crate::host::{End, KIND_OBJECT, form, hand, kind, without};
use crate::options::{CallOptions, RawOptions, Settings, read_ids};
use crate::random;
use crate::value::{Js, member, set, text_of};
use crate::waits::{WaitOptions, Waits};

/// Headers, and what they are for: the name of the key's header and the type that is accepted.
type PlainHeaders = ((&'static str, &'static str), Object);

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
    pub(crate) tasks: TaskWire<Js>,
    plain_headers: RefCell<Vec<PlainHeaders>>,
}

#[wasm_bindgen]
impl RawClient {
    /// Checks the configuration; throws the record of an error when it cannot be used.
    #[wasm_bindgen(constructor)]
    pub fn new(config: &JsValue) -> Result<RawClient, JsValue> {
        let settings = Settings::read(config).map_err(Failure::into_js)?;
        let waits = Waits::new(settings.budget);
        let starts = Gate::new(STARTS_AT_ONCE);
        let tasks = settings.profile.wire.tasks();
        Ok(Self(Rc::new(Client { settings, waits, starts, tasks, plain_headers: RefCell::default() })))
    }

    /// One operation of the table.
    pub fn call(&self, operation: &str, ids: &Array, params: JsValue, options: &RawOptions, end: End) {
        let Some(row) = self.0.settings.profile.rows.iter().find(|row| row.name == operation) else {
            let unknown = Failure::internal("the façade named no known operation");
            return settle(async move { Err(unknown) }, end);
        };
        let read = || Ok((read_ids(row.path, ids)?, CallOptions::read(options, &self.0.settings)?));
        let read = read().map_err(|invalid| self.0.refused(row.name, invalid));
        let find = self
            .0
            .tasks
            .find
            .as_ref()
            .filter(|find| row.fields.iter().any(|field| field.name == find.member));
        if find.is_some() {
            let start = read.and_then(|(ids, options)| {
                let start = self.0.start_of(row, &ids, &params, options);
                start.map_err(|invalid| self.0.refused(row.name, invalid))
            });
            let client = Rc::clone(&self.0);
            return settle(async move { client.begin(start?).await.map(Outcome::Answer) }, end);
        }
        let job = read.and_then(|(ids, options)| {
            let job = self.0.job(row, &ids, &params, options);
            job.map_err(|invalid| self.0.refused(row.name, invalid))
        });
        settle(answered(job), end);
    }

    /// A request that no row describes.
    pub fn request(&self, method: &str, path: &str, options: &RawOptions, end: End) {
        let job = self.0.raw_job(method, path, options);
        let job = job.map_err(|invalid| self.0.refused(&format!("{method} request"), invalid));
        settle(answered(job), end);
    }

    /// Waits for a task.
    pub fn wait(&self, id: JsValue, options: &RawOptions, end: End) {
        let client = Rc::clone(&self.0);
        let options = WaitOptions::read(options, &client.settings);
        settle(async move { client.wait(id, options).await.map(Outcome::Value) }, end);
    }

    /// Starts a task and waits for it.
    pub fn run(&self, params: JsValue, options: &RawOptions, end: End) {
        let client = Rc::clone(&self.0);
        let options = WaitOptions::read(options, &client.settings);
        settle(async move { client.run(params, options).await.map(Outcome::Value) }, end);
    }
}

/// How work ends well.
enum Outcome {
    Answer(Answered),
    Value(JsValue),
}

/// Does the work and tells `end` how it ended.
///
/// Exports of this layer return nothing. Node 20's V8 inlines calls of exports into optimised code and crashes
/// the process, now and then, when it has to leave that code in a call that returns a JavaScript value.
fn settle(work: impl Future<Output = Result<Outcome, Failure>> + 'static, end: End) {
    // Boxed, so that what runs it is compiled once instead of once for each kind of work.
    let work: Pin<Box<dyn Future<Output = Result<Outcome, Failure>>>> = Box::pin(work);
    spawn_local(async move {
        match work.await {
            Ok(Outcome::Answer(Answered { data, response })) => hand(&end, &data, &response),
            Ok(Outcome::Value(value)) => end.resolve(&value),
            Err(failure) => end.reject(&failure.into_js()),
        }
    });
}

/// A call to its end.
async fn answered(job: Result<Job, Failure>) -> Result<Outcome, Failure> {
    let job = job?;
    let context = job.shaped.then(|| (Rc::clone(&job.plan), Rc::clone(&job.redactor)));
    let answered = drive(job).await?;
    let Answered { data, response } = &answered;
    if let Some((plan, redactor)) = context
        && kind(&member(data, "data")) != KIND_OBJECT
    {
        return Err(lacking("data", data, &plan, response, &redactor));
    }
    Ok(Outcome::Answer(answered))
}

impl Client {
    /// A call of `row`: checked, and written down as the request that its attempts will send.
    pub(crate) fn job(
        &self,
        row: &Operation,
        ids: &[String],
        params: &JsValue,
        options: CallOptions,
    ) -> Result<Job, InvalidInput> {
        let view = Js(params.clone());
        operation::check(row, &view)?;
        let mut query = Query::default();
        query.extend(&options.default_query)?;
        let mut body = params.clone();
        for field in row.fields.iter().filter(|field| field.place == Place::Query) {
            let value = member(params, field.name);
            if !value.is_undefined() {
                query.set(field.name, if value.is_null() { String::new() } else { text_of(&value) });
                body = without(&body, field.name);
            }
        }
        query.extend(&options.query)?;
        if row.body == Body::None {
            query.fill_up(&view)?;
        }
        let path = query.append_to(&path::fill(row.path, ids)?);
        let body = match row.body {
            Body::None => JsValue::UNDEFINED,
            Body::Given => options.body.clone(),
            Body::Form => {
                let Settings { profile, api_key, .. } = &self.settings;
                form(&body, profile.key_field, profile.key_prefix, api_key.as_deref())
                    .map_err(|name| not_json(name.as_string().as_deref().unwrap_or("params")))?
            }
            // The vendor's client sends nothing for an explicit null, and `{}` for no argument.
            Body::Json if params.is_null() => JsValue::UNDEFINED,
            Body::Json if params.is_undefined() => JsValue::from_str("{}"),
            Body::Json => to_json("params", &body)?,
        };
        // What the caller made brings its own type.
        let content_type = match row.body {
            Body::Form => Some("application/x-www-form-urlencoded"),
            Body::Json if !body.is_undefined() => Some("application/json"),
            _ => None,
        };
        let mut secrets = Vec::new();
        for field in row.fields {
            match field.takes {
                Takes::SecretTexts => secrets.extend(texts(&view.member(field.name))),
                Takes::Credentials => {
                    let each = view.member(field.name).elements();
                    secrets.extend(each.iter().filter_map(|each| each.member("data").text()));
                }
                _ => {}
            }
        }
        let answer = if options.raw { Answer::Raw } else { row.answer };
        let plan = self.plan(row.name.into(), row.method, row.effect, row.check, row.takes_key, &options);
        let url = self.settings.base.join(&path);
        Ok(self.finish_job(plan, url, row.path, row.accept, content_type, body, answer, options, secrets))
    }

    /// A call that the caller wrote down.
    fn raw_job(&self, method: &str, path: &str, options: &RawOptions) -> Result<Job, InvalidInput> {
        let options = CallOptions::read(options, &self.settings)?;
        let Some(method) = Method::parse(method) else {
            return Err(InvalidInput::new("method", "takes GET, POST, PUT, PATCH or DELETE"));
        };
        let plain_path = text::before(path, b"?#");
        let is_absolute = text::find(plain_path, "://").is_some() || path.starts_with("//");
        let url =
            if is_absolute { self.settings.base.follow(path) } else { Some(self.settings.base.join(path)) };
        let Some(url) = url else {
            let origin = self.settings.base.origin();
            let problem = format!("takes a path, or an address on {origin}, where the API key belongs");
            return Err(InvalidInput::new("path", problem));
        };
        let mut query = Query::default();
        query.extend(&options.default_query)?;
        query.extend(&options.query)?;
        let typed = options.headers.iter().any(|(name, _)| name == "content-type");
        let (body, content_type) = encode_body(&options.body, typed)?;
        let answer = if options.raw { Answer::Raw } else { Answer::Parsed };
        let name = format!("{} {plain_path}", method.as_str());
        let plan = self.plan(name.into(), method, method.effect(), "", false, &options);
        let url = query.append_to(&url);
        Ok(self.finish_job(
            plan,
            url,
            "",
            "application/json",
            content_type,
            body,
            answer,
            options,
            Vec::new(),
        ))
    }

    /// The error for input that was not sent.
    pub(crate) fn refused(&self, operation: &str, invalid: InvalidInput) -> Failure {
        Failure::core(Error::from(invalid).during(operation, self.settings.profile.name))
    }

    fn plan(
        &self,
        operation: Cow<'static, str>,
        method: Method,
        effect: Effect,
        check: &'static str,
        takes_key: bool,
        options: &CallOptions,
    ) -> CallPlan {
        let honoured = self.settings.profile.idempotent_starts && takes_key;
        let made = || (honoured && effect == Effect::Start).then(random::key);
        CallPlan {
            operation,
            backend: self.settings.profile.name,
            method,
            effect,
            idempotency_key: options.idempotency_key.clone().or_else(made),
            key_honoured: honoured,
            check,
            base: Rc::clone(&self.settings.base),
            limits: options.limits,
        }
    }

    #[allow(clippy::too_many_arguments, reason = "two callers, each of which has all of it at hand")]
    fn finish_job(
        &self,
        mut plan: CallPlan,
        url: String,
        template: &'static str,
        accept: &'static str,
        content_type: Option<&str>,
        body: JsValue,
        answer: Answer,
        options: CallOptions,
        mut secrets: Vec<String>,
    ) -> Job {
        let is_plain = options.headers.is_empty()
            && options.without.is_empty()
            && content_type.is_none()
            && plan.idempotency_key.is_none();
        let headers = if is_plain {
            self.plain_headers(template, accept)
        } else {
            self.headers(template, accept, content_type, plan.idempotency_key.as_deref(), &options)
        };
        for (_, value) in options.headers.into_iter().filter(|(name, _)| carries_secret(name)) {
            // Also its parts: what stands after `Bearer`, and the values of cookies.
            secrets.extend(text::parts(&value, b" ;=,").filter(|part| part.len() > 5).map(str::to_owned));
            secrets.push(value);
        }
        secrets.extend(options.secret);
        let redactor = if secrets.is_empty() {
            Rc::clone(&self.settings.redactor)
        } else {
            secrets.extend(self.settings.api_key.clone());
            Rc::new(Redactor::new(secrets))
        };
        let request = Request {
            url,
            method: plan.method.as_str(),
            headers,
            body,
            stamps: self.settings.profile.stamps,
            fetch: self.settings.fetch.clone(),
            fetch_options: options.fetch_options,
        };
        if !request.can_repeat() {
            plan.limits.max_retries = 0;
        }
        Job {
            plan: Rc::new(plan),
            request,
            answer,
            envelope: self.tasks.envelope,
            redactor,
            shaped: options.shaped,
            signal: options.signal,
            on_request: options.on_request,
        }
    }
}

impl Client {
    /// The headers of a call that adds none: made once for each type that operations accept, of which there are a few.
    fn plain_headers(&self, template: &str, accept: &'static str) -> Object {
        let mut made = self.plain_headers.borrow_mut();
        let key_header = self.settings.profile.key_header(template);
        if let Some((_, headers)) = made.iter().find(|(of, _)| *of == (key_header, accept)) {
            return headers.clone();
        }
        let headers = self.headers(template, accept, None, None, &CallOptions::default());
        made.push(((key_header, accept), headers.clone()));
        headers
    }

    fn headers(
        &self,
        template: &str,
        accept: &str,
        content_type: Option<&str>,
        idempotency_key: Option<&str>,
        options: &CallOptions,
    ) -> Object {
        let Settings { profile, user_agent, api_key, .. } = &self.settings;
        let headers = Object::new();
        let add = |name: &str, value: &str| {
            if !options.without.iter().any(|gone| gone == name) {
                set(&headers, name, &value.into());
            }
        };
        add("accept", accept);
        if let Some(name) = user_agent {
            add("user-agent", name);
            for (header, parameter) in profile.query_headers {
                let rest = text::split_once(template, parameter).map_or("", |(_, rest)| rest);
                add(header, text::split_once(rest, "&").map_or(rest, |(value, _)| value));
            }
        }
        if let Some(content_type) = content_type {
            add("content-type", content_type);
        }
        if let Some(key) = api_key
            && profile.key_field.is_empty()
        {
            add(profile.key_header(template), &format!("{}{key}", profile.key_prefix));
        }
        if let Some(key) = idempotency_key {
            add("idempotency-key", key);
        }
        for (name, value) in &options.headers {
            set(&headers, name, &value.as_str().into());
        }
        headers
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

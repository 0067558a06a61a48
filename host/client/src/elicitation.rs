//! Forms that a server asks its client to have filled in (elicitation).

use std::sync::Arc;

use serde_json::{Value, json};

/// The method by which forms are asked for.
pub(crate) const METHOD: &str = "elicitation/create";

/// A form that a server wants filled in before a call goes on.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Elicitation {
    /// What to say to the person.
    pub message: String,
    /// The elicitation schema: an object of flat fields.
    pub schema: Value,
}

/// What has become of a form.
#[derive(Clone, Debug, PartialEq)]
pub enum ElicitationAnswer {
    /// It was filled in: an object, as the schema has it.
    Accept(Value),
    /// The person refuses.
    Decline,
    /// The person has closed the form.
    Cancel,
}

/// Who fills forms in. It may wait for a person.
pub(crate) type Handler = Arc<dyn Fn(Elicitation) -> ElicitationAnswer + Send + Sync>;

/// Has a form filled in; `params` are those of [`METHOD`]. Answers its `result`.
pub(crate) async fn fill_in(handler: &Handler, params: &Value) -> Value {
    let message = params.get("message").and_then(Value::as_str).unwrap_or_default().to_owned();
    let schema = params.get("requestedSchema").cloned().unwrap_or_default();
    let handler = Arc::clone(handler);
    let form = Elicitation { message, schema };
    // It may block, so it gets a thread. One that panics has not answered.
    let filled = tokio::task::spawn_blocking(move || handler(form)).await;
    match filled.unwrap_or(ElicitationAnswer::Cancel) {
        ElicitationAnswer::Accept(content) => json!({"action": "accept", "content": content}),
        ElicitationAnswer::Decline => json!({"action": "decline"}),
        ElicitationAnswer::Cancel => json!({"action": "cancel"}),
    }
}

/// Answers a request of the server's own, which it may send in a session.
pub(crate) async fn respond(handler: Option<&Handler>, request: &Value) -> Value {
    let id = request.get("id").cloned().unwrap_or_default();
    let method = request.get("method").and_then(Value::as_str).unwrap_or_default();
    let null = Value::Null;
    let result = match (method, handler) {
        ("ping", _) => json!({}),
        (METHOD, Some(handler)) => fill_in(handler, request.get("params").unwrap_or(&null)).await,
        _ => {
            let message = format!("Method not found: {method}");
            let error = json!({"code": -32601, "message": message});
            return json!({"jsonrpc": "2.0", "id": id, "error": error});
        }
    };
    json!({"jsonrpc": "2.0", "id": id, "result": result})
}

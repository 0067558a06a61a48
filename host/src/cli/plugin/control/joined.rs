//! Tools of another program, which joins this server over the socket of its orders. The program
//! sends its list of tools; when that is taken, the connection carries MCP, one message a line, and
//! this server is the client. The tools stay until the connection ends.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value};
use tokio::net::UnixStream;
use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};
use tracing::{info, warn};
use trine_client::{CallResult, Client, Error, Progress};
use trine_gateway::Hub;
use trine_gateway::host_tools::{Leaving, OwnBlock, ToolsId};
use trine_gateway::json_tools::{Definition, Execute, JsonCall, JsonTools, load_definition};

use super::server::LEAVING_PATIENCE;

/// Most programs that have joined.
const JOINED_MAX: usize = 32;
/// Most tools of one.
const TOOLS_MAX: usize = 1024;
/// Most bytes of its name.
const NAME_MAX: usize = 64;
/// How long it may take to answer for the first time.
const CONNECT_PATIENCE: Duration = Duration::from_secs(10);
/// How long a call may be without an answer. Whoever called gives up long before.
const CALL_PATIENCE: Duration = Duration::from_secs(24 * 3600);
/// How often a call under way looks whether its client still wants it.
const LOOK: Duration = Duration::from_millis(20);

/// The programs that have joined, by name.
#[derive(Clone, Default)]
pub(super) struct Joined(Arc<Mutex<BTreeMap<String, One>>>);

struct One {
    id: ToolsId,
    leave: Arc<Notify>,
    from: String,
}

/// A program's place in the hub, which it leaves when this is dropped.
pub(super) struct Place {
    joined: Joined,
    hub: Arc<Hub>,
    name: String,
    id: ToolsId,
    leave: Arc<Notify>,
    client: watch::Sender<Option<Client>>,
}

impl Joined {
    fn all(&self) -> MutexGuard<'_, BTreeMap<String, One>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds the tools of a program to a hub. Their calls run on `runtime`, and wait until the
    /// program answers. `from` says where it is.
    ///
    /// # Errors
    /// What is wrong with its name or its tools, for who wrote the program.
    pub(super) fn enter(
        &self,
        hub: &Arc<Hub>,
        (name, from): (&str, String),
        tools: &[Value],
        runtime: &Handle,
    ) -> Result<Place, String> {
        let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
        if !(1..=NAME_MAX).contains(&name.len()) || !name.bytes().all(is_fit) {
            return Err(format!(
                "a program joins by a name of 1 to {NAME_MAX} letters, digits, _ and -"
            ));
        }
        if !(1..=TOOLS_MAX).contains(&tools.len()) {
            return Err(format!("{name} has {} tools: 1 to {TOOLS_MAX} can join", tools.len()));
        }
        let (client, ready) = watch::channel(None);
        let program = Arc::<str>::from(name);
        let made = tools.iter().map(|tool| {
            let (definition, tool) = definition(tool)?;
            let (program, runtime, ready) = (Arc::clone(&program), runtime.clone(), ready.clone());
            let remote: Arc<dyn Execute> = Arc::new(Remote { program, tool, runtime, ready });
            Ok((definition, remote))
        });
        let tools = JsonTools::new(made.collect::<Result<_, String>>()?);
        // Held until the tools are in: two programs of one name must not both get in.
        let mut all = self.all();
        if all.contains_key(name) {
            return Err(format!("a program named {name} has joined already"));
        }
        if all.len() >= JOINED_MAX {
            return Err(format!("{JOINED_MAX} programs have joined: no more can"));
        }
        let id = tools.and_then(|tools| hub.add_tools(tools)).map_err(|error| error.to_string())?;
        let leave = Arc::new(Notify::new());
        all.insert(name.to_owned(), One { id, leave: Arc::clone(&leave), from });
        drop(all);
        let (joined, hub, name) = (self.clone(), Arc::clone(hub), name.to_owned());
        Ok(Place { joined, hub, name, id, leave, client })
    }

    /// Takes the tools of a program out, waits for calls under way, and ends its connection; `None`
    /// where it has not joined. Blocks.
    pub(super) fn leave(&self, hub: &Hub, name: &str) -> Option<Leaving> {
        let one = self.all().remove(name)?;
        let leaving = hub.remove_tools(one.id).ok();
        if let Some(leaving) = &leaving {
            leaving.wait(LEAVING_PATIENCE);
        }
        // Calls that are still under way fail now.
        one.leave.notify_one();
        leaving
    }

    /// Name, tools and origin of each.
    pub(super) fn list(&self) -> Vec<(String, ToolsId, String)> {
        let all = self.all();
        all.iter().map(|(name, one)| (name.clone(), one.id, one.from.clone())).collect()
    }
}

impl Place {
    /// Serves until the program ends the connection, or is told to leave.
    pub(super) async fn serve(self, stream: UnixStream) {
        let client = Client::builder().connect_timeout(CONNECT_PATIENCE).timeout(CALL_PATIENCE);
        let name = &self.name;
        let client = match client.over(name, stream.into_split()).await {
            Ok(client) => client,
            Err(error) => return warn!("{name}, which was to join: {error}"),
        };
        info!("{name} has joined");
        self.client.send_replace(Some(client.clone()));
        tokio::select! { () = client.ended() => {}, () = self.leave.notified() => {} }
        info!("{name} has left");
        // Calls under way fail with the connection, and not later.
        self.client.send_replace(None);
        client.close().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut all = self.joined.all();
        if all.get(&self.name).is_some_and(|one| one.id == self.id) {
            all.remove(&self.name);
            drop(self.hub.remove_tools(self.id));
        }
    }
}

/// A tool of a list of MCP as a definition, and its name.
fn definition(tool: &Value) -> Result<(Definition, String), String> {
    let text = |member: &str| tool.get(member).and_then(Value::as_str);
    let name = text("name").ok_or("a tool has no name")?;
    let title = text("title").filter(|title| !title.trim().is_empty()).unwrap_or(name);
    let description = text("description").filter(|text| !text.trim().is_empty()).unwrap_or(title);
    let texts = [("id", name), ("name", title), ("description", description)];
    let mut all: Map<String, Value> =
        texts.into_iter().map(|(member, text)| (member.to_owned(), text.into())).collect();
    for (member, ours) in [("inputSchema", "input_schema"), ("outputSchema", "output_schema")] {
        if let Some(schema) = tool.get(member) {
            all.insert(ours.to_owned(), schema.clone());
        }
    }
    let definition = load_definition(&Value::Object(all).to_string());
    let definition = definition.map_err(|error| format!("tool {name}: {error}"))?;
    Ok((definition, name.to_owned()))
}

/// A tool of a program that has joined.
struct Remote {
    program: Arc<str>,
    tool: String,
    runtime: Handle,
    ready: watch::Receiver<Option<Client>>,
}

impl Execute for Remote {
    fn execute(&self, call: JsonCall) {
        let (program, tool, ready) =
            (Arc::clone(&self.program), self.tool.clone(), self.ready.clone());
        self.runtime.spawn(async move { run((&program, &tool), ready, call).await });
    }
}

async fn run(
    (program, tool): (&str, &str),
    mut ready: watch::Receiver<Option<Client>>,
    call: JsonCall,
) {
    let client = ready.wait_for(Option::is_some).await.ok().and_then(|client| client.clone());
    let Some(client) = client else { return call.error(&format!("{program} has left")) };
    let arguments: Value = serde_json::from_str(call.arguments()).unwrap_or_default();
    let (cancelled, wants_progress) = (Arc::clone(call.cancelled()), call.host().wants_progress());
    let call = Mutex::new(call);
    let answer = {
        let mut request = client.call(tool).arguments(arguments);
        if wants_progress {
            request = request.on_progress(|progress| tell(&call, &progress));
        }
        tokio::select! {
            answer = request.send() => Some(answer),
            // The request is dropped, and the program told.
            () = given_up(&cancelled) => None,
        }
    };
    let call = call.into_inner().unwrap_or_else(PoisonError::into_inner);
    match answer {
        None => call.error("the call was cancelled"),
        Some(Ok(CallResult { structured: Some(value), .. })) => call.done(&value.to_string()),
        Some(Ok(result)) => match result.content.iter().map(block).collect::<Option<Vec<_>>>() {
            Some(blocks) => call.content(&blocks),
            None => call.error(&format!("{program} answered content of an unknown kind")),
        },
        Some(Err(Error::Tool { message, .. })) => call.error(&message),
        Some(Err(error)) => call.error(&format!("{program}, which has this tool: {error}")),
    }
}

/// Waits until the client of a call does not want it any more.
async fn given_up(cancelled: &AtomicBool) {
    while !cancelled.load(Ordering::Acquire) {
        tokio::time::sleep(LOOK).await;
    }
}

fn tell(call: &Mutex<JsonCall>, progress: &Progress) {
    // What is told are whole numbers; those of MCP need not be.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it saturates")]
    let whole = |number: f64| number as u32;
    let total = progress.total.map_or(0, whole);
    let text = progress.message.as_deref().unwrap_or_default();
    let call = call.lock().unwrap_or_else(PoisonError::into_inner);
    call.host().progress((whole(progress.progress), total), text);
}

/// A block of content; `None` where this server does not know its kind.
fn block(value: &Value) -> Option<OwnBlock> {
    let inner = value.get("resource").unwrap_or(value);
    let text = |member: &str| inner.get(member).and_then(Value::as_str).unwrap_or_default();
    let bytes = |member: &str| BASE64_STANDARD.decode(text(member)).ok();
    let [mime, uri, name] = ["mimeType", "uri", "name"].map(text);
    let (kind, data, words) = match value.get("type")?.as_str()? {
        "text" => (1, text("text").into(), [""; 3]),
        "image" => (2, bytes("data")?, [mime, "", ""]),
        "audio" => (3, bytes("data")?, [mime, "", ""]),
        "resource_link" => (4, text("description").into(), [mime, uri, name]),
        "resource" if inner.get("blob").is_some() => (6, bytes("blob")?, [mime, uri, ""]),
        "resource" => (5, text("text").into(), [mime, uri, ""]),
        _ => return None,
    };
    OwnBlock::new(kind, &data, words).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tools_of_a_list_are_definitions_whatever_they_leave_out() {
        let schema = json!({"type": "object", "properties": {"a": {"type": "integer"}}});
        let full = json!({"name": "add", "title": "Add", "description": "Adds.",
            "inputSchema": schema, "outputSchema": schema, "icons": []});
        let (definition, name) = definition(&full).unwrap();
        assert_eq!((&*name, &*definition.name, &*definition.description), ("add", "Add", "Adds."));
        assert!(definition.schemas.output.is_some());
        let (bare, _) = super::definition(&json!({"name": "b", "inputSchema": schema})).unwrap();
        assert_eq!((&*bare.id, &*bare.name, &*bare.description), ("b", "b", "b"));
        let wrong = [
            (json!({"inputSchema": schema}), "no name"),
            (json!({"name": "c"}), "tool c"),
            (json!({"name": "c", "inputSchema": {"type": 7}}), "tool c"),
            (json!(7), "no name"),
        ];
        for (tool, why) in wrong {
            let error = super::definition(&tool).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }

    #[test]
    fn blocks_of_content_are_those_of_the_program() {
        use trine_mcp::Block;

        let made = |value: Value| block(&value);
        let text = made(json!({"type": "text", "text": "seven"})).unwrap();
        assert!(matches!(text.block(), Block::Text("seven")));
        let image = json!({"type": "image", "data": "AQID", "mimeType": "image/png"});
        let image = made(image).unwrap();
        assert!(matches!(image.block(), Block::Image { mime: "image/png", .. }));
        let inner = json!({"uri": "a:b", "text": "x", "mimeType": "text/plain"});
        let held = made(json!({"type": "resource", "resource": inner})).unwrap();
        assert!(matches!(held.block(), Block::Embedded { uri: "a:b", .. }));
        for bad in [json!({"type": "smell"}), json!({}), json!({"type": "image", "data": "!"})] {
            assert!(block(&bad).is_none(), "{bad}");
        }
    }
}

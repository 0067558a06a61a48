//! What is made of replies that are known beforehand: which call is made, and which is not.

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::{Value, json};
use trine_descriptor::{Field, IntRange, Kind, Tool, ToolInfo, ToolTable as _, ValueWriter};

use super::*;
use crate::args::Prefix;
use crate::ask_tool::Which;
use crate::device::Waiter;
use crate::host_tools::{HostCall, HostTools, table};
use crate::json_tools::{Execute, JsonCall, JsonTools, load_definition};
use crate::server::once::KeptAnswer;
use crate::{DeviceArgs, Hub, Settings};

const N: Kind<'static> = Kind::Int(IntRange { min: 0, max: 1_000_000 });
const PARAMS: [Field<'static>; 1] = [Field::new("n", N).describe("A number.")];
const SQUARE: Tool<'static> =
    Tool::new(ToolInfo::new("square", "Squares."), &PARAMS, &[Field::new("square", N)]);

/// A tool of this program.
struct Numbers(Arc<Table>, AtomicU32);

impl HostTools for Numbers {
    fn table(&self) -> &Arc<Table> {
        &self.0
    }

    fn call(&self, call: HostCall) {
        self.1.fetch_add(1, SeqCst);
        let n = call.args().int(0).unwrap_or_default();
        call.value(16, |out| out.int(0, n * n));
    }
}

/// A client that waits for one answer.
struct Client(Mutex<Sender<std::result::Result<Vec<u8>, String>>>);

impl Waiter for Client {
    fn done(&self, _: u64, outcome: Outcome<'_>, _: Cost) {
        let told = match outcome {
            Outcome::Value(entries) => Ok(entries.to_vec()),
            Outcome::Error(why) => Err(why.to_owned()),
            other => Err(format!("{other:?}")),
        };
        lock(&self.0).send(told).unwrap();
    }
}

impl Caller for Client {
    fn kept(&self, _: u64, _: &KeptAnswer) {}

    fn wants(&self, _: u64) -> bool {
        true
    }

    fn refuse(&self, _: u64, why: &str) {
        self.done(0, Outcome::Error(why), Cost::default());
    }

    fn started(&self, _: u64, _: Running) {}
}

/// Two boards and a tool of this program, of which a model reads all.
fn hub() -> (Arc<Hub>, Arc<Numbers>) {
    let simulate = vec!["north".into(), "south".into()];
    let args = DeviceArgs { simulate, ..DeviceArgs::default() };
    let hub = Hub::open_with(&args, Prefix::Auto, &Settings::none()).unwrap();
    let own = Arc::new(Numbers(table(&[SQUARE]).unwrap(), AtomicU32::new(0)));
    hub.add_tools(Arc::clone(&own) as Arc<dyn HostTools>).unwrap();
    assert!(hub.wait_ready(Duration::from_secs(60)));
    hub.offer(KnownTools { sentence_max: 1024, which: Which::Any });
    (hub, own)
}

/// What a client gets that asks `tool` to run something, where the model replies so.
fn asked(hub: &Hub, tool: &str, reply: Reply) -> std::result::Result<Value, String> {
    let snapshot = hub.snapshot();
    let tool = snapshot.find(tool.as_bytes()).unwrap();
    let (send, answers) = mpsc::channel();
    let client = Arc::new(Client(Mutex::new(send)));
    let (caller, waiter): (Arc<dyn Caller>, Arc<dyn Waiter>) = (client.clone(), client);
    let from = From { caller: &caller, waiter: &waiter, tag: 1, client: 1, context: None };
    let mut args = [0; 32];
    let mut args = ValueWriter::new(&mut args);
    args.text(ask_tool::TEXT, "do it");
    args.bool(ask_tool::RUN, true);
    let sentence = Sentence::new(from, (&snapshot, tool), args.bytes()).unwrap();
    sentence.answer(|text| {
        assert_eq!(text, b"do it");
        Ok::<_, std::fmt::Error>(reply)
    });
    let entries = answers.recv_timeout(Duration::from_secs(60)).unwrap()?;
    let table = &snapshot.entry(tool).unwrap().table;
    assert_eq!(validate(&**table, 0, Side::Output, &entries), Ok(()));
    let mut out = vec![0; 4096];
    let len = trine_mcp::result::value_json(&**table, 0, &entries, &mut out).unwrap();
    Ok(serde_json::from_slice(&out[..len]).unwrap())
}

fn call(tool: &str, arguments: Value) -> NamedCall {
    (tool.into(), arguments.as_object().cloned().unwrap())
}

fn sure(tool: &str, arguments: Value) -> Reply {
    let call = Some(call(tool, arguments));
    Reply { call, is_sure: true, confidence: 0.9, ..Reply::default() }
}

fn fan(hub: &Hub, device: &str) -> Value {
    let device = hub.find(device).unwrap();
    let report = device.call_json("board_status", "{}", Duration::from_secs(60));
    report.result["structuredContent"]["fan_percent"].clone()
}

#[test]
fn a_sentence_over_all_tools_runs_the_one_that_is_meant() {
    let (hub, own) = hub();
    let of_south = asked(&hub, "ask_all", sure("south_fan_set", json!({"percent": 40}))).unwrap();
    assert_eq!(of_south["device"], "south", "{of_south}");
    assert_eq!(
        (&of_south["tool"], &of_south["arguments"]["percent"]),
        (&json!("south_fan_set"), &json!(40))
    );
    assert_eq!(of_south["result"], "{\"percent\":40}");
    assert_eq!((fan(&hub, "south"), fan(&hub, "north")), (json!(40), json!(0)));
    let of_program = asked(&hub, "ask_all", sure("square", json!({"n": 12}))).unwrap();
    assert_eq!((&of_program["result"], own.1.load(SeqCst)), (&json!("{\"square\":144}"), 1));
    assert!(of_program.get("device").is_none(), "{of_program}");
    // Beside the tools of a device these have the names that the device gives them.
    let alone = asked(&hub, "north_ask", sure("fan_set", json!({"percent": 7}))).unwrap();
    assert_eq!((&alone["tool"], fan(&hub, "north")), (&json!("fan_set"), json!(7)));
    let gone = asked(&hub, "north_ask", sure("square", json!({"n": 2}))).unwrap_err();
    assert!(gone.contains("not in the list"), "{gone}");
    let wrong = asked(&hub, "ask_all", sure("square", json!({"n": -1}))).unwrap_err();
    assert!(wrong.contains('n'), "{wrong}");
}

#[test]
fn what_is_not_sure_and_what_is_two_commands_runs_nothing() {
    let (hub, own) = hub();
    let unsure = Reply { is_sure: false, ..sure("square", json!({"n": 3})) };
    let shown = asked(&hub, "ask_all", unsure).unwrap();
    assert_eq!((&shown["sure"], shown.get("result")), (&json!(false), None), "{shown}");
    let calls = vec![call("square", json!({"n": 3})), call("south_fan_set", json!({"percent": 9}))];
    let (reason, why) = ("there are two commands".into(), "two".into());
    let two = Reply { is_sure: true, reason, why, calls, ..Reply::default() };
    let shown = asked(&hub, "ask_all", two).unwrap();
    assert_eq!((&shown["why"], shown.get("result")), (&json!("two"), None), "{shown}");
    assert_eq!(shown["calls"][1]["tool"], "south_fan_set", "{shown}");
    assert_eq!((own.1.load(SeqCst), fan(&hub, "south")), (0, json!(0)));
}

#[test]
fn the_tools_of_all_have_the_names_in_the_list() {
    let (hub, _own) = hub();
    let snapshot = hub.snapshot();
    let row = snapshot.find(b"ask_all").unwrap();
    let all = snapshot.entry(row).unwrap().asks.clone().unwrap();
    let names: Vec<_> = (0..all.count()).filter_map(|tool| Some(all.info(tool)?.name)).collect();
    assert_eq!(names[..2], ["square", "north_light_set"]);
    assert!(names.contains(&"south_fan_set") && !names.iter().any(|name| name.contains("ask")));
    // Such a tool of this program would be in its way.
    let named = Tool::new(ToolInfo::new("ask_all", "Asks."), &PARAMS, &[]);
    let other = Numbers(table(&[named]).unwrap(), AtomicU32::new(0));
    assert!(hub.add_tools(Arc::new(other)).unwrap_err().to_string().contains("ask_all"));
}

/// What does nothing.
struct Nothing;

impl Execute for Nothing {
    fn execute(&self, call: JsonCall) {
        call.done("{}");
    }
}

#[test]
fn a_tool_with_a_schema_of_its_own_takes_no_sentences() {
    let (hub, _own) = hub();
    let definition = load_definition(
        r#"{"id": "mail", "name": "Mail", "description": "Mails.", "input_schema":
            {"type": "object", "properties": {"to": {"format": "email"}}, "required": ["to"]}}"#,
    );
    let tools: Vec<(_, Arc<dyn Execute>)> = vec![(definition.unwrap(), Arc::new(Nothing))];
    hub.add_tools(JsonTools::new(tools).unwrap()).unwrap();
    let snapshot = hub.snapshot();
    assert!(snapshot.find(b"mail").is_some());
    let row = snapshot.find(b"ask_all").unwrap();
    let all = snapshot.entry(row).unwrap().asks.clone().unwrap();
    let names: Vec<_> = (0..all.count()).filter_map(|tool| Some(all.info(tool)?.name)).collect();
    assert!(names.contains(&"square") && !names.contains(&"mail"), "{names:?}");
    // A reply that names it all the same runs nothing that its schema does not allow.
    let wrong = asked(&hub, "ask_all", sure("mail", json!({}))).unwrap_err();
    assert!(wrong.contains("mail: to is required"), "{wrong}");
}

//! `trine demo`: everything that a device does, on the simulated board, with what each call cost.
//!
//! Every scene says what it expects and is checked: the exit code is 1 when the board did something
//! else than the text says.

mod any;
mod panel;
mod picture;
mod scene;
mod sentence;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use trine::{Error, Result};
use trine_descriptor::ToolTable;
use trine_gateway::{Device, DeviceArgs, Event, Hub, Prefix, State};

use super::call::first_data;
use super::open::until;
use super::paint::{BAD, FAINT, GOOD, STRONG, count, say, some, time, wrap};
use super::tools::print_table;
use scene::{Entry, Show};

/// How much faster than real time the board's clock runs while a timer of a minute is shown.
const FAST: u32 = 60;
/// How long somebody reads the question before a press counts, and a little more.
const READING: Duration = Duration::from_millis(1_200);
/// Longest to wait for anything: far more than it takes.
const PATIENCE: Duration = Duration::from_secs(5);

/// Arguments of `trine demo`.
#[derive(Debug, clap::Args)]
pub(super) struct Demo {
    /// File for the picture of the board's camera.
    #[arg(long, value_name = "PATH")]
    save: Option<PathBuf>,
    /// Tools and sentences of the last scene, written if new.
    #[arg(long, value_name = "PATH")]
    list: Option<PathBuf>,
}

impl Demo {
    pub(super) fn run(&self) -> Result<ExitCode> {
        let devices = DeviceArgs {
            simulate: vec!["greenhouse".to_owned()],
            time_scale: 1,
            ..DeviceArgs::default()
        };
        let hub = Hub::open(&devices, Prefix::None)?;
        let ready = hub.wait_ready(PATIENCE);
        let device = hub.find("greenhouse")?;
        if !ready || device.state() != State::Online {
            return Err(Error::DemoSilent);
        }
        let table = device.table().ok_or(Error::DemoSilent)?;
        introduce(&device, &*table);
        let mut show = Show::new(Arc::clone(&device));
        plain_calls(&mut show);
        a_person(&mut show)?;
        take_time(&mut show)?;
        self.picture(&mut show)?;
        state(&mut show);
        sentence::sentences(&mut show)?;
        any::sentences(&mut show, self.list.as_deref())?;
        Ok(finish(&show))
    }

    fn picture(&self, show: &mut Show) -> Result<()> {
        show.scene("An image", "Content comes in pieces that fit the board's small buffers.");
        let report = show.call("camera_snap", &json!({ "size": "small" }), Entry::Entered);
        let Some(bytes) = first_data(&report.result) else {
            show.expect(false, "a PNG image");
            return Ok(());
        };
        let picture = picture::Picture::read(&bytes);
        show.expect(picture.is_some(), "a PNG image that can be read");
        if let Some(picture) = picture {
            picture.print(bytes.len(), self.save.is_none());
        }
        if let Some(path) = &self.save {
            std::fs::write(path, &bytes).map_err(|error| Error::write(path, error))?;
            say!("   written to {}", path.display());
        }
        Ok(())
    }
}

fn introduce(device: &Device, table: &dyn ToolTable) {
    let identity = device.identity().unwrap_or_default();
    let tools = some(table.count().into(), "tool");
    say!("{STRONG}A greenhouse controller, simulated in this program{STRONG:#}");
    let text = "The code of the board, its dispatcher and its frames are those of the firmware; \
                only the pins and the weather are made up. Each call below is encoded, framed, \
                checked and answered as it would be over a serial line. Under each stands what it \
                cost: bytes to the board + back, the same in JSON-RPC (MCP 2026-07-28), the time, \
                and whether the tool's own code was entered.";
    say!("{}\n", wrap(text.split(' '), 0));
    let (product, firmware) = (identity.product, identity.firmware);
    say!("{STRONG}{product}{STRONG:#}, firmware {firmware}, {tools}:");
    print_table(table, &Value::Null);
}

fn plain_calls(show: &mut Show) {
    show.scene("A call that works", "");
    let given = json!({ "light": "grow", "on": true, "brightness": 80 });
    let report = show.call("light_set", &given, Entry::Entered);
    let lit = report.result["structuredContent"]["brightness"] == 80;
    show.expect(!report.is_error && lit, "the lamp at 80 percent");

    show.scene("A number out of range", "The board checks it itself, before the tool is entered.");
    let report = show.call("fan_set", &json!({ "percent": 140 }), Entry::Refused);
    let named = report.text.contains("percent") && report.text.contains("100");
    show.expect(report.is_error && named, "an error that names the parameter and its bound");

    show.scene("The same within range", "");
    let report = show.call("fan_set", &json!({ "percent": 40 }), Entry::Entered);
    show.expect(!report.is_error, "the fan at 40 percent");

    show.scene("A tool that there is not", "The gateway knows the list: nothing is sent.");
    let report = show.call("roof_remove", &json!({}), Entry::Refused);
    let named = report.text.contains("roof_remove");
    show.expect(report.is_error && named && report.bytes_out == 0, "an error, and no bytes");
}

fn a_person(show: &mut Show) -> Result<()> {
    let given = json!({ "valve": "drip", "seconds": 600 });
    show.scene(
        "Water asks for a person",
        "No model and no program can open a valve by its own word.",
    );
    let report = show.call("valve_open", &given, Entry::Refused);
    show.expect(report.is_error, "a refusal for want of a person");

    show.scene("Somebody presses the board's button", "It agrees to that one call.");
    thread::sleep(READING);
    show.device().press_button()?;
    let report = show.call("valve_open", &given, Entry::Entered);
    show.expect(!report.is_error, "the valve opens");

    show.scene("Once only", "The next call needs another press.");
    let report = show.call("valve_open", &given, Entry::Refused);
    show.expect(report.is_error, "a refusal for want of a person");
    Ok(())
}

fn take_time(show: &mut Show) -> Result<()> {
    show.scene(
        "A tool that takes its time",
        "The roof vent turns at 45 degrees a second; meanwhile the board serves others.",
    );
    let device = show.device();
    let before = show.entered();
    let moving =
        thread::spawn(move || device.call_json("vent_move", r#"{"degrees":60}"#, PATIENCE));
    let _ = until(PATIENCE, || (show.entered() > before).then_some(()));
    let shown = json!({ "text": "Hello from the demo", "line": 1 });
    let report = show.call("display_show", &shown, Entry::Entered);
    let early = !report.is_error && !moving.is_finished();
    show.expect(early, "an answer while the vent still moves");
    let moved = moving.join().map_err(|_| Error::DemoPanic)?;
    let there = moved.result["structuredContent"]["degrees"] == 60;
    show.report("vent_move", &json!({ "degrees": 60 }), &moved, Some(Entry::Entered));
    show.expect(!moved.is_error && there, "the vent at 60 degrees");

    show.scene(
        "A timer that ends by itself",
        "The answer comes at once, the end is an event. The board's clock runs 60 times faster.",
    );
    let ended: Arc<Mutex<Option<Event>>> = Arc::default();
    let slot = Arc::clone(&ended);
    show.device().on_event(move |event| {
        *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(event.clone());
    });
    let given = json!({ "seconds": 60, "label": "tomatoes" });
    show.device().set_time_scale(FAST)?;
    let report = show.call("timer_start", &given, Entry::Entered);
    show.expect(!report.is_error, "a timer");
    let event = until(PATIENCE, || ended.lock().unwrap_or_else(PoisonError::into_inner).take());
    show.device().set_time_scale(1)?;
    let text = event.map(|event| event.text).unwrap_or_default();
    if !text.is_empty() {
        say!("   {GOOD}event{GOOD:#} {text}");
    }
    show.expect(text.contains("tomatoes"), "an event with the timer's label");
    Ok(())
}

fn state(show: &mut Show) {
    show.scene("The whole board in one answer", "");
    let report = show.quiet_call("board_status", &json!({}), Entry::Entered);
    let state = &report.result["structuredContent"];
    let right = state["fan_percent"] == 40
        && state["vent_degrees"] == 60
        && state["lights"]["grow"]["brightness"] == 80
        && state["valves"]["drip"]["open"] == true
        && state["display"][0] == "Hello from the demo";
    show.expect(right, "what the calls above left behind");
    for line in panel::lines(state) {
        say!("   {line}");
    }
    if let Some(status) = show.device().status(PATIENCE) {
        let number = |number: u32| count(number.into());
        say!("");
        say!(
            "   The dispatcher: {} calls, {} entered a tool, {} frames in, {} bad,",
            number(status.calls),
            number(status.entered),
            number(status.frames_in),
            number(status.frames_bad),
        );
        say!(
            "   {} of its {} bytes of memory used, no heap; up {} by its own clock.",
            number(status.memory_used),
            number(status.memory),
            time(Duration::from_millis(status.uptime_ms)),
        );
    }
}

fn finish(show: &Show) -> ExitCode {
    show.total();
    if show.failed() > 0 {
        let failed = some(show.failed().into(), "expectation");
        say!("\n{BAD}{failed} not met: please report it.{BAD:#}");
        return ExitCode::FAILURE;
    }
    say!("\n{STRONG}Now try{STRONG:#}");
    for (command, what) in [
        ("trine ask \"stop the fan\" --run", "any sentence to this board"),
        ("trine demo --list my-tools.json", "your tools in the last scene"),
        ("trine gateway --simulate", "this board as an MCP server"),
        ("trine connect claude-code --write", "in Claude Code; other clients likewise"),
        ("trine gateway --serial /dev/ttyACM0", "a board of your own"),
        ("trine doctor", "what this machine has and lacks"),
    ] {
        say!("  {command:36}  {FAINT}{what}{FAINT:#}");
    }
    ExitCode::SUCCESS
}

//! `trine ask`.

mod chip;
mod correct;
mod lines;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};
use trine::{Error, Result};
use trine_descriptor::ToolTable;
use trine_gateway::sanitize::terminal_json;
use trine_gateway::{Device, DeviceArgs, Hub};
use trine_models::ask::{Ask as AskModel, Reply, Source, ToolList};

use super::call::told;
use super::open::{find, only, open, usage};
use super::paint::say;
use super::terminal::agrees;
use chip::ask_device;
use correct::correct;
use lines::answer_lines;

const AFTER_HELP: &str = "\
The model base reads any tools: those of the device, or of --tools FILE. A command model knows the
tools that it was trained for; the device or the file must have the same. A text model (any that
trine generate accepts) is given the tools as text. Nothing is called without --run. A call below
the threshold is only printed, or made after a y at the terminal. Tools that need consent ask for
it as always.
Exit code: 0 a call, 1 no call, or one that failed, 2 when the model, the tools or the command line
are invalid, 3 when the device does not answer.

Examples: trine ask \"make the fan spin at forty percent\" --run
          trine ask --tools my-tools.json \"close the north gate\"
          trine ask --tools my-tools.json \"shut it\" --correct own.jsonl --is none
          trine ask \"is it dark outside?\" --serial /dev/ttyACM0 --device greenhouse";

/// The share of the words above which it is said that the model does not know them.
const UNKNOWN_MOST: (usize, usize) = (1, 3);
/// How long a device may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Arguments of `trine ask`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Ask {
    /// Sentence to turn into a call.
    #[arg(value_name = "SENTENCE", required_unless_present = "jsonl", conflicts_with = "jsonl")]
    sentence: Option<OsString>,
    #[command(flatten)]
    model: ModelArgs,
    /// Answer JSON lines with `text` from standard input as JSON lines.
    ///
    /// An answer has `tool` (or null), `arguments` and `confidence`, and where there is something
    /// to say of them `why`, `missing`, `between`, `calls`; that to an invalid line has `error`.
    #[arg(long)]
    jsonl: bool,
    /// Add the bits of the confidence, and all tokens, to each answer.
    #[arg(long, requires = "jsonl")]
    exact: bool,
    /// Name of the device whose own model answers, in place of --model.
    #[arg(long, value_name = "DEV", conflicts_with_all = ["tools", "threshold"])]
    device: Option<String>,
    /// Make the call, on the named device or the only one.
    ///
    /// Without a device, the greenhouse board that is simulated in this program makes it.
    #[arg(long, value_name = "DEV", num_args = 0..=1, require_equals = true,
          default_missing_value = "", conflicts_with = "jsonl")]
    run: Option<String>,
    /// Append the sentence and what was right, for trine train.
    #[arg(long, value_name = "FILE", conflicts_with = "jsonl")]
    correct: Option<PathBuf>,
    /// What was right: right, none, a reason, or a call as JSON.
    #[arg(long, value_name = "WHAT", requires = "correct")]
    is: Option<String>,
    #[command(flatten)]
    devices: DeviceArgs,
}

/// A device, and what it goes away with.
type Opened = (Arc<Hub>, Arc<Device>);

/// Which model, for which tools.
#[derive(Debug, clap::Args)]
pub(super) struct ModelArgs {
    /// Model: a name of this program, or a file [default: board for its tools, base for others]
    ///
    /// `base` reads any list of tools. A file holds a command model for your tools, a base,
    /// a delta of trine train, or a text model.
    #[arg(long, value_name = "base|board|FILE", env = "TRINE_ASK_MODEL")]
    pub(super) model: Option<OsString>,
    /// List of MCP tools as JSON: that of any MCP server.
    #[arg(long, value_name = "FILE")]
    pub(super) tools: Option<PathBuf>,
    /// Let readOnlyHint in --tools lower the threshold: for your own tools.
    ///
    /// Without it each call needs the confidence of a tool that changes something, since a list of
    /// someone else may call any tool read-only. The hints of a device always count.
    #[arg(long, requires = "tools")]
    pub(super) trust_hints: bool,
    /// Minimum confidence of a call, 0 to 1 [default: the model's]
    #[arg(long, value_name = "SHARE")]
    pub(super) threshold: Option<f32>,
}

impl ModelArgs {
    /// The list that is named.
    fn list(&self) -> Result<Option<ToolList>> {
        let list = self.tools.as_ref().map(|path| {
            let text = std::fs::read_to_string(path).map_err(|error| Error::read(path, error))?;
            ToolList::parse(&text).map_err(|error| Error::from(error).at(path.display()))
        });
        list.transpose()
    }

    /// Hands the model with its tools to `f`: those of the list that is named, or of `device`, or
    /// its own.
    pub(super) fn with<T>(
        &self,
        device: Option<&dyn ToolTable>,
        f: impl FnOnce(&mut dyn AskModel) -> Result<T>,
    ) -> Result<T> {
        let list = self.list()?;
        for left_out in list.iter().flat_map(ToolList::left_out) {
            eprintln!("left out: {left_out}");
        }
        let table = list.as_ref().map(|list| list as &dyn ToolTable).or(device);
        self.with_table((table, list.is_some()), f)
    }

    /// Where the model is.
    pub(super) fn source(&self, table: Option<&dyn ToolTable>) -> Source {
        let named = self.model.as_deref().map(Source::named);
        named.unwrap_or_else(|| Source::for_tools(table))
    }

    /// Hands the model to `f` with these tools, or its own. The hints of a list of someone else
    /// count where the user says so.
    pub(super) fn with_table<T>(
        &self,
        (table, is_foreign): (Option<&dyn ToolTable>, bool),
        f: impl FnOnce(&mut dyn AskModel) -> Result<T>,
    ) -> Result<T> {
        self.source(table).with(table, |asker| {
            if self.trust_hints || !is_foreign {
                asker.trust_hints();
            }
            if let Some(threshold) = self.threshold {
                asker.set_threshold(threshold);
            }
            note_unknown(asker.unknown_words(), "these tools", "describe them");
            f(asker)
        })
    }
}

impl Ask {
    pub(super) fn run(&self) -> Result<ExitCode> {
        Ok(self.ask().unwrap_or_else(|code| code))
    }

    fn ask(&self) -> std::result::Result<ExitCode, ExitCode> {
        let opened = self.device()?;
        let table = opened.as_ref().and_then(|(_, device)| device.table());
        let table = table.as_deref().map(|table| table as &dyn ToolTable);
        let chip = opened.as_ref().filter(|_| self.device.is_some()).map(|(_, device)| device);
        if let (Some(device), Some(model)) = (chip, &self.model.model) {
            let (device, model) = (device.name(), model.display());
            eprintln!("note: the model of {device} answers, and not {model}: leave --device out");
        }
        if self.jsonl {
            return self.lines(chip, table).map_err(|error| refused(&error));
        }
        let sentence = self.sentence.as_deref().unwrap_or_default().as_encoded_bytes();
        let asked = match chip {
            Some(device) => {
                ask_device(device, sentence, false, PATIENCE).map(|reply| (reply, None))
            }
            None => self.model.with(table, |asker| {
                let reply = asker.ask(sentence)?;
                if reply.call.is_none() && reply.calls.is_empty() {
                    note_unknown(asker.unknown_words_of(sentence), "this sentence", "ask");
                }
                Ok((reply, Some(asker.threshold())))
            }),
        };
        let (reply, threshold) = asked.map_err(|error| refused(&error))?;
        show(&reply, threshold);
        if let Some(path) = &self.correct {
            self.keep(path, (sentence, &reply), table).map_err(|error| refused(&error))?;
        }
        let Some((tool, arguments)) = &reply.call else { return Err(ExitCode::FAILURE) };
        let device = opened.as_ref().filter(|_| self.run.is_some()).map(|(_, device)| device);
        match device {
            Some(device) if reply.is_sure || agrees(&format!("Call it on {}?", device.name())) => {
                let arguments = Value::Object(arguments.clone()).to_string();
                told(device, &device.call_json(tool, &arguments, PATIENCE))
            }
            None if reply.is_sure => Ok(ExitCode::SUCCESS),
            _ => Err(ExitCode::FAILURE),
        }
    }

    /// Keeps what was right.
    fn keep(
        &self,
        path: &Path,
        asked: (&[u8], &Reply),
        device: Option<&dyn ToolTable>,
    ) -> Result<()> {
        let list = self.model.list()?;
        let tools = list.as_ref().map(|list| list as &dyn ToolTable).or(device);
        correct(path, asked, self.is.as_deref(), tools.ok_or(Error::CorrectTools)?)
    }

    /// The device that is given, if any is, or is needed.
    fn device(&self) -> std::result::Result<Option<Opened>, ExitCode> {
        let simulated = DeviceArgs { simulate: vec![String::new()], ..self.devices.clone() };
        let devices = match (&self.run, self.devices.is_empty()) {
            _ if self.device.is_some() => &self.devices,
            (None, true) => return Ok(None),
            (Some(_), true) => {
                eprintln!("no device is named: using the simulated greenhouse board");
                &simulated
            }
            (_, false) => &self.devices,
        };
        let hub = open(devices, PATIENCE)?;
        let run = self.run.as_deref().filter(|name| !name.is_empty());
        let device = match (self.device.as_deref(), run) {
            (Some(one), Some(other)) if one != other => {
                let (device, run) = (one.to_owned(), other.to_owned());
                return Err(usage(&Error::TwoDevices { device, run }));
            }
            (Some(name), _) | (None, Some(name)) => find(&hub, name)?,
            (None, None) => only(&hub)?,
        };
        Ok(Some((hub, device)))
    }

    fn lines(&self, chip: Option<&Arc<Device>>, table: Option<&dyn ToolTable>) -> Result<ExitCode> {
        let mut out = std::io::BufWriter::new(std::io::stdout().lock());
        let input = std::io::stdin().lock();
        let exact = self.exact;
        let json = |reply: Reply| if exact { reply.to_exact_json() } else { reply.to_json() };
        let wrong = match chip {
            Some(device) => {
                let ask = |text: &[u8]| ask_device(device, text, exact, PATIENCE).map(json);
                answer_lines(ask, input, &mut out)?
            }
            None => self.model.with(table, |asker| {
                answer_lines(|text| Ok(json(asker.ask(text)?)), input, &mut out)
            })?,
        };
        Ok(if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// Says how many words of something are not in the model, where they are many.
fn note_unknown([unknown, all]: [usize; 2], of: &str, advice: &str) {
    if unknown * UNKNOWN_MOST.1 > all * UNKNOWN_MOST.0 {
        eprintln!(
            "note: {unknown} of the {all} words of {of} are not in the model, which reads English: \
             {advice} in English"
        );
    }
}

/// Shows an answer. The threshold of a device is the device's own.
fn show(reply: &Reply, threshold: Option<f32>) {
    let percent = 100.0 * reply.confidence;
    let takes = |least: f32| format!(", which takes {:.1} %", 100.0 * least);
    let takes = threshold.map_or(String::new(), takes);
    match &reply.call {
        Some((tool, arguments)) => {
            let call = format!("{tool} {}", Value::Object(arguments.clone()));
            let call = terminal_json(&call);
            if reply.is_sure {
                say!("{call}   confidence {percent:.1} %");
            } else {
                let unsure = "not sure enough to call it";
                say!("{call} ?   confidence {percent:.1} %: {unsure}{takes}");
            }
        }
        None if reply.calls.is_empty() => {
            say!("no tool   confidence {percent:.1} %: {}", terminal_json(&reply.reason));
        }
        None => {
            let call = |(tool, arguments): &(String, Map<String, Value>)| {
                format!("{tool} {}", Value::Object(arguments.clone()))
            };
            for call in reply.calls.iter().map(call) {
                say!("{}", terminal_json(&call));
            }
            say!("two calls   confidence {percent:.1} %: say one command at a time to make them");
        }
    }
    if let [one, other] = &*reply.between {
        let both = format!("{one} or {other}");
        say!("it may mean {}", terminal_json(&both));
    }
}

/// The exit code where the model or the tools are not right.
pub(super) fn refused(error: &Error) -> ExitCode {
    usage(error)
}

//! Why a command of `trine` cannot do what was asked.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::connect::ConnectError;
use crate::header::HeaderError;

/// Why a command of `trine` cannot do what was asked: what is wrong and what to do.
///
/// The cause is the [`source`](StdError::source) and not part of the text; [`Error::chain`] has
/// both.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Devices, links and settings.
    #[error(transparent)]
    Gateway(Box<trine_gateway::Error>),
    /// Models, lists of tools and sentences.
    #[error(transparent)]
    Models(Box<trine_models::Error>),
    /// Plug-ins.
    #[error(transparent)]
    Plugins(Box<trine_plugins::Error>),
    /// Training.
    #[error(transparent)]
    Train(Box<trine_train::Error>),
    /// The configuration of an MCP client.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// C from a list of tools.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// An MCP server that is measured.
    #[error(transparent)]
    Client(Box<trine_client::Error>),
    /// An error with the place where it was found.
    #[error("{place}")]
    At {
        /// A file, a line or an option.
        place: String,
        /// What is wrong there.
        source: Box<Self>,
    },
    /// A file that the system refuses.
    #[error("cannot {action} {}", path.display())]
    File {
        /// What was tried: `read`, `write`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Standard input or output that the system refuses.
    #[error("cannot {action} {stream}")]
    Stream {
        /// What was tried: `read`, `write`.
        action: &'static str,
        /// `standard input` or `standard output`.
        stream: &'static str,
        /// Why.
        source: io::Error,
    },
    /// A current directory that is not there.
    #[error("cannot find the current directory: change to one that exists")]
    CurrentDirectory(#[source] io::Error),
    /// A program that the system does not find.
    #[error("cannot find the path of this program: start it by its full path")]
    Program(#[source] io::Error),
    /// A path that no configuration can hold.
    #[error("the path of this program is not UTF-8: move it")]
    ProgramPath,

    /// What is no address of a gateway.
    #[error(
        "`{0}` is no address: give the one that trine gateway --http shows, such as \
         http://127.0.0.1:8331/mcp"
    )]
    Address(String),

    /// What is no name of a project.
    #[error(
        "'{0}' is no name of a project: use a lower-case letter, then up to 47 of a to z, 0 to 9, \
         '-' and '_'"
    )]
    ProjectName(String),
    /// Two tools of a project with one name.
    #[error("two tools have the name {0:?}: rename one")]
    ToolTwice(String),
    /// A folder that a project would be written over.
    #[error("{} is not empty: give another --folder", .0.display())]
    ProjectThere(PathBuf),
    /// The socket where a server takes orders about plug-ins.
    #[error("{}", .path.display())]
    Control {
        /// The socket.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A gateway that does not say that it is well.
    #[error("{url}: {why}")]
    Health {
        /// Where it was asked.
        url: String,
        /// What happened.
        why: String,
    },
    /// A file of options that cannot be used.
    #[error("{}: {why}", .file.display())]
    Config {
        /// The file.
        file: PathBuf,
        /// What to change.
        why: String,
    },
    /// A tool that is defined by JSON, where files are watched.
    #[error(
        "{} defines a tool by JSON, which is not watched: serve it without --plugin-watch, and \
         replace it with trine plugin update",
        .0.display()
    )]
    NotWatched(PathBuf),
    /// A tool that is defined by JSON, in the place of one that there is not.
    #[error("{} defines the tool '{id}', which this server does not have: load it first",
        file.display())]
    NotServed {
        /// The file.
        file: PathBuf,
        /// The tool.
        id: String,
    },
    /// A tool that is defined by JSON, for a trial.
    #[error(
        "{} defines a tool by JSON, which is not given a share of the calls: update it without \
         --canary",
        .0.display()
    )]
    NoTrial(PathBuf),
    /// A file that `--report` did not write.
    #[error("{} is no report: {why}; write one with trine gateway --report FILE", path.display())]
    NoReport {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        why: String,
    },
    /// A watch over the memory of the program that the system does not let be.
    #[error("--max-rss cannot be kept here")]
    MaxRss(#[source] io::Error),
    /// What cannot be part of a template.
    #[error("{} is no file of up to 4 MiB, or one of more than 1000: take it out", .0.display())]
    Template(PathBuf),
    /// Arguments that are not JSON.
    #[error("the arguments are not JSON: write '{{\"PARAMETER\": VALUE}}'")]
    ArgumentsJson(#[source] serde_json::Error),
    /// Arguments that are not an object.
    #[error("the arguments are not a JSON object: write '{{\"PARAMETER\": VALUE}}'")]
    ArgumentsObject,
    /// A tool that the device does not have.
    #[error("{device} has no tool '{tool}': its tools are {known}{meant}")]
    UnknownTool {
        /// The device.
        device: String,
        /// The tool.
        tool: String,
        /// The tools of the device.
        known: String,
        /// The tool that was probably meant, as a question.
        meant: String,
    },
    /// A result without an image or sound.
    #[error("the result has no image or sound to save: leave out --save")]
    NothingToSave,
    /// A name that no device has.
    #[error("no device has the name '{name}': see trine devices alias{meant}")]
    UnknownAlias {
        /// The name.
        name: String,
        /// The name that was probably meant, as a question.
        meant: String,
    },
    /// A device that does not answer.
    #[error("{device} is offline: {reason}")]
    Offline {
        /// The device.
        device: String,
        /// Why, as its link has it.
        reason: String,
    },
    /// A sentence that is no text, and is to be kept.
    #[error("the sentence is not UTF-8: it cannot be kept with --correct")]
    SentenceBytes,
    /// A correction that is not given.
    #[error(
        "no correction: give --is with right, none, a reason such as negated, or a call as JSON"
    )]
    NoCorrection,
    /// A correction that is neither a word nor JSON.
    #[error(
        "invalid --is: give right, none, a reason such as negated, or \
         '{{\"tool\": NAME, \"arguments\": {{}}}}'"
    )]
    Correction(#[source] serde_json::Error),
    /// A correction without tools to check it against.
    #[error("--correct checks against tools: give them with --tools FILE, or a device")]
    CorrectTools,
    /// Devices where one is needed.
    #[error("several devices are named: choose one with --run=NAME, of {known}")]
    SeveralDevices {
        /// Their names.
        known: String,
    },
    /// Two devices where one is needed.
    #[error("--device {device} and --run={run} are two devices: give both the same name")]
    TwoDevices {
        /// The device with the model.
        device: String,
        /// The device of the call.
        run: String,
    },
    /// `--record` with `trine record`.
    #[error("trine record has its file as argument: leave out --record")]
    RecordTwice,
    /// A device that has not shown its tools.
    #[error("{device} has not listed its tools: check the device and try again")]
    NoTable {
        /// The device.
        device: String,
    },
    /// A simulated board that does not answer.
    #[error("the simulated board does not answer: report this as a bug")]
    DemoSilent,
    /// A call that ended in a panic.
    #[error("a call ended in a panic: report this as a bug")]
    DemoPanic,

    /// A folder of models that does not exist.
    #[error("no folder {} for --models: name the folder of the models", path.display())]
    NoFolder {
        /// The folder.
        path: PathBuf,
    },
    /// An option that only a GPU has.
    #[error("{option} needs a GPU, and the CPU computes: leave it out, or choose a --backend")]
    NeedsGpu {
        /// The option.
        option: &'static str,
    },
    /// An option that only the CPU has.
    #[error("{option} works on the CPU only: leave out --backend {backend}")]
    NeedsCpu {
        /// The option.
        option: &'static str,
        /// The backend.
        backend: &'static str,
    },
    /// A program without backends.
    #[error(
        "this program was built without GPU backends: build it with `cargo build --release \
         --features vulkan`, or cuda or metal (docs/gpu.md)"
    )]
    NoGpuBuild,
    /// A program without llama.cpp.
    #[error(
        "this program was built without llama.cpp: build it with `--features peer`, see `trine \
         bench --help`"
    )]
    NoPeerBuild,
    /// A GPU that no module computes on; the text is that of the modules.
    #[error("{reason}")]
    NoModule {
        /// Why.
        reason: String,
    },
    /// A prompt of no tokens.
    #[error("the prompt is empty, and the model has no token to begin with: write a prompt")]
    EmptyPrompt,
    /// A prompt that is longer than the context.
    #[error(
        "the prompt has {tokens} tokens, the context length is {context}: shorten it, raise \
         --context (at most {most}), or drop the oldest tokens with --shift"
    )]
    PromptTooLong {
        /// Tokens of the prompt.
        tokens: usize,
        /// The context length.
        context: usize,
        /// The greatest context length of the model.
        most: usize,
    },
    /// A line of `--jsonl` that is too long.
    #[error("the line has more than {most} bytes: shorten it")]
    LineTooLong {
        /// The maximum.
        most: usize,
    },
    /// A line of `--jsonl` that is not JSON.
    #[error("invalid JSON: write {{\"text\": \"SENTENCE\"}}")]
    LineJson(#[source] serde_json::Error),
    /// A line of `--jsonl` without a sentence.
    #[error("missing \"text\": write {{\"text\": \"SENTENCE\"}}")]
    LineText,

    /// A folder for the files of a comparison.
    #[error("cannot write {}: name another folder with --scratch", path.display())]
    Scratch {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A process that is measured and does not start, or ends.
    #[error("the process that is measured has failed")]
    Process(#[source] io::Error),
    /// A process that is measured and has ended.
    #[error("the process that is measured has ended: see its message above")]
    ProcessEnded,
    /// A number of threads for a process that is measured.
    #[error("invalid number of threads '{text}': expected an integer above 0")]
    Threads {
        /// What was sent.
        text: String,
    },
    /// llama.cpp without the device of a comparison.
    #[error("llama.cpp needs the device {name}, which is not there: leave out --peer")]
    NoPeerDevice {
        /// The device.
        name: String,
    },
    /// A command of `--peer-command` without figures.
    #[error(
        "--peer-command `{command}`: {problem}; it has to print tokens a second as \
         {{\"prefill\": 90.5, \"decode\": 10.2}}, or as llama-bench -o json does"
    )]
    PeerCommand {
        /// The command.
        command: String,
        /// What is wrong.
        problem: String,
    },
    /// llama.cpp with its head elsewhere.
    #[error("the head of llama.cpp is in {found}, not on the {expected}: free device memory")]
    PeerHead {
        /// Where it is.
        found: String,
        /// Where it should be.
        expected: &'static str,
    },
    /// A server that wants an API key, or another one.
    #[error("{message}; give the server's API key with --key, or in TRINE_KEY")]
    ServerKey {
        /// What the server says.
        message: String,
    },
    /// A server on which nothing can be called without a word of the user.
    #[error(
        "no tool is marked read-only and needs no arguments: choose one with --tool; the tools are \
         {known}"
    )]
    NoReadOnlyTool {
        /// Names of tools.
        known: String,
    },
    /// A connection of many that cannot be opened.
    #[error(
        "cannot open connection {number} of {count}: lower --connections, or raise the limit of \
         open files or of the server"
    )]
    NoConnection {
        /// Which one.
        number: usize,
        /// How many there are to be.
        count: u32,
        /// Why.
        source: io::Error,
    },
    /// A file or a folder of sentences without any.
    #[error("{}: no sentences: write one JSON object a line to a .jsonl file", path.display())]
    NoSentences {
        /// The file or folder.
        path: PathBuf,
    },
    /// Threads that the system refuses.
    #[error("cannot start the threads of the measurement")]
    Runtime(#[source] io::Error),
    /// An engine without logits.
    #[error("the engine has no logits: report this as a bug")]
    NoLogits,
}

impl Error {
    /// The error with the place where it was found.
    #[must_use]
    pub fn at(self, place: impl fmt::Display) -> Self {
        Self::At { place: place.to_string(), source: Box::new(self) }
    }

    /// A file that cannot be read.
    #[must_use]
    pub fn read(path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::File { action: "read", path: path.into(), source }
    }

    /// A file that cannot be written.
    #[must_use]
    pub fn write(path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::File { action: "write", path: path.into(), source }
    }

    /// The error of a backend of a GPU.
    pub fn device(error: impl StdError + Send + Sync + 'static) -> Self {
        trine_models::Error::device(error).into()
    }

    /// The text of the error and of its causes, with colons between.
    #[must_use]
    pub fn chain(&self) -> String {
        trine_models::chain(self)
    }
}

impl From<trine_gateway::Error> for Error {
    fn from(error: trine_gateway::Error) -> Self {
        Self::Gateway(Box::new(error))
    }
}

impl From<trine_models::Error> for Error {
    fn from(error: trine_models::Error) -> Self {
        Self::Models(Box::new(error))
    }
}

impl From<trine_plugins::Error> for Error {
    fn from(error: trine_plugins::Error) -> Self {
        Self::Plugins(Box::new(error))
    }
}

impl From<trine_train::Error> for Error {
    fn from(error: trine_train::Error) -> Self {
        Self::Train(Box::new(error))
    }
}

/// The result of what can be stopped by an [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

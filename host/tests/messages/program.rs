//! The program, entries of MCP clients, and C from lists of tools.

use trine::connect::ConnectError;
use trine::{Error, HeaderError};
use trine_ask::CompileError;
use trine_descriptor::check::{TableError, TableErrorKind};
use trine_gateway::table::BadTable;

use super::{absent, json, text};

fn rule() -> TableError {
    TableError { kind: TableErrorKind::Description, tool: 2, node: None }
}

/// Those of `trine`.
#[expect(clippy::too_many_lines, reason = "a line for each message")]
pub(crate) fn program(out: &mut String) {
    samples! { out, "trine", Error:
        Gateway(Box::new(trine_gateway::Error::Closed))
        Models(Box::new(trine_models::Error::ModelsBusy))
        Plugins(Box::new(trine_plugins::Error::Unknown(text("a"), text(": none is loaded"))))
        Train(Box::new(trine_train::Error::NoFit))
        Connect(ConnectError::NoHome)
        Header(HeaderError::Label)
        Client(Box::new(trine_client::Error::SessionEnded { request: text("tools/list") }))
        At { place: text("tools.json"), source: Box::new(Error::LineText) }
        File { action: "read", path: "data/file".into(), source: absent() }
        Stream { action: "read", stream: "standard input", source: absent() }
        CurrentDirectory(absent())
        Program(absent())
        ProgramPath {}
        Address(text("here"))
        ProjectName(text("Two Words"))
        ToolTwice(text("degrees"))
        ProjectThere("degrees".into())
        Control { path: "orders".into(), source: absent() }
        Health { url: text("http://127.0.0.1:8331/"), why: text("no answer within 3 s") }
        Config {
            file: "server.toml".into(),
            why: text("'colour' is no option that a file can have: see `trine gateway --help`"),
        }
        NotWatched("send_email.json".into())
        NotServed { file: "send_email.json".into(), id: text("send_email") }
        NoTrial("send_email.json".into())
        NoReport { path: "used.json".into(), why: text("it has no \"trine_report\"") }
        MaxRss(absent())
        Template("mine/link".into())
        ArgumentsJson(json())
        ArgumentsObject {}
        UnknownTool {
            device: text("greenhouse"),
            tool: text("fan_sett"),
            known: text("fan_set, light_set"),
            meant: text("; did you mean 'fan_set'?"),
        }
        NothingToSave {}
        UnknownAlias { name: text("nort"), meant: text("; did you mean 'north'?") }
        Offline { device: text("greenhouse"), reason: text("no answer") }
        SentenceBytes {}
        NoCorrection {}
        Correction(json())
        CorrectTools {}
        SeveralDevices { known: text("north, south") }
        TwoDevices { device: text("north"), run: text("south") }
        RecordTwice {}
        NoTable { device: text("greenhouse") }
        DemoSilent {}
        DemoPanic {}
        NoFolder { path: "models".into() }
        NeedsGpu { option: "--layers" }
        NeedsCpu { option: "--shift", backend: "vulkan" }
        NoGpuBuild {}
        NoPeerBuild {}
        NoModule { reason: text("no vulkan device found: no module is in this folder") }
        EmptyPrompt {}
        PromptTooLong { tokens: 5000, context: 2048, most: 4096 }
        LineTooLong { most: 65_536 }
        LineJson(json())
        LineText {}
        Scratch { path: "data/file".into(), source: absent() }
        Process(absent())
        ProcessEnded {}
        Threads { text: text("0") }
        NoPeerDevice { name: text("CUDA0") }
        PeerHead { found: text("CPU"), expected: "device" }
        PeerCommand { command: text("llama-bench"), problem: text("it failed: exit status: 1") }
        ServerKey { message: text("Invalid API key") }
        NoReadOnlyTool { known: text("fan_set, light_set") }
        NoConnection { number: 1021, count: 2000, source: absent() }
        Runtime(absent())
        NoLogits {}
        NoSentences { path: "my-list".into() }
    }
    samples! { out, "header", HeaderError:
        At { place: text("fan_set: percent"), source: Box::new(HeaderError::Label) }
        Json { what: "list of tools", source: json() }
        NotAList {}
        ToolName { name: text("a b") }
        SameName { one: text("fan-set"), two: text("fan_set") }
        DefinedTwice { name: text("TOOL_FAN") }
        Consent { found: text("maybe") }
        NotAnObject { what: "the schema" }
        SchemaType { found: text("\"array\"") }
        Label {}
        Missing { what: "an integer", keys: "\"minimum\" and \"maximum\"" }
        ListParam {}
        Items { most: 254 }
        Type { found: text("null") }
        NoType {}
        Places { most: 9 }
        Number { text: text("0.12345"), places: 2 }
        Default { value: text("3") }
        Condition {}
        NotAMember { name: text("\"speed\"") }
        TooMany { what: "items" }
        UnknownTool { name: text("lamp") }
        Value {
            key: text("pending_bytes"),
            value: text("70000"),
            expected: "an integer of 16 bits",
        }
        UnknownKey { key: text("speed") }
        UnitOfText { name: text("on") }
        UnknownMember { name: text("speed") }
        Table(rule())
        BadTable(BadTable::Rule(rule()))
        TooLong {}
        Packed {}
        Compile(CompileError::Tools)
        Models(Box::new(trine_models::Error::ModelsBusy))
    }
    samples! { out, "connect", ConnectError:
        Name(text("a b"))
        NoProjectFile("Claude Desktop")
        NoAddress("Claude Desktop")
        NoHome {}
        Broken(text("unexpected token on line 3"))
        Shape { key: text("mcpServers"), expected: "an object" }
        Twice(text("mcpServers"))
        Taken { name: text("trine"), holder: text("/usr/bin/other") }
        Io { doing: "write", path: "data/file".into(), error: absent() }
    }
}

//! Every exit code that `--help` names, provoked: what is written there and what the program does
//! are the same.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A home with nothing in it but what the test puts there.
struct Home(PathBuf);

impl Home {
    fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        drop(std::fs::remove_dir_all(&folder));
        std::fs::create_dir_all(folder.join(".cursor")).unwrap();
        let gone = r#"{ "mcpServers": { "yard": {
            "command": "/nowhere/trine", "args": ["gateway", "--simulate"] } } }"#;
        std::fs::write(folder.join(".cursor/mcp.json"), gone).unwrap();
        std::fs::write(folder.join("no-model"), "nothing").unwrap();
        let refuses = r#"{ "id": "refuses", "name": "Refuses", "description": "Refuse.",
            "input_schema": { "type": "object" }, "execute": { "command": ["/nowhere/tool"] } }"#;
        std::fs::write(folder.join("refuses.json"), refuses).unwrap();
        Self(folder)
    }

    fn trine(&self, line: &str) -> (Option<i32>, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trine"));
        command.args(shlex::split(line).unwrap()).current_dir(&self.0).stdin(Stdio::null());
        for name in ["XDG_CONFIG_HOME", "CODEX_HOME", "TRINE_ASK_MODEL", "TRINE_LOG"] {
            command.env_remove(name);
        }
        command.env("HOME", &self.0).env("TRINE_CONFIG", self.0.join("settings"));
        let ran = command.env("PATH", "").output().unwrap();
        let said = [ran.stdout, ran.stderr].concat();
        (ran.status.code(), String::from_utf8_lossy(&said).into_owned())
    }

    /// The codes that the help of a command names, and the commands below it.
    fn help(&self, command: &str) -> (BTreeSet<i32>, Vec<String>) {
        let (_, help) = self.trine(&format!("{command} --help"));
        let codes = help.split("Exit code").nth(1).unwrap_or_default();
        let codes = codes.split("\n\n").next().unwrap_or_default();
        let words = codes.split(|c: char| !c.is_ascii_alphanumeric());
        let codes = words.filter_map(|word| word.parse().ok()).collect();
        let below = help.split("\nCommands:\n").nth(1).unwrap_or_default();
        let below = below.split("\n\n").next().unwrap_or_default();
        let below = below.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
        let below = below.filter_map(|line| line.split_whitespace().next());
        (codes, below.filter(|name| *name != "help").map(str::to_owned).collect())
    }
}

const NOWHERE: &str = "--unix north=/nonexistent/trine.sock --patience 1";

/// The command, the code, and how it is provoked. `NOWHERE` stands for a device that is silent.
const CODES: &[(&str, i32, &str)] = &[
    ("", 0, "tools --simulate"),
    ("", 1, "model info no-model"),
    ("", 2, "tools"),
    ("", 2, "nonsense"),
    ("", 3, "tools NOWHERE"),
    ("call", 1, "call greenhouse fan_set '{\"percent\": 140}' --simulate"),
    ("call", 2, "call shed fan_set {} --simulate=north"),
    ("call", 2, "call greenhouse roof_remove {} --simulate"),
    ("call", 2, "call greenhouse fan_set 4 --simulate"),
    ("call", 3, "call north fan_set {} NOWHERE"),
    ("tools", 2, "tools shed --simulate=north"),
    ("tools", 3, "tools north NOWHERE"),
    ("devices", 2, "devices"),
    ("devices", 2, "devices alias --remove nobody"),
    ("devices", 3, "devices NOWHERE"),
    ("devices", 3, "devices --simulate NOWHERE"),
    ("provision", 1, "provision shed --simulate=shed"),
    ("provision", 2, "provision shed --simulate=north"),
    ("provision", 3, "provision north NOWHERE"),
    ("provision", 3, "provision other NOWHERE"),
    ("selftest", 1, "selftest greenhouse --played short --patience 1"),
    ("selftest", 2, "selftest shed --simulate=north"),
    ("selftest", 3, "selftest north NOWHERE"),
    ("record", 2, "record unused"),
    ("record", 3, "record unused --unix /nonexistent/trine.sock"),
    ("replay", 1, "replay long --played short --patience 300ms"),
    ("replay", 2, "replay long"),
    ("ask", 0, "ask 'make the fan spin at forty percent'"),
    ("ask", 1, "ask 'what is the capital of France?'"),
    ("ask", 2, "ask 'make the fan spin' --model no-model"),
    ("ask", 2, "ask 'make the fan spin at forty percent' --run=shed --simulate=north"),
    ("ask", 3, "ask 'make the fan spin at forty percent' --run --unix /nonexistent/trine.sock"),
    ("plugin call", 1, "plugin call refuses.json refuses"),
    ("plugin call", 2, "plugin call no-library.so tool"),
    ("doctor", 1, "doctor"),
    ("model info", 1, "model info no-model"),
    ("bench load", 1, "bench load http://127.0.0.1:1/mcp --svg no-model/picture.svg"),
    ("bench load", 2, "bench load http://127.0.0.1:1/mcp --tool fan_set --arguments 4"),
    ("bench load", 3, "bench load http://127.0.0.1:1/mcp"),
];

#[test]
fn every_exit_code_of_the_help_is_what_the_program_ends_with() {
    let home = Home::new("exit-codes");
    for (file, call) in [("short", ""), ("long", "--call 'fan_set {\"percent\": 40}'")] {
        let (code, said) = home.trine(&format!("record {file} {call} --simulate"));
        assert_eq!(code, Some(0), "{said}");
    }
    let ends = &|(_, wanted, line): &(&str, i32, &str)| {
        let (code, said) = home.trine(&line.replace("NOWHERE", NOWHERE));
        let is_other = code != Some(*wanted);
        is_other.then(|| format!("trine {line}: {code:?}, not {wanted}: {said}"))
    };
    // Most of them only wait for a device.
    let wrong: Vec<_> = std::thread::scope(|scope| {
        let begin =
            |part: &'static [_]| scope.spawn(move || part.iter().filter_map(ends).collect());
        let threads: Vec<_> = CODES.chunks(5).map(begin).collect();
        threads.into_iter().flat_map(|thread| -> Vec<String> { thread.join().unwrap() }).collect()
    });
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn every_exit_code_of_the_help_is_provoked_by_a_test() {
    let home = Home::new("exit-codes-of-help");
    let mut commands = vec![String::new()];
    let mut named = 0;
    while let Some(command) = commands.pop() {
        let (codes, below) = home.help(&command);
        let tested: BTreeSet<_> =
            CODES.iter().filter(|(of, ..)| *of == command).map(|(_, code, _)| *code).collect();
        assert_eq!(
            codes, tested,
            "of `trine {command}`: help names the first, this test the second"
        );
        named += codes.len();
        commands.extend(below.iter().map(|name| format!("{command} {name}").trim().to_owned()));
    }
    assert!(named >= 20, "{named} codes were found in help");
}

#[test]
fn who_misspells_a_command_a_tool_or_a_device_is_told_the_right_one() {
    let home = Home::new("misspelt");
    for (line, meant) in [
        ("gatway", "'gateway'"),
        ("call --simulate greenhouse fan_sett", "did you mean 'fan_set'?"),
        ("call --simulate grenhouse fan_set", "did you mean 'greenhouse'?"),
    ] {
        let (code, said) = home.trine(line);
        assert_eq!(code, Some(2), "{line}: {said}");
        assert!(said.contains(meant), "{line}: {said}");
    }
}

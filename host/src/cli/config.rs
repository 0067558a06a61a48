//! Options from a file: `--config FILE` of commands that serve.
//!
//! The names in the file are those of the options, and its values are put between the name of the
//! command and the rest of the command line, which overrides them.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction};
use serde_json::{Map, Value};
use trine::{Error, Result};
use trine_descriptor::check::name_is_legal;
use trine_models::ask::Source;

/// Most bytes of a file.
const FILE_MAX: u64 = 256 * 1024;

/// The command line, with the options of the file that it names.
pub(super) fn expanded(cli: &clap::Command, mut line: Vec<OsString>) -> Result<Vec<OsString>> {
    let (command, place) = called(cli, &line);
    let takes_one = command.get_arguments().any(|arg| arg.get_long() == Some("config"));
    let rest = line.get(place..).unwrap_or_default();
    let Some(file) = named(rest).filter(|_| takes_one) else { return Ok(line) };
    let options = read(&file)?;
    let words = words(command, &options, &file)?;
    line.splice(place..place, words);
    Ok(line)
}

/// The command that is called, `plugin watch` for one, and where its arguments begin.
fn called<'c>(cli: &'c clap::Command, line: &[OsString]) -> (&'c clap::Command, usize) {
    let (mut command, mut place) = (cli, line.len());
    for (at, word) in line.iter().enumerate().skip(1) {
        let below = command.get_subcommands().find(|below| word == below.get_name());
        match below {
            Some(below) => (command, place) = (below, at + 1),
            // Options of the program may stand before its command.
            None if place == line.len() => {}
            None => break,
        }
    }
    (command, place)
}

/// The file that `--config` names; the last one counts.
fn named(line: &[OsString]) -> Option<PathBuf> {
    let mut file = None;
    for (at, word) in line.iter().enumerate() {
        if word == "--" {
            break;
        } else if word == "--config" {
            file = line.get(at + 1).map(PathBuf::from);
        } else if let Some(path) = joined(word) {
            file = Some(path);
        }
    }
    file
}

/// The file of `--config=FILE`, whose name need not be UTF-8.
#[cfg(unix)]
fn joined(word: &OsStr) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStrExt as _;
    word.as_bytes().strip_prefix(b"--config=").map(|path| OsStr::from_bytes(path).into())
}

#[cfg(not(unix))]
fn joined(word: &OsStr) -> Option<PathBuf> {
    word.to_str()?.strip_prefix("--config=").map(Into::into)
}

fn wrong(file: &Path, why: impl Into<String>) -> Error {
    Error::Config { file: file.to_owned(), why: why.into() }
}

/// The options of a file: TOML, or JSON where its name ends so.
fn read(file: &Path) -> Result<Map<String, Value>> {
    let mut text = String::new();
    let opened = File::open(file);
    let read = opened.and_then(|it| it.take(FILE_MAX + 1).read_to_string(&mut text));
    let size = read.map_err(|error| Error::read(file, error))?;
    if size as u64 > FILE_MAX {
        return Err(wrong(file, format!("it has more than {FILE_MAX} bytes")));
    }
    let is_json = file.extension().is_some_and(|extension| extension == "json");
    let value: std::result::Result<Value, String> = match is_json {
        true => serde_json::from_str(&text).map_err(|error| error.to_string()),
        false => toml_edit::de::from_str(&text).map_err(|error| error.to_string()),
    };
    match value.map_err(|why| wrong(file, why))? {
        Value::Object(options) => Ok(options),
        _ => Err(wrong(file, "it must be an object whose members are options")),
    }
}

/// The options as words of a command line.
fn words(
    command: &clap::Command,
    options: &Map<String, Value>,
    file: &Path,
) -> Result<Vec<OsString>> {
    let mut words = Vec::new();
    for (name, value) in options {
        let is_it = |arg: &&Arg| arg.get_long() == Some(name.as_str());
        let Some(arg) = command.get_arguments().find(is_it).filter(|_| name != "config") else {
            let why =
                format!("'{name}' is no option that a file can have: see `{}`", help(command));
            return Err(wrong(file, why));
        };
        let flag = OsString::from(format!("--{name}"));
        let many = matches!(arg.get_action(), ArgAction::Append);
        let takes_none = matches!(arg.get_action(), ArgAction::SetTrue);
        match value {
            Value::Bool(is_set) if takes_none => words.extend(is_set.then_some(flag)),
            Value::Array(values) if many => {
                for value in values {
                    words.push(word(arg, &flag, value, file)?);
                }
            }
            _ if takes_none => {
                return Err(wrong(file, format!("'{name}' must be true or false")));
            }
            value => words.push(word(arg, &flag, value, file)?),
        }
    }
    Ok(words)
}

/// An option with its value. The paths in a file begin at its folder.
fn word(arg: &Arg, flag: &OsStr, value: &Value, file: &Path) -> Result<OsString> {
    let text = match value {
        Value::String(text) => match path(arg, text) {
            Some((before, path)) => {
                let folder = file.parent().unwrap_or(Path::new(""));
                let mut text = OsString::from(before);
                text.push(folder.join(path));
                text
            }
            None => text.into(),
        },
        Value::Number(number) => number.to_string().into(),
        _ => {
            let (name, many) = (arg.get_long().unwrap_or_default(), arg.get_action());
            let or = if matches!(many, ArgAction::Append) { ", or a list of them" } else { "" };
            return Err(wrong(file, format!("'{name}' must be a text or a number{or}")));
        }
    };
    let mut word = flag.to_owned();
    word.push("=");
    word.push(text);
    Ok(word)
}

/// What stands before the path in the value of an option, and the path; `None` where it has none.
/// A serial port is the system's, wherever a file is.
fn path<'t>(arg: &Arg, text: &'t str) -> Option<(&'t str, &'t str)> {
    if arg.get_value_parser().type_id() == std::any::TypeId::of::<PathBuf>() {
        return Some(("", text));
    }
    let behind = |mark: &str| text.find(mark).and_then(|at| text.split_at_checked(at + mark.len()));
    match arg.get_long()? {
        "ask" => matches!(Source::named(text.as_ref()), Source::File(_)).then_some(("", text)),
        "unix" | "played" => match text.split_once('=') {
            Some((name, _)) if name_is_legal(name) => behind("="),
            _ => Some(("", text)),
        },
        "button" => behind("unix:").filter(|(before, _)| *before == "unix:"),
        "bus" => behind("@unix:"),
        _ => None,
    }
}

fn help(command: &clap::Command) -> String {
    match command.get_name() {
        "watch" => "trine plugin watch --help".to_owned(),
        name => format!("trine {name} --help"),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::super::Cli;
    use super::*;

    /// The command line that this one becomes with a file of that name and text.
    fn line(name: &str, text: &str, line: &[&str]) -> Result<String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        let named = |word: &&str| word.replace("FILE", file.to_str().unwrap()).into();
        let words = expanded(&Cli::command(), line.iter().map(named).collect())?;
        let words: Vec<_> = words.iter().map(|word| word.to_str().unwrap()).collect();
        Ok(words.join(" ").replace(folder.path().to_str().unwrap(), "DIR"))
    }

    const LINE: [&str; 5] = ["trine", "gateway", "--strict", "--config", "FILE"];

    #[test]
    fn options_stand_before_the_rest_and_paths_begin_at_the_file() {
        let text = "http = \"127.0.0.1:9\"\nbehind-proxy = true\nin-flight = 7\n\
                    plugin = [\"a.so\", \"/b.so\"]\nallow-host = \"x\"\nstrict = false\n";
        let expected = "trine gateway --http=127.0.0.1:9 --behind-proxy --in-flight=7 \
                        --plugin=DIR/a.so --plugin=/b.so --allow-host=x --strict --config \
                        DIR/s.toml";
        let mut found: Vec<_> =
            line("s.toml", text, &LINE).unwrap().split(' ').map(str::to_owned).collect();
        let mut expected: Vec<_> = expected.split(' ').map(str::to_owned).collect();
        assert_eq!(found[..2], expected[..2]);
        assert_eq!(found[found.len() - 3..], ["--strict", "--config", "DIR/s.toml"]);
        found.sort();
        expected.sort();
        assert_eq!(found, expected);
        let watch = ["trine", "--log", "info", "plugin", "watch", "a.so", "--config", "FILE"];
        let watch = line("s.toml", "strict = true", &watch).unwrap();
        assert_eq!(watch, "trine --log info plugin watch --strict a.so --config DIR/s.toml");
        let json = line("s.json", r#"{"in-flight": 7}"#, &["trine", "serve", "--config=FILE"]);
        assert_eq!(json.unwrap(), "trine serve --in-flight=7 --config=DIR/s.json");
    }

    #[test]
    fn a_path_inside_of_a_value_begins_at_the_file_too() {
        for (text, expected) in [
            ("unix = 'run/pump'", "--unix=DIR/run/pump"),
            ("unix = 'pump=run/pump'", "--unix=pump=DIR/run/pump"),
            ("unix = ['/run/pump', 'a=/b']", "--unix=/run/pump --unix=a=/b"),
            ("played = 'a=b.cap'", "--played=a=DIR/b.cap"),
            ("ask = 'tiny.gguf'", "--ask=DIR/tiny.gguf"),
            ("ask = 'base'", "--ask=base"),
            ("button = 'unix:button'", "--button=unix:DIR/button"),
            ("button = 'tty'", "--button=tty"),
            ("bus = 'a=1@unix:line'", "--bus=a=1@unix:DIR/line"),
            ("serial = 'a=ttyUSB0:9600'", "--serial=a=ttyUSB0:9600"),
        ] {
            let found = line("s.toml", text, &["trine", "gateway", "--config=FILE"]).unwrap();
            assert_eq!(found, format!("trine gateway {expected} --config=DIR/s.toml"), "{text}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_whose_name_is_not_utf_8_is_read_in_both_forms() {
        use std::os::unix::ffi::OsStrExt as _;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(OsStr::from_bytes(b"a\xff.toml"));
        std::fs::write(&file, "strict = true").unwrap();
        let mut joined = OsString::from("--config=");
        joined.push(&file);
        for words in [vec![joined], vec!["--config".into(), file.into_os_string()]] {
            let line = [vec!["trine".into(), "serve".into()], words.clone()].concat();
            let words = [vec!["trine".into(), "serve".into(), "--strict".into()], words].concat();
            assert_eq!(expanded(&Cli::command(), line).unwrap(), words);
        }
    }

    #[test]
    fn a_line_without_a_file_and_one_of_another_command_stay() {
        for words in [&["trine", "gateway", "--strict"][..], &["trine", "call", "--config", "FILE"]]
        {
            let expected = words.join(" ").replace("FILE", "DIR/s.toml");
            assert_eq!(line("s.toml", "no toml", words).unwrap(), expected);
        }
    }

    #[test]
    fn what_no_file_can_have_is_refused_by_name() {
        for (name, text, why) in [
            ("s.toml", "colour = 1", "'colour' is no option that a file can have"),
            ("s.toml", "config = 'x'", "'config' is no option"),
            ("s.toml", "strict = 1", "'strict' must be true or false"),
            ("s.toml", "http = true", "'http' must be a text or a number"),
            ("s.toml", "http = ['a']", "'http' must be a text or a number"),
            ("s.toml", "plugin = [['a']]", "'plugin' must be a text or a number, or a list"),
            ("s.toml", "[http]\na = 1", "'http' must be a text or a number"),
            ("s.toml", "http = ", "line 1"),
            ("s.json", "{\"http\": ", "EOF"),
            ("s.json", "[]", "must be an object"),
        ] {
            let error = line(name, text, &LINE).unwrap_err().to_string();
            assert!(error.contains(why) && error.contains(name), "{text}: {error}");
        }
        let long = format!("# {}\n", "x".repeat(FILE_MAX as usize));
        assert!(line("s.toml", &long, &LINE).unwrap_err().to_string().contains("more than"));
        let gone = expanded(
            &Cli::command(),
            ["trine", "gateway", "--config", "/nowhere/x"].map(OsString::from).to_vec(),
        );
        assert!(gone.unwrap_err().to_string().contains("/nowhere/x"));
    }
}

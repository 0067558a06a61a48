//! `trine connect`: what it prints for each client, and what it makes of the files that are there.
//!
//! `golden/connect/CLIENT/` holds, for each client, `print` (the entry, and below it what a person
//! reads beside it) and four files `CASE.before` with what the program makes of them: `CASE.after`,
//! or `CASE.stderr` where it must refuse. `[TRINE]` stands for the path of the program.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const TRINE: &str = env!("CARGO_BIN_EXE_trine");
const CLIENTS: [&str; 8] =
    ["claude-code", "claude-desktop", "cursor", "vscode", "codex", "gemini", "zed", "inspector"];
const ARGS: [&str; 5] = ["--", "--serial", "yard=/dev/ttyACM0", "--prefix", "always"];

/// A directory of its own for one test, removed at its end.
struct Room(PathBuf);

impl Room {
    fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("connect-{name}"));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn backups(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(&self.0).unwrap().map(|entry| entry.unwrap().path());
        entries.filter(|path| path.extension().is_some_and(|kind| kind == "bak")).collect()
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn connect(client: &str, options: &[&str], home: &Path) -> Output {
    let mut command = Command::new(TRINE);
    command.arg("connect").arg(client).args(options).current_dir(home);
    for name in
        ["XDG_CONFIG_HOME", "CLAUDE_CONFIG_DIR", "CODEX_HOME", "MCP_CATALOG_PATH", "APPDATA"]
    {
        command.env_remove(name);
    }
    command.env("HOME", home).env("LOCALAPPDATA", home).env("TRINE_LOG", "info");
    command.output().unwrap()
}

fn write(client: &str, file: &Path, args: &[&str]) -> Output {
    let home = file.parent().unwrap();
    let options = ["--write", "--file", file.to_str().unwrap()];
    connect(client, &[&options[..], args].concat(), home)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn golden_path(client: &str, name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/connect").join(client).join(name)
}

fn compare(client: &str, name: &str, found: &str) {
    let path = golden_path(client, name);
    if std::env::var_os("TRINE_GOLDEN").is_some_and(|value| value == "write") {
        fs::write(path, found).unwrap();
        return;
    }
    let expected = fs::read_to_string(&path).unwrap();
    assert_eq!(found, expected, "{client}/{name}");
}

#[test]
fn golden_print_of_each_client() {
    for client in CLIENTS {
        let room = Room::new(&format!("print-{client}"));
        let output = connect(client, &ARGS, &room.0);
        assert!(output.status.success(), "{client}: {}", text(&output.stderr));
        let home = room.0.to_str().unwrap();
        let both = format!("{}\n{}", text(&output.stdout), text(&output.stderr));
        compare(client, "print", &both.replace(TRINE, "[TRINE]").replace(home, "[HOME]"));
        assert!(fs::read_dir(&room.0).unwrap().next().is_none(), "{client}: printing wrote a file");
    }
}

#[test]
fn golden_merge_of_each_client() {
    for client in CLIENTS {
        for case in ["others", "same"] {
            let room = Room::new(&format!("merge-{client}-{case}"));
            let file = room.0.join("settings");
            let before = fs::read(golden_path(client, &format!("{case}.before"))).unwrap();
            fs::write(&file, &before).unwrap();
            let output = write(client, &file, &ARGS);
            assert!(output.status.success(), "{client}/{case}: {}", text(&output.stderr));
            let after = fs::read_to_string(&file).unwrap();
            compare(client, &format!("{case}.after"), &after.replace(TRINE, "[TRINE]"));
            let backups = room.backups();
            assert_eq!(backups.len(), 1, "{client}/{case}");
            assert_eq!(fs::read(&backups[0]).unwrap(), before, "{client}/{case}");

            let again = write(client, &file, &ARGS);
            assert!(again.status.success() && text(&again.stdout).contains("already"));
            assert_eq!(fs::read_to_string(&file).unwrap(), after, "{client}/{case}: second run");
            assert_eq!(room.backups().len(), 1, "{client}/{case}: a backup of nothing");
        }
    }
}

#[test]
fn golden_refusals_leave_the_file_alone() {
    for client in CLIENTS {
        for case in ["taken", "broken"] {
            let room = Room::new(&format!("refuse-{client}-{case}"));
            let file = room.0.join("settings");
            let before = fs::read(golden_path(client, &format!("{case}.before"))).unwrap();
            fs::write(&file, &before).unwrap();
            let output = write(client, &file, &ARGS);
            assert_eq!(output.status.code(), Some(1), "{client}/{case}");
            let home = room.0.to_str().unwrap();
            let said = text(&output.stderr).replace(home, "[HOME]");
            compare(client, &format!("{case}.stderr"), &said);
            assert_eq!(fs::read(&file).unwrap(), before, "{client}/{case}");
            assert_eq!(fs::read_dir(&room.0).unwrap().count(), 1, "{client}/{case}: left-overs");
        }
    }
}

#[test]
fn a_fresh_file_is_what_print_shows() {
    for client in CLIENTS {
        let room = Room::new(&format!("fresh-{client}"));
        let file = room.0.join("not").join("there").join("yet");
        fs::create_dir_all(&room.0).unwrap();
        let options = [&["--write", "--file", file.to_str().unwrap()], &ARGS[..]].concat();
        let output = connect(client, &options, &room.0);
        assert!(output.status.success(), "{client}: {}", text(&output.stderr));
        let shown = text(&connect(client, &ARGS, &room.0).stdout);
        assert_eq!(fs::read_to_string(&file).unwrap(), shown, "{client}");
        assert!(shown.ends_with('\n') && !shown.ends_with("\n\n"), "{client}: {shown:?}");
        let empty = room.0.join("empty");
        fs::write(&empty, "").unwrap();
        assert!(write(client, &empty, &ARGS).status.success(), "{client}");
        assert_eq!(fs::read_to_string(&empty).unwrap(), shown, "{client}: an empty file");
    }
}

#[test]
fn without_a_file_the_clients_own_is_written() {
    let room = Room::new("own");
    for (client, scope, place) in [
        ("claude-code", "user", ".claude.json"),
        ("claude-code", "project", ".mcp.json"),
        ("cursor", "user", ".cursor/mcp.json"),
        ("gemini", "project", ".gemini/settings.json"),
        ("codex", "user", ".codex/config.toml"),
        ("vscode", "project", ".vscode/mcp.json"),
        ("inspector", "user", ".mcp-inspector/mcp.json"),
    ] {
        let output = connect(client, &["--write", "--scope", scope], &room.0);
        assert!(output.status.success(), "{client}: {}", text(&output.stderr));
        let written = fs::read_to_string(room.0.join(place)).unwrap();
        assert!(written.contains("--simulate"), "{client}: {written}");
    }
    let refused = connect("inspector", &["--write", "--scope", "project"], &room.0);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("no file in a project"));
}

#[test]
fn a_path_that_the_gateway_gets_is_made_absolute() {
    let room = Room::new("absolute");
    let args = ["--", "--emulate", "mps2-an386", "--firmware", "out/board.elf", "--unix=a=run/s"];
    let shown = text(&connect("cursor", &args, &room.0).stdout);
    let entry: serde_json::Value = serde_json::from_str(&shown).unwrap();
    let found = &entry["mcpServers"]["trine"]["args"];
    let whole = |rest: &str| room.0.join(rest).to_str().unwrap().to_owned();
    assert_eq!(found[1], "--emulate");
    assert_eq!(found[4], whole("out/board.elf"));
    assert_eq!(found[5], format!("--unix=a={}", whole("run/s")));
}

#[test]
fn a_byte_order_mark_stays() {
    let room = Room::new("mark");
    let file = room.0.join("settings");
    fs::write(&file, "\u{feff}{\r\n  \"scale\": 0\r\n}\r\n").unwrap();
    assert!(write("claude-desktop", &file, &ARGS).status.success());
    let after = fs::read_to_string(&file).unwrap();
    assert!(after.starts_with("\u{feff}{\r\n  \"scale\": 0,\r\n"), "{after:?}");
    assert!(!after.replace("\r\n", "").contains('\n'), "line ends are mixed: {after:?}");
}

#[test]
fn a_name_that_a_client_would_refuse_is_refused() {
    let room = Room::new("name");
    let output = connect("cursor", &["--name", "green house", "--write"], &room.0);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("\"green house\""), "{}", text(&output.stderr));
    assert!(fs::read_dir(&room.0).unwrap().next().is_none());
}

#[cfg(unix)]
#[test]
fn a_link_stays_a_link_and_permissions_stay() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let room = Room::new("link");
    let real = room.0.join("real");
    fs::write(&real, "{}").unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o600)).unwrap();
    let link = room.0.join("link");
    symlink(&real, &link).unwrap();
    assert!(write("zed", &link, &ARGS).status.success());
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert!(fs::read_to_string(&real).unwrap().contains("context_servers"));
    assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn golden_address_of_each_client_whose_file_takes_one() {
    let url = "http://127.0.0.1:8331/mcp";
    for client in CLIENTS {
        let room = Room::new(&format!("url-{client}"));
        let file = room.0.join("settings");
        // The entry of a program becomes that of an address.
        let started = write(client, &file, &ARGS);
        assert!(started.status.success(), "{client}: {}", text(&started.stderr));
        let output = write(client, &file, &["--url", url]);
        if client == "claude-desktop" {
            assert!(text(&output.stderr).contains("takes no address"), "{output:?}");
            continue;
        }
        assert!(output.status.success(), "{client}: {}", text(&output.stderr));
        assert!(text(&output.stderr).contains("has to run"), "{output:?}");
        let after = fs::read_to_string(&file).unwrap();
        assert!(after.contains(url) && !after.contains("command"), "{client}: {after}");
        let again = write(client, &file, &["--url", url]);
        assert!(text(&again.stdout).contains("already"), "{client}: {again:?}");
        let other = write(client, &file, &["--url", "https://board.example/mcp"]);
        assert!(text(&other.stderr).contains("another server"), "{client}: {other:?}");
        compare(client, "url", &after);
    }
    let room = Room::new("url-bad");
    for bad in ["", "127.0.0.1:8331", "ftp://a/mcp", "http:///mcp", "http://a b/mcp", "http://a"] {
        let output = connect("cursor", &["--url", bad], &room.0);
        assert!(!output.status.success() && text(&output.stderr).contains("no address"), "{bad}");
    }
    let both = connect("cursor", &["--url", url, "--", "--simulate"], &room.0);
    assert!(!both.status.success(), "{both:?}");
}

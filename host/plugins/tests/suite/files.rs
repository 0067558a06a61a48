//! Files that are no files, that say a thing twice, or that a terminal would obey.

use std::path::{Path, PathBuf};
use std::process::Command;

use minisign::KeyPair;
use serde_json::json;
use trine_plugins::{Imports, Policy, Step, check, keys};

use crate::site::Site;

fn written(site: &Site, name: &str, text: &str) -> PathBuf {
    let path = site.path(name);
    std::fs::write(&path, text).unwrap();
    path
}

fn why(file: &Path, policy: &Policy, step: Step) -> String {
    let error = check(file, policy).unwrap_err();
    assert_eq!(error.step(), Some(step), "{error}");
    error.to_string()
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_refused_and_not_waited_for() {
    let site = Site::new();
    let link = |name: &str, to: &str| {
        let path = site.path(name);
        std::os::unix::fs::symlink(to, &path).unwrap();
        path
    };
    let pipe = |name: &str| {
        let path = site.path(name);
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        path
    };
    let policy = Policy::default();
    let part = "it is no regular file";
    for (file, step) in [
        (link("zero.toml", "/dev/zero"), Step::Manifest),
        (link("zero.so", "/dev/zero"), Step::Read),
        (pipe("pipe.json"), Step::Manifest),
        (pipe("pipe.so"), Step::Read),
        (site.folder.path().to_owned(), Step::Read),
    ] {
        let said = why(&file, &policy, step);
        assert!(said.contains(part), "{said}");
    }
    let long = written(&site, "long.toml", &"#".repeat(65_537));
    assert!(why(&long, &policy, Step::Manifest).contains("more than 65536 bytes"));
    assert!(keys(&pipe("keys")).unwrap_err().to_string().contains(part));
    let pair = KeyPair::generate_unencrypted_keypair().unwrap();
    let list = written(&site, "list", &pair.pk.to_box().unwrap().to_string());
    let policy = Policy { keys: keys(&list).unwrap(), ..policy };
    let library = site.build("v.so", "version.c", &[]);
    pipe("v.so.minisig");
    assert!(why(&library, &policy, Step::Signature).contains(part));
}

#[test]
fn a_member_that_is_there_twice_is_refused() {
    let site = Site::new();
    for (name, text) in [
        ("a.json", r#"{"library": "v.so", "library": "w.so"}"#),
        ("b.json", r#"{"library": "v.wasm", "limits": {"fuel": 5, "fuel": 5000000}}"#),
        ("c.json", r#"{"library": "v.so", "needs": {"processors": 1, "processors": 2}}"#),
        ("d.toml", "library = \"v.so\"\n[limits]\nfuel = 5\nfuel = 6\n"),
        ("e.toml", "library = \"v.so\"\nlibrary = \"w.so\"\n"),
    ] {
        let said = why(&written(&site, name, text), &Policy::default(), Step::Manifest);
        assert!(said.contains("duplicate"), "{name}: {said}");
    }
}

#[test]
fn files_of_other_systems_are_read_with_their_line_ends_and_marks() {
    let site = Site::new();
    let library = site.build("v.so", "version.c", &[]);
    let pair = KeyPair::generate_unencrypted_keypair().unwrap();
    let key = pair.pk.to_box().unwrap().to_string();
    let text = format!("\u{feff}# our keys\n\n   \n{key}\n# the end");
    let list = written(&site, "keys", &text.replace('\n', "\r\n"));
    let policy = Policy { keys: keys(&list).unwrap(), ..Policy::default() };
    let bytes = std::fs::read(&library).unwrap();
    let signature = minisign::sign(None, &pair.sk, &bytes[..], None, None).unwrap().to_string();
    written(&site, "v.so.minisig", &signature.replace('\n', "\r\n"));
    assert!(check(&library, &policy).unwrap().signed_by.is_some());
    let manifest = "\u{feff}library = \"v.so\"\r\nname = \"versioned\"\r\n";
    check(&written(&site, "m.toml", manifest), &policy).unwrap();
    let manifest = "\u{feff}{\"library\": \"v.so\"}";
    check(&written(&site, "m.json", manifest), &policy).unwrap();
    // A name with spaces, a quote and a line end.
    let odd = site.path("v 'ö\n1.so");
    std::fs::rename(&library, &odd).unwrap();
    site.plugins.load(&[&odd]).unwrap();
    assert_eq!(site.call("which", &json!({"id": 1})), Ok(json!({"id": 1, "version": 1})));
}

#[test]
fn nothing_of_a_file_acts_on_a_terminal() {
    let site = Site::new();
    let policy = Policy::default();
    let acts = |text: &str| text.contains(['\u{1b}', '\u{202e}']);
    let options = ["-Wl,-rpath,/tmp/\u{1b}[2J", "-Wl,-soname,libodd.so"];
    let rpath = site.build_with("rpath.so", "version.c", &[], &options);
    let found: Vec<_> =
        check(&rpath, &policy).unwrap().findings.iter().map(ToString::to_string).collect();
    assert!(found.iter().any(|it| it.contains("/tmp/") && it.contains("[2J")), "{found:?}");
    assert!(!found.iter().any(|it| acts(it)), "{found:?}");
    for (name, text) in [
        ("a.json", "{\"library\": \"v.so\", \"\\u001b[2J\": 1}"),
        ("b.toml", "library = \"v.so\"\n\"\u{202e}\" = 1\n"),
        ("c.toml", "library = \"\\u001b[2J.so\"\nname = 1\n"),
    ] {
        let said = why(&written(&site, name, text), &policy, Step::Manifest);
        assert!(!acts(&said), "{said:?}");
    }
    let file = site.path("\u{1b}[2J.so");
    let said = why(&file, &policy, Step::Read);
    assert!(!acts(&said) && said.contains("[2J.so"), "{said:?}");
    // What the system says of a library that needs another one.
    let (source, needed) = (site.path("odd.c"), site.path("\u{1b}odd.so"));
    std::fs::write(&source, "int odd(void) { return 1; }\n").unwrap();
    let mut cc = Command::new("cc");
    cc.args(["-shared", "-fPIC", "-Wl,-soname,\u{1b}odd.so", "-o"]).arg(&needed).arg(&source);
    assert!(cc.status().unwrap().success());
    let options = ["-Wl,--no-as-needed", needed.to_str().unwrap()];
    let library = site.build_with("needs.so", "version.c", &[], &options);
    let error = site.plugins.load(&[library]).unwrap_err();
    assert_eq!(error.step(), Some(Step::Map), "{error}");
    assert!(!acts(&error.to_string()) && error.to_string().contains("odd.so"), "{error:?}");
}

#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
#[test]
fn what_hides_its_imports_or_makes_its_stack_code_is_found() {
    let strict = Policy { imports: Imports::Deny, ..Policy::default() };
    let site = Site::new();
    let library = site.build("v.so", "version.c", &[]);
    check(&library, &strict).unwrap();
    let bytes = std::fs::read(&library).unwrap();
    let at = |bytes: &[u8], place: usize| {
        u64::from_le_bytes(bytes[place..place + 8].try_into().unwrap()) as usize
    };
    let with = |name: &str, change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = bytes.clone();
        change(&mut bytes);
        let path = site.path(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    // No table of sections: the system needs none.
    let none = with("none.so", &|bytes| {
        bytes[40..48].fill(0);
        bytes[58..64].fill(0);
    });
    assert!(why(&none, &strict, Step::Imports).contains("do not say what it imports"));
    site.plugins.load(&[none]).unwrap();
    assert!(site.plugins.unload("versioned").is_ok());
    // A table whose symbols are other ones.
    let sections = at(&bytes, 40);
    let count = u16::from_le_bytes([bytes[60], bytes[61]]) as usize;
    let kind = |it: &usize| bytes[sections + 64 * it + 4] == 11;
    let symbols = sections + 64 * (0..count).find(kind).unwrap();
    let other = with("other.so", &|bytes| bytes[symbols + 16] ^= 0x40);
    assert!(why(&other, &strict, Step::Imports).contains("do not say what it imports"));
    // No word about the stack.
    let (segments, count) = (at(&bytes, 32), usize::from(bytes[56]));
    let is_stack = |it: &usize| bytes[segments + 56 * it..][..4] == 0x6474_e551_u32.to_le_bytes();
    let stack = segments + 56 * (0..count).find(is_stack).unwrap();
    let silent = with("silent.so", &|bytes| bytes[stack..stack + 4].fill(0));
    if cfg!(target_arch = "x86_64") {
        assert!(why(&silent, &strict, Step::Imports).contains("code that can be written"));
    }
}

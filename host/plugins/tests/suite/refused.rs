//! Plug-ins that are not loaded: each step of loading refuses something, names itself, and leaves
//! everything as it was.

use std::path::{Path, PathBuf};

use minisign::KeyPair;
use serde_json::json;
use trine_plugins::{Error, Imports, Policy, Step, keys};

use crate::site::Site;

/// A site where a plug-in serves, which nothing that is refused may change.
fn serving(policy: Policy) -> Site {
    let site = Site::with(policy);
    let resident = ["NAME=\"resident\"", "TOOL=\"resident\"", "NUMBER=9"];
    let resident = site.build("resident.so", "version.c", &resident);
    if site.plugins.policy().keys.is_empty() {
        site.plugins.load(&[resident]).unwrap();
    }
    site
}

fn refused(site: &Site, file: &Path, step: Step, part: &str) {
    let (listed, before) = (site.listed(), format!("{:?}", site.plugins.list()));
    let balance = |site: &Site| {
        let ledger = site.ledger();
        let count = |what: &str| ledger.iter().filter(|line| line.starts_with(what)).count();
        count("init") - count("shutdown")
    };
    let running = balance(site);
    for attempt in ["first", "second"] {
        let error = site.plugins.load(&[file]).unwrap_err();
        let text = error.to_string();
        assert_eq!(error.step(), Some(step), "{attempt}: {text}");
        assert!(text.contains(part), "{attempt}: {text}");
        assert!(
            text.contains(&*file.file_name().unwrap().to_string_lossy()) || step != Step::Manifest
        );
    }
    assert_eq!(site.listed(), listed);
    assert_eq!(format!("{:?}", site.plugins.list()), before);
    // An init that fails has nothing to shut down.
    assert_eq!(balance(site), running + if step == Step::Init { 2 } else { 0 });
    if listed.iter().any(|name| name == "resident") {
        let call = site.call("resident", &json!({"id": 1}));
        assert_eq!(call, Ok(json!({"id": 1, "version": 9})));
    }
}

/// Writes a file and answers its path.
fn file(site: &Site, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
    let path = site.path(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn a_manifest_that_says_too_little_or_something_else_is_refused() {
    let site = serving(Policy::default());
    site.build("v.so", "version.c", &[]);
    let manifest = |name: &str, text: &str, step, part| {
        refused(&site, &file(&site, name, text), step, part);
    };
    manifest("a.toml", "name = \"versioned\"", Step::Manifest, "it names no library");
    manifest("b.toml", "library = ", Step::Manifest, "");
    manifest("c.json", "{\"library\": \"v.so\", \"colour\": 1}", Step::Manifest, "colour");
    manifest("d.toml", "library = \"v.so\"\nname = \"\"", Step::Manifest, "name is empty");
    manifest("e.toml", "library = \"v.so\"\nversion = \"1.x\"", Step::Manifest, "version");
    manifest("f.toml", "library = \"v.so\"\nsha256 = \"12\"", Step::Manifest, "hexadecimal");
    manifest("g.toml", "library = \"gone.so\"", Step::Read, "No such file");
    let other = "library = \"v.so\"\nname = \"other\"";
    manifest("h.toml", other, Step::Table, "is called 'versioned', and the manifest says 'other'");
    let later = "library = \"v.so\"\nversion = \"1.0.1\"";
    manifest("i.toml", later, Step::Table, "is version 1.0.0, and the manifest says 1.0.1");
    let digest = "0".repeat(64);
    let wrong = format!("library = \"v.so\"\nsha256 = \"{digest}\"");
    manifest("j.toml", &wrong, Step::Digest, &digest);
    refused(&site, &site.path("k.toml"), Step::Manifest, "No such file");
    refused(&site, &site.path("k.so"), Step::Read, "No such file");
    let good = "library = \"v.so\"\nname = \"versioned\"\nversion = \"1.0.0\"";
    site.plugins.load(&[file(&site, "good.toml", good)]).unwrap();
}

#[test]
fn only_what_one_of_the_keys_has_signed_is_loaded() {
    let sign = |pair: &KeyPair, path: &Path, bytes: &[u8]| {
        let signature = minisign::sign(None, &pair.sk, bytes, None, None).unwrap();
        let beside = format!("{}.minisig", path.display());
        std::fs::write(beside, signature.to_string()).unwrap();
    };
    let [ours, theirs] = [(); 2].map(|()| KeyPair::generate_unencrypted_keypair().unwrap());
    let folder = tempfile::TempDir::new().unwrap();
    let list = folder.path().join("keys");
    let text = format!("# ours\n\n{}\n", ours.pk.to_box().unwrap());
    std::fs::write(&list, text).unwrap();
    let site = serving(Policy { keys: keys(&list).unwrap(), ..Policy::default() });
    let path = site.build("v.so", "version.c", &[]);
    let bytes = std::fs::read(&path).unwrap();
    refused(&site, &path, Step::Signature, "it is not signed");
    std::fs::write(format!("{}.minisig", path.display()), "nonsense").unwrap();
    refused(&site, &path, Step::Signature, "is no signature");
    sign(&theirs, &path, &bytes);
    refused(&site, &path, Step::Signature, "by one of the 1 keys");
    sign(&ours, &path, &bytes);
    for at in [0, bytes.len() / 2, bytes.len() - 1] {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1;
        std::fs::write(&path, flipped).unwrap();
        refused(&site, &path, Step::Signature, "by one of the 1 keys");
    }
    std::fs::write(&path, &bytes).unwrap();
    site.plugins.load(&[&path]).unwrap();
    let signed = site.plugins.list()[0].signed_by.clone().unwrap();
    assert!(ours.pk.to_box().unwrap().to_string().contains(&signed));
    // A list without a key would let everything in.
    std::fs::write(&list, "# none\n").unwrap();
    assert!(matches!(keys(&list), Err(Error::Keys { .. })));
    std::fs::write(&list, "RWQnotakey").unwrap();
    let why = keys(&list).unwrap_err().to_string();
    assert!(why.contains("'RWQnotakey' is no key"), "{why}");
}

#[test]
fn what_is_no_library_for_this_machine_is_refused_before_it_runs() {
    let site = serving(Policy::default());
    let path = site.build("v.so", "version.c", &[]);
    let bytes = std::fs::read(&path).unwrap();
    refused(&site, &file(&site, "text.so", "hello"), Step::Machine, "no shared library");
    refused(&site, &file(&site, "empty.so", ""), Step::Machine, "no shared library");
    let program = std::env::current_exe().unwrap();
    refused(&site, &program, Step::Machine, "link it with -shared");
    // The number of the machine in the header of the file.
    let mut other = bytes.clone();
    let machine = if cfg!(target_arch = "x86_64") { 183 } else { 62 };
    other[18..20].copy_from_slice(&u16::to_le_bytes(machine));
    refused(&site, &file(&site, "other.so", other), Step::Machine, "compile it for this machine");
    for len in [1, 64, 100, bytes.len() / 2] {
        let error = site.plugins.load(&[file(&site, "cut.so", &bytes[..len])]).unwrap_err();
        assert!(error.step() <= Some(Step::Map), "{len}: {error}");
    }
}

#[test]
fn what_starts_programs_or_has_writable_code_is_denied_where_the_user_says_so() {
    let source = "-Dunused=1";
    let strict = Policy { imports: Imports::Deny, ..Policy::default() };
    let site = serving(strict);
    let calls_system = ["CALLS_SYSTEM"];
    let path = site.build("system.so", "system.c", &calls_system);
    refused(&site, &path, Step::Imports, "it imports system");
    let stack = site.build_with("stack.so", "version.c", &[], &["-Wl,-z,execstack", source]);
    refused(&site, &stack, Step::Imports, "code that can be written");
    let rpath = site.build_with("rpath.so", "version.c", &[], &["-Wl,-rpath,/tmp/x", source]);
    refused(&site, &rpath, Step::Imports, "looks for libraries in '/tmp/x'");
    // By default that is a warning.
    let site = serving(Policy::default());
    site.plugins.load(&[site.build("system.so", "system.c", &calls_system)]).unwrap();
}

#[test]
fn a_table_of_another_interface_is_refused_and_a_later_minor_version_is_not() {
    let site = serving(Policy::default());
    let table = |name: &str, define: &str, part: &str| {
        refused(&site, &site.build(name, "version.c", &[define]), Step::Table, part);
    };
    table("entry.so", "NO_ENTRY", "exports no trine_plugin_entry");
    table("magic.so", "MAGIC=1", "TRINE_PLUGIN_MAGIC");
    table("v0.so", "ABI=0x00000009u", "version 0.9 of the interface, and this program has 1.1");
    table("v2.so", "ABI=0x00020000u", "version 2.0 of the interface, and this program has 1.1");
    table("size.so", "SIZE=40", "has 40 bytes");
    table("aborts.so", "FLAGS=TRINE_PLUGIN_ABORTS", "would end this process");
    table("name.so", "NAME=\"Bad Name\"", "'Bad Name' is no name");
    table("empty.so", "NAME=\"\"", "'' is no name");
    table("version.so", "VERSION=\"1.0\"", "'1.0' is no version");
    table("calls.so", "CALLS=1000u", "calls_max is 1000, 256 at most");
    table("needs.so", "NEEDS=\"other one\"", "'other one', which is no name and versions");
    let more = ["MEMORY_MIN=3", "MEMORY_MAX=2"];
    let more = site.build("memory.so", "version.c", &more);
    refused(&site, &more, Step::Table, "at least 3 bytes of memory and at most 2");
    let tool = site.build("tool.so", "version.c", &["TOOL=\"no spaces here\""]);
    refused(&site, &tool, Step::Tools, "its name must match");
    let later = ["ABI=0x00010007u", "SIZE=(sizeof(trine_plugin)+64)"];
    site.plugins.load(&[site.build("later.so", "version.c", &later)]).unwrap();
    let earlier = ["ABI=0x00010000u", "NAME=\"earlier\"", "TOOL=\"earlier\""];
    site.plugins.load(&[site.build("earlier.so", "version.c", &earlier)]).unwrap();
}

#[test]
fn what_needs_or_fails_is_refused_by_its_step() {
    let site = serving(Policy { memory_max: 1_000, ..Policy::default() });
    let step = |name: &str, defines: &[&str], step, part: &str| {
        refused(&site, &site.build(name, "version.c", defines), step, part);
    };
    let dependencies = Step::Dependencies;
    step("missing.so", &["NEEDS=\"z\""], dependencies, "needs 'z', which is not loaded");
    let old = "it needs resident >=2, and 1.0.0 is loaded";
    step("old.so", &["NEEDS=\"resident >=2\""], dependencies, old);
    let itself = "versioned -> versioned";
    step("circle.so", &["NEEDS=\"versioned *\""], dependencies, itself);
    let twice = "resident 1.0.0 is loaded already";
    step("twice.so", &["NAME=\"resident\"", "TOOL=\"t\""], dependencies, twice);
    step("memory.so", &["MEMORY_MIN=1001"], Step::Resources, "up to 1001 bytes of memory");
    step("init.so", &["INIT=-12"], Step::Init, "it answered -12");
    step("test.so", &["TEST=-1"], Step::SelfTest, "it answered -1");
    step("health.so", &["HEALTH=-2"], Step::Health, "it answered -2");
    let clash = "two tools are called 'resident'";
    step("clash.so", &["TOOL=\"resident\""], Step::Publish, clash);
}

#[test]
fn a_function_that_never_returns_ends_loading_at_its_step_and_holds_nothing_up() {
    let patience = std::time::Duration::from_millis(200);
    let site = serving(Policy { patience, ..Policy::default() });
    let late = |name: &str, define: &str, step: Step| {
        let path = site.build(name, "version.c", &[define]);
        let error = site.plugins.load(&[path]).unwrap_err();
        assert_eq!(error.step(), Some(step), "{error}");
        assert!(error.to_string().contains("did not return within 200ms"), "{error}");
        assert_eq!(site.listed(), ["resident"]);
    };
    late("init.so", "INIT=hang()", Step::Init);
    late("test.so", "TEST=hang()", Step::SelfTest);
    late("health.so", "HEALTH=hang()", Step::Health);
    // Their states may still be used: they are not freed.
    assert!(!site.ledger().contains(&"shutdown 1".to_owned()));
    assert_eq!(site.call("resident", &json!({"id": 1})), Ok(json!({"id": 1, "version": 9})));
    site.plugins.close();
    assert!(site.ledger().contains(&"shutdown 9".to_owned()));
}

#[test]
fn when_one_of_several_fails_none_is_loaded() {
    let site = serving(Policy::default());
    let fine = site.build("fine.so", "version.c", &["NAME=\"fine\"", "TOOL=\"fine\"", "NUMBER=2"]);
    let needs = ["NEEDS=\"fine ^1\"", "TEST=-5", "NUMBER=3"];
    let bad = site.build("bad.so", "version.c", &needs);
    let error = site.plugins.load(&[bad, fine]).unwrap_err();
    assert_eq!(error.step(), Some(Step::SelfTest), "{error}");
    assert_eq!(site.listed(), ["resident"]);
    let happened = ["init 9", "init 2", "init 3", "shutdown 3", "shutdown 2"];
    assert_eq!(site.ledger(), happened);
}

//! One source of tools in C, compiled for a chip, as a native plug-in and as WebAssembly.

use std::path::{Path, PathBuf};
use std::process::Command;

use trine_descriptor::{
    Annotations, DecimalRange, Field, IntRange, Kind, Literal, Tool, ToolInfo, ToolTable as _,
    ValueWriter,
};
use trine_gateway::host_tools::HostTools as _;
use trine_wasm::{Guest, Limits};

use crate::modules::{call, value};

const HEADERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../include");
const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/c/tools.c");
/// How plug-ins for WebAssembly are compiled.
const WASM: [&str; 6] = [
    "--target=wasm32",
    "-O2",
    "-ffreestanding",
    "-nostdlib",
    "-Wl,--no-entry",
    "-Wl,--export-table",
];
const WARNINGS: [&str; 4] = ["-std=c99", "-Wall", "-Wextra", "-Werror"];

/// A folder of this process for what a test compiles.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("trine-wasm-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        _ = std::fs::remove_dir_all(&self.0);
    }
}

fn compile(compiler: &str, args: &[&str], source: &Path, out: &Path) {
    let mut command = Command::new(compiler);
    command.args(args).arg(format!("-I{HEADERS}")).arg(source).arg("-o").arg(out);
    let done = command.output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{command:?}: {said}\nrun `cargo xtask setup`");
}

/// Compilers of these names are on every system on which `cargo xtask setup` installs them.
const fn is_set_up() -> bool {
    cfg!(target_os = "linux")
}

fn wasm(folder: &Folder) -> Vec<u8> {
    let out = folder.0.join("tools.wasm");
    compile("clang", &[&WARNINGS[..], &WASM].concat(), Path::new(SOURCE), &out);
    std::fs::read(out).unwrap()
}

/// The same tools, as a program in Rust has them.
fn described(test: impl FnOnce(&[Tool<'_>])) {
    let int = |min, max| Kind::Int(IntRange { min, max });
    let decimal = |max, step| Kind::Decimal(DecimalRange { min: 0, max, step, places: 1 });
    let litres = [Field::new("litres", int(-100, 100)).describe("How much is added.").unit("l")];
    let level =
        [Field::new("level", int(i64::MIN, i64::MAX)).describe("How much is in it.").unit("l")];
    let text = [
        Field::new("text", Kind::Text { min: 0, max: 100 }).describe("The text."),
        Field::new("unit", Kind::Choice("words|letters"))
            .describe("What is counted.")
            .default_to(Literal::Label(0)),
        Field::new("note", Kind::Text { min: 0, max: 20 })
            .describe("A note.")
            .default_to(Literal::Text("none")),
        Field::new("share", decimal(100, 5)).describe("A share.").default_to(Literal::Number(15)),
    ];
    let counted = [
        Field::new("count", int(0, i64::MAX)),
        Field::new("note", Kind::Text { min: 0, max: 20 }).optional(),
        Field::new("double", decimal(200, 0)),
    ];
    let tank = ToolInfo {
        title: "Tank",
        annotations: Annotations(Annotations::IDEMPOTENT),
        ..ToolInfo::new("tank_add", "Add water to the tank.")
    };
    let count = ToolInfo {
        annotations: Annotations(Annotations::READ_ONLY),
        ..ToolInfo::new("text_count", "Count words or letters.")
    };
    test(&[Tool::new(tank, &litres, &level), Tool::new(count, &text, &counted)]);
}

#[test]
fn one_source_is_a_chip_s_table_a_native_plug_in_and_a_module() {
    if !is_set_up() {
        return;
    }
    let folder = Folder::new("source");
    let out = folder.0.join("tools.o");
    let chip = [&WARNINGS[..], &["-c", "-DCHIP"]].concat();
    compile("cc", &chip, Path::new(SOURCE), &out);
    let native = [&WARNINGS[..], &["-shared", "-fPIC", "-Wl,-z,defs"]].concat();
    compile("cc", &native, Path::new(SOURCE), &folder.0.join("tools.so"));
    let guest = Guest::load(&wasm(&folder), &Limits::default()).unwrap();
    let facts = guest.facts();
    assert_eq!((&*facts.name, &*facts.version, facts.tools), ("tank", "0.3.1-rc.2", 2));
    assert_eq!((&*facts.author, &*facts.capabilities), ("Trine", "water"));
    // The records are the same to the byte.
    described(|tools| {
        for row in 0..2 {
            assert_eq!(guest.table().hash(row), tools.hash(row), "tool {row}");
        }
    });
}

#[test]
fn tools_in_c_keep_their_state_and_read_and_write_all_kinds() {
    if !is_set_up() {
        return;
    }
    let folder = Folder::new("calls");
    let guest = Guest::load(&wasm(&folder), &Limits::default()).unwrap();
    assert!(guest.health().is_ok());
    assert_eq!(call(&guest, 0, |args| args.int(0, 50)), value(0, 150));
    assert_eq!(call(&guest, 0, |args| args.int(0, -20)), value(0, 130));
    for _ in 0..8 {
        assert!(call(&guest, 0, |args| args.int(0, 100)).is_ok());
    }
    let said = call(&guest, 0, |args| args.int(0, 100)).unwrap_err();
    assert_eq!(said, "the tank holds 1000 litres: add less");
    let counted = |count, note: &str, double| {
        let mut room = [0; 64];
        let mut out = ValueWriter::new(&mut room);
        out.int(0, count);
        out.text(1, note);
        out.decimal(2, double);
        Ok(out.bytes().to_vec())
    };
    assert_eq!(call(&guest, 1, |args| args.text(0, "a few words")), counted(3, "none", 30));
    let letters = call(&guest, 1, |args| {
        args.text(0, "a few words");
        args.label(1, 1);
        args.text(2, "seen");
        args.decimal(3, 50);
    });
    assert_eq!(letters, counted(9, "seen", 100));
}

#[test]
fn the_example_of_the_header_is_a_module_in_c_and_in_cpp() {
    if !is_set_up() {
        return;
    }
    let header = std::fs::read_to_string(Path::new(HEADERS).join("trine_plugin.h")).unwrap();
    let example =
        header.split("\\code\n").nth(1).and_then(|rest| rest.split(" * \\endcode").next());
    let code: Vec<&str> =
        example.unwrap().lines().map(|line| line.strip_prefix(" *").unwrap_or(line)).collect();
    // The macro takes a semicolon.
    let code = code.join("\n").trim_end().trim_end_matches(';').to_owned() + ";\n";
    let folder = Folder::new("example");
    let source = folder.0.join("beep.c");
    std::fs::write(&source, code).unwrap();
    let cpp = ["-x", "c++", "-std=c++17", "-fno-exceptions", "-Wall", "-Wextra", "-Werror"];
    for args in [&WARNINGS[..], &cpp] {
        let out = folder.0.join("beep.wasm");
        compile("clang", &[args, &WASM].concat(), &source, &out);
        let guest = Guest::load(&std::fs::read(out).unwrap(), &Limits::default()).unwrap();
        assert_eq!(guest.facts().name, "beeper");
        assert_eq!(call(&guest, 0, |args| args.int(0, 9)), value(0, 10));
    }
}

//! The header of the greenhouse's tools: what it says, and that every compiler takes it.
use std::path::{Path, PathBuf};
use std::process::Command;

use trine::{GenOptions, c_header};

/// What C code of users is compiled with.
const STRICT: [&str; 8] = [
    "-Wall",
    "-Wextra",
    "-Wpedantic",
    "-Wconversion",
    "-Wcast-align",
    "-Wundef",
    "-Werror",
    "-fsyntax-only",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn greenhouse() -> String {
    let [tools, device] = ["tools.json", "device.json"].map(|name| {
        std::fs::read_to_string(root().join("firmware-example/board").join(name)).unwrap()
    });
    let options =
        GenOptions { prefix: String::new(), places: 1, source: "tools.json".to_owned(), device };
    c_header(&tools, &options).unwrap()
}

#[test]
fn the_golden_header_is_what_is_written() {
    let path = root().join("host/tests/golden/tools.h");
    let header = greenhouse();
    if std::env::var_os("TRINE_GOLDEN").is_some_and(|value| value == "write") {
        std::fs::write(&path, &header).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), header, "cargo xtask golden writes it");
    assert!(header.lines().all(|line| line.chars().count() <= 100), "a line is too long");
}

/// A file that uses every part of the header.
const USE: &str = r#"
#define TOOLS_DESCRIPTORS
#include "tools.h"
#include "tools.h"
static trine_status light_set(void *user_data, trine_call *call)
{
    light_set_args args;
    light_set_result result;
    light_set_get_args(call, &args);
    result.light = args.light == LIGHT_SET_LIGHT_ALL ? LIGHT_SET_LIGHT_GROW : args.light;
    result.on = args.on;
    result.brightness = args.brightness;
    (void)user_data;
    return light_set_put_result(call, &result);
}
static trine_status board_status(void *user_data, trine_call *call)
{
    return board_status_put_result(call, TRINE_CAST(const board_status_result *, user_data));
}
static const trine_tool tools[] = {
    TOOL_LIGHT_SET_ENTRY(light_set, NULL, NULL),
    TOOL_BOARD_STATUS_ENTRY(board_status, NULL, NULL)
};
const trine_tool *tool(uint32_t number);
const trine_tool *tool(uint32_t number)
{
    return number < TOOLS_COUNT ? &tools[number == TOOL_LIGHT_SET ? 0 : 1] : NULL;
}
"#;

#[test]
fn every_compiler_takes_the_header_without_a_warning() {
    let folder = std::env::temp_dir().join(format!("trine-header-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("tools.h"), greenhouse()).unwrap();
    for name in ["use.c", "use.cpp"] {
        std::fs::write(folder.join(name), USE).unwrap();
    }
    let c = ["c99", "c11", "c17", "c2x"].map(|standard| ("gcc", "use.c", standard));
    let clang = ["c99", "c11", "c17", "c2x"].map(|standard| ("clang", "use.c", standard));
    let cpp = ["c++11", "c++17", "c++20"].map(|standard| ("g++", "use.cpp", standard));
    let clangpp = ["c++11", "c++17", "c++20"].map(|standard| ("clang++", "use.cpp", standard));
    for (compiler, file, standard) in [&c[..], &clang, &cpp, &clangpp].concat() {
        let mut command = Command::new(compiler);
        // A table of few tools leaves the nodes of the others unused.
        command.args(STRICT).arg("-Wno-unused-const-variable").arg(format!("-std={standard}"));
        command.arg("-I").arg(root().join("include")).arg("-I").arg(&folder).arg(folder.join(file));
        let ran = command.output().unwrap_or_else(|error| panic!("{compiler}: {error}"));
        let said = String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.success(), "{compiler} {standard}: {said}");
    }
    std::fs::remove_dir_all(folder).unwrap();
}

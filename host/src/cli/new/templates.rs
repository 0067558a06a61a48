//! The templates in this program: `host/templates`.

use super::Lang;
use super::files::File;

const README: &str = include_str!("../../../templates/tool/README.md");
const INCLUDE: [(&str, &str); 2] = [
    ("include/trine.h", include_str!("../../../../include/trine.h")),
    ("include/trine_plugin.h", include_str!("../../../../include/trine_plugin.h")),
];
const C: [(&str, &str); 2] = [
    ("Makefile", include_str!("../../../templates/tool/c/Makefile")),
    ("@name@.c", include_str!("../../../templates/tool/c/@name@.c")),
];
/// The same source in a sandbox.
const WASM: [(&str, &str); 2] = [
    ("Makefile", include_str!("../../../templates/tool/wasm/Makefile")),
    ("@name@.c", include_str!("../../../templates/tool/c/@name@.c")),
];
const CPP: [(&str, &str); 2] = [
    ("Makefile", include_str!("../../../templates/tool/cpp/Makefile")),
    ("@name@.cpp", include_str!("../../../templates/tool/cpp/@name@.cpp")),
];
const RUST: [(&str, &str); 5] = [
    ("Cargo.toml", include_str!("../../../templates/tool/rust/Cargo.toml.in")),
    ("Makefile", include_str!("../../../templates/tool/rust/Makefile")),
    ("src/lib.rs", include_str!("../../../templates/tool/rust/src/lib.rs")),
    ("src/trine_plugin.rs", include_str!("../../../../ffi/plugin/rust/trine_plugin.rs")),
    (
        "src/trine_plugin_state.rs",
        include_str!("../../../../ffi/plugin/rust/trine_plugin_state.rs"),
    ),
];
const PYTHON: [(&str, &str); 5] = [
    ("Makefile", include_str!("../../../templates/tool/python/Makefile")),
    ("README.md", include_str!("../../../templates/tool/python/README.md")),
    ("@name@.json", include_str!("../../../templates/tool/python/@name@.json")),
    ("@tool@_tool.py", include_str!("../../../templates/tool/python/@tool@_tool.py")),
    ("test_@tool@.py", include_str!("../../../templates/tool/python/test_@tool@.py")),
];

/// The files of a project in a language.
pub(super) fn of(lang: Lang) -> Vec<File> {
    let (files, source, interface) = match lang {
        Lang::C => ([&C[..], &INCLUDE].concat(), "@name@.c", "include/trine_plugin.h"),
        Lang::Cpp => ([&CPP[..], &INCLUDE].concat(), "@name@.cpp", "include/trine_plugin.h"),
        Lang::Wasm => ([&WASM[..], &INCLUDE].concat(), "@name@.c", "include/trine_plugin.h"),
        Lang::Python => return PYTHON.iter().map(|(path, text)| file(path, text)).collect(),
        Lang::Rust => (RUST.to_vec(), "src/lib.rs", "src/trine_plugin.rs"),
    };
    let library = if lang == Lang::Wasm { "@name@.wasm" } else { "lib@name@.so" };
    let readme = README.replace("lib@name@.so", library);
    let readme = readme.replace("@source@", source).replace("@interface@", interface);
    let mut files: Vec<_> = files.iter().map(|(path, text)| file(path, text)).collect();
    files.push(file("README.md", &readme));
    files
}

fn file(path: &str, text: &str) -> File {
    File::new(path, text)
}

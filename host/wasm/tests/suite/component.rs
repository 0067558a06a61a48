//! Components, which are refused with what one would have to be given.

use trine_wasm::{Error, Guest, Limits};

use crate::modules::Plug;

fn refused(text: &str) -> String {
    let wasm = wat::parse_str(text).unwrap();
    let error = Guest::load(&wasm, &Limits::default()).unwrap_err();
    assert!(matches!(error, Error::Component(_)), "{error}");
    error.to_string()
}

/// As `componentize-py` and `cargo component` make them: imports of WASI, modules within, and an
/// interface of functions that is exported.
const FOREIGN: &str = r#"(component
    (import "wasi:io/poll@0.2.9" (instance (export "pollable" (type (sub resource)))))
    (import "wasi:clocks/wall-clock@0.2.9" (instance))
    (core module $code (func (export "run") (result i32) i32.const 7))
    (core instance $made (instantiate $code))
    (func $run (result u32) (canon lift (core func $made "run")))
    (instance $tools (export "count" (func $run)))
    (export "example:clock/tools" (instance $tools)))"#;

#[test]
fn a_component_is_refused_by_its_name_and_its_first_import() {
    let said = refused(FOREIGN);
    for part in [
        "it is a component, not a module: it first imports 'wasi:io/poll@0.2.9', and first \
         exports 'example:clock/tools'",
        "trine_plugin.h",
        "Wassette",
    ] {
        assert!(said.contains(part), "{said}");
    }
    assert!(refused("(component)").contains("not a module: it imports nothing. "));
    // Text of a name is no place for what a terminal obeys.
    assert!(!refused(FOREIGN).contains('\u{1b}'));
}

#[test]
fn a_component_cut_anywhere_is_refused_and_a_module_is_none() {
    let wasm = wat::parse_str(FOREIGN).unwrap();
    for end in 0..wasm.len() {
        assert!(Guest::load(&wasm[..end], &Limits::default()).is_err(), "{end}");
    }
    let module = Plug::new().tool("one", [&[], &[]], "i32.const 0").wasm();
    assert!(Guest::load(&module, &Limits::default()).is_ok());
}

//! Modules that are meant to do harm, and damaged ones: each is refused or answers, and nothing
//! panics. The cases are the same each time.

use std::time::Duration;

use trine_bits::Random;
use trine_wasm::{Guest, Limits};

use crate::modules::{BASE, Plug, call, int, text, value, with_other};

fn limits() -> Limits {
    let time = Duration::from_millis(200);
    Limits { fuel: 300_000, time, memory: 1 << 20, ..Limits::default() }
}

/// The interpreter divided by the number of functions.
#[test]
fn a_section_of_code_without_functions_is_refused_whole_or_torn() {
    let code = |size: &[u8], bytes: usize| {
        let mut wasm = b"\0asm\x01\0\0\0\x0a".to_vec();
        wasm.extend_from_slice(size);
        wasm.extend(vec![0; bytes]);
        wasm
    };
    for wasm in [code(&[0xe8, 0x07], 1_000), code(&[0xcf, 0xd3, 0x88, 0x08], 20)] {
        let why = Guest::load(&wasm, &limits()).unwrap_err().to_string();
        assert!(why.contains("its section of code has bytes, but no function"), "{why}");
    }
    let empty = Guest::load(&code(&[0x01], 1), &limits()).unwrap_err().to_string();
    assert!(!empty.contains("but no function"), "{empty}");
}

#[test]
fn pointers_outside_of_its_memory_end_the_call_by_name() {
    for at in ["300000", "-1", "-5", "0x7fffffff"] {
        for body in [
            "(drop (call $get_string (local.get $call) (i32.const 0) (i32.const AT))) i32.const 0",
            "(call $put_string (local.get $call) (i32.const 0) (i32.const AT) (i32.const 8))",
            "(call $put_string (local.get $call) (i32.const 0) (i32.const 8) (i32.const AT))",
            "(call $fail (local.get $call) (i32.const AT) (i32.const 8))",
            "(call $info (local.get $call) (i32.const AT))",
            "(call $param (local.get $call) (i32.const AT) (i32.const 8))",
            "(call $log (local.get $call) (i32.const 0) (i32.const AT) (i32.const 8))",
            "(call $progress (local.get $call) (i32.const 0) (i32.const 1) (i32.const AT)
               (i32.const 8))",
            "(call $content (local.get $call) (i32.const AT) (i32.const 8) (i32.const 8))",
            "(call $put_block (local.get $call) (i32.const AT))",
        ] {
            let guest = with_other(&body.replace("AT", at)).load();
            let said = call(&guest, 2, |args| args.text(0, "x")).unwrap_err();
            let is_named = said.contains("outside its memory")
                || said.contains("a block of content that cannot");
            assert!(is_named, "{body} {at}: {said}");
            assert_eq!(call(&guest, 0, |args| args.int(0, 1)), value(0, 2));
        }
    }
}

/// Each tool is called; none may take the program down.
fn try_tools(guest: &Guest) {
    for row in 0..3 {
        _ = call(guest, row, |args| args.int(0, 1));
        _ = call(guest, row, |args| args.text(0, "x"));
        _ = call(guest, row, |_| {});
    }
    _ = guest.health();
}

/// A module with much of what a table can have.
fn rich() -> Plug {
    let echo = "(drop (call $get_string (local.get $call) (i32.const 0) (i32.const 60000)))
        (call $put_string (local.get $call) (i32.const 0) (i32.load (i32.const 60000))
          (i32.const 1))";
    let plug = with_other("i32.const 3").tool("echo", [&[text("text")], &[text("said")]], echo);
    plug.hook(0, "i32.const 0").hook(1, "").hook(2, "i32.const 0").hook(3, "i32.const 0")
}

#[test]
fn a_table_with_any_bytes_changed_is_refused_or_runs() {
    const CASES: usize = 4_000;
    let mut plug = rich();
    plug.finish();
    let wasm = wat::parse_str(plug.text()).unwrap();
    let data = plug.bytes.clone();
    // The data are in the module as they are.
    let start = wasm.windows(data.len()).position(|bytes| bytes == data).unwrap();
    let mut random = Random::new(63);
    let (mut loaded, mut refused) = (0, 0);
    for _ in 0..CASES {
        let mut wasm = wasm.clone();
        for _ in 0..=random.below(3) {
            let at = start + random.below(data.len() / 4) * 4;
            // Words that are near a border, pointers into the data, and single bytes.
            let word = match random.below(5) {
                0 => u32::MAX - random.below(64) as u32,
                1 => 131_072 - random.below(64) as u32,
                2 => BASE + random.below(data.len()) as u32,
                3 => random.below(300) as u32,
                _ => random.bits() as u32,
            };
            if random.below(2) == 0 {
                wasm[at..at + 4].copy_from_slice(&word.to_le_bytes());
            } else {
                wasm[at + random.below(4)] = word as u8;
            }
        }
        match Guest::load(&wasm, &limits()) {
            Ok(guest) => {
                loaded += 1;
                try_tools(&guest);
            }
            Err(error) => {
                refused += 1;
                assert!(!error.to_string().contains("panicked"), "{error}");
            }
        }
    }
    // The cases are of both kinds, so that they test something.
    assert!(loaded > CASES / 20 && refused > CASES / 20, "{loaded} {refused}");
}

#[test]
fn a_module_with_any_bytes_changed_is_refused_or_runs() {
    const CASES: usize = 4_000;
    let wasm = rich().wasm();
    let mut random = Random::new(64);
    let mut loaded = 0;
    for _ in 0..CASES {
        let mut wasm = wasm.clone();
        for _ in 0..=random.below(4) {
            let at = random.below(wasm.len());
            match random.below(4) {
                0 => wasm[at] ^= 1 << random.below(8),
                1 => wasm[at] = random.bits() as u8,
                2 => drop(wasm.drain(at..(at + random.below(9)).min(wasm.len()))),
                _ => wasm.insert(at, random.bits() as u8),
            }
        }
        match Guest::load(&wasm, &limits()) {
            Ok(guest) => {
                loaded += 1;
                try_tools(&guest);
            }
            Err(error) => assert!(!error.to_string().contains("panicked"), "{error}"),
        }
    }
    assert!(loaded > 0);
}

#[test]
fn tools_that_share_all_their_texts_take_no_more_memory_than_is_allowed() {
    // 1,024 tools whose descriptions are the same 16,000 bytes would be 16 MB of records.
    let mut plug = Plug::new().tool("a", [&[int("n")], &[int("n")]], "i32.const 0");
    let long = plug.put(format!("a\0\0\0{}\0", "x".repeat(16_000)).as_bytes());
    plug.finish();
    let at = (plug.list - BASE) as usize;
    let tool: Vec<u8> = plug.bytes[at..at + 36].to_vec();
    let many: Vec<u8> = (0..1_024).flat_map(|_| tool.clone()).collect();
    let list = plug.put(&many);
    for number in 0..1_024 {
        let at = (list - BASE) as usize + number * 36;
        plug.bytes[at..at + 4].copy_from_slice(&long.to_le_bytes());
    }
    let at = (plug.table - BASE) as usize;
    plug.bytes[at + 68..at + 72].copy_from_slice(&list.to_le_bytes());
    plug.bytes[at + 72..at + 76].copy_from_slice(&1_024u32.to_le_bytes());
    let wasm = wat::parse_str(plug.text()).unwrap();
    let said = Guest::load(&wasm, &Limits::default()).unwrap_err().to_string();
    assert!(said.contains("a description has no zero byte in its"), "{said}");
}

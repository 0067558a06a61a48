//! What a call of a module costs, and how long it takes from its bytes to its first call.
//!
//! ```text
//! cargo run --release -p trine-wasm --example wasm_calls -- [FILE.wasm]
//! ```
//!
//! The tool of the module is called without arguments, or is the one of this example: it adds 1 to
//! an integer. The median of many rounds is printed.

use std::error::Error;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use trine_descriptor::ValueWriter;
use trine_mcp::Outcome;
use trine_wasm::{Guest, Limits};

const ROUNDS: usize = 101;
const CALLS: u32 = 10_000;

/// Where the data of the module begins.
const BASE: usize = 1024;

/// Puts bytes at a multiple of 8, and answers where.
fn put(data: &mut Vec<u8>, bytes: &[u8]) -> u32 {
    data.resize(data.len().next_multiple_of(8), 0);
    let at = u32::try_from(BASE + data.len()).unwrap_or_default();
    data.extend_from_slice(bytes);
    at
}

/// Puts the words of a structure.
fn put_words(data: &mut Vec<u8>, words: &[u32]) -> u32 {
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    put(data, &bytes)
}

/// A module with one tool, as clang lays it out.
fn module() -> Result<Vec<u8>, Box<dyn Error>> {
    let mut data = Vec::new();
    let texts = put(&mut data, b"n\0\0\0A number.\0");
    // An integer that is required, from 0 to 1,000,000.
    let node = put_words(&mut data, &[texts, 1, 0x0102, 0, 0, 1_000_000]);
    let texts = put(&mut data, b"add\0\0\0Add 1 to a number.\0");
    let tools = put_words(&mut data, &[texts, node, node, 1, 0, 0, 3, 0x0101_0000, 0]);
    let [name, version] = [&b"adder"[..], b"1.0.0"].map(|text| put(&mut data, text));
    let mut table = vec![0x4c50_5254, 96, 0x0001_0000, 0, name, 5, version, 5];
    table.resize(17, 0);
    table.extend([tools, 1]);
    table.resize(24, 0);
    let table = put_words(&mut data, &table);
    let mut escaped = String::new();
    data.iter().try_for_each(|byte| write!(escaped, "\\{byte:02x}"))?;
    let text = format!(
        r#"(module
          (import "trine" "get_int" (func $get_int (param i32 i32) (result i64)))
          (import "trine" "put_int" (func $put_int (param i32 i32 i64) (result i32)))
          (memory (export "memory") 2)
          (table (export "__indirect_function_table") 2 funcref)
          (elem (i32.const 1) func $add)
          (data (i32.const {BASE}) "{escaped}")
          (func $add (param $state i32) (param $call i32) (result i32)
            (call $put_int (local.get $call) (i32.const 0)
              (i64.add (i64.const 1) (call $get_int (local.get $call) (i32.const 0)))))
          (func (export "trine_plugin_entry") (param i32) (result i32) i32.const {table}))"#
    );
    Ok(wat::parse_str(text)?)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// Calls the first tool; whether it answered a value.
fn call(guest: &Guest, args: &[u8]) -> bool {
    let mut is_value = false;
    guest.call_here(0, args, &mut |outcome| is_value = matches!(outcome, Outcome::Value(_)));
    is_value
}

fn main() -> Result<(), Box<dyn Error>> {
    let file = std::env::args().nth(1);
    let wasm = file.as_ref().map_or_else(module, |file| Ok(std::fs::read(file)?))?;
    let mut room = [0; 16];
    let mut args = ValueWriter::new(&mut room);
    if file.is_none() {
        args.int(0, 41);
    }
    let mut loads = Vec::new();
    for _ in 0..ROUNDS {
        let began = Instant::now();
        let guest = Guest::load(&wasm, &Limits::default())?;
        if !call(&guest, args.bytes()) {
            return Err("the tool answered no value".into());
        }
        loads.push(began.elapsed());
    }
    let guest = Guest::load(&wasm, &Limits::default())?;
    let mut calls = Vec::new();
    for _ in 0..ROUNDS {
        let began = Instant::now();
        for _ in 0..CALLS {
            call(&guest, args.bytes());
        }
        calls.push(began.elapsed() / CALLS);
    }
    println!("a call: {} ns", median(calls).as_nanos());
    println!("from {} bytes to the first call: {} us", wasm.len(), median(loads).as_micros());
    Ok(())
}

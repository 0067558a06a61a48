//! A packed table is the same table: in every byte of its list, every hash and every verdict.

use trine_bits::Random;
use trine_board::TOOLS;
use trine_descriptor::{Packed, Rules, Side, Tool, ValueWriter, packed};

use super::*;
use drawn::{same, tool, value};

#[path = "../../../core/descriptor/tests/suite/drawn.rs"]
mod drawn;

#[test]
fn the_boards_packed_table_is_its_rust_table() {
    let board = concat!(env!("CARGO_MANIFEST_DIR"), "/../firmware-example/board");
    let read = |name: &str| std::fs::read_to_string(format!("{board}/{name}")).unwrap();
    let options = GenOptions { places: 1, device: read("device.json"), ..GenOptions::default() };
    let tools = listed(&read("tools.json"), &options).unwrap();
    let bytes = table::packed(&tools).unwrap();
    let rust: &[Tool<'_>] = &TOOLS[..10];
    let accepted = same(rust, &Packed::new(&bytes), &mut Random::new(1));
    assert!(accepted > 80, "{accepted}");
    assert_eq!(pack(rust).unwrap(), bytes);
    assert!(bytes.len() < 2_450, "the packed table takes {} bytes", bytes.len());
}

#[test]
fn any_table_is_the_same_when_it_is_packed() {
    let random = &mut Random::new(7);
    let (mut accepted, mut wide) = (0, 0);
    for round in 0..24 {
        let count = if round == 0 { 60 } else { random.below(6) };
        let tools: Vec<Tool<'_>> = (0..count).map(|at| tool(random, at)).collect();
        let bytes = pack(tools.as_slice()).unwrap_or_else(|error| panic!("{error}: {tools:?}"));
        let table = Packed::new(&bytes);
        assert!(table.check());
        accepted += same(tools.as_slice(), &table, random);
        wide += usize::from(bytes[5] > 1);
    }
    assert!(accepted > 500 && wide > 0, "{accepted} values, {wide} tables of many shapes");
}

#[test]
fn the_golden_table_is_packed_to_the_same_bytes() {
    let path = "../core/descriptor/tests/golden/packed.bin";
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let bytes = pack(drawn::tools().as_slice()).unwrap();
    if std::env::var_os("TRINE_GOLDEN").is_some_and(|value| value == "write") {
        std::fs::write(&path, &bytes).unwrap();
    }
    assert!(bytes == std::fs::read(&path).unwrap(), "{}: other bytes", path.display());
}

#[test]
fn an_edited_or_shortened_table_is_found_and_never_panics() {
    let random = &mut Random::new(3);
    let good = pack(&TOOLS[..3]).unwrap();
    assert!(Packed::new(&good).check());
    for at in 0..good.len() {
        let mut bytes = good.clone();
        bytes[at] ^= 1 << random.below(8);
        let table = Packed::new(&bytes);
        assert!(!table.check(), "byte {at}");
        let short = Packed::new(&good[..at]);
        assert!(!short.is_complete() && !short.check(), "{at} bytes");
        for table in [table, short] {
            let mut page = [0; 64];
            for tool in 0..4 {
                _ = (table.head(tool), table.absent(tool, 1), table.params(tool));
                _ = table.judge(tool, Side::Params, &[0, 1, 1, 1, 2, 8]);
            }
            table.page(random.below(400), &mut page);
        }
    }
    assert_eq!(packed::sum(b"foobar"), 0xbf9c_f968, "FNV-1a has a published value for this");
}

#[test]
fn reading_any_bytes_as_a_table_ends_and_never_panics() {
    let random = &mut Random::new(5);
    let good = pack(&TOOLS[..3]).unwrap();
    for round in 0..2_000 {
        // Behind a head that says a table is there, and places of which some are near.
        let mut bytes = vec![0; 40 + random.below(300)];
        bytes.iter_mut().for_each(|byte| *byte = random.below(256) as u8);
        bytes[..24].copy_from_slice(&good[..24]);
        let size = bytes.len() as u16;
        bytes[6..8].copy_from_slice(&size.to_le_bytes());
        for high in [23, 25, 27, 30, 32, 34] {
            bytes[high] &= 1;
        }
        let table = Packed::new(&bytes);
        assert!(table.is_complete() && !table.check(), "round {round}");
        let mut page = [0; 300];
        table.page(random.below(4_000), &mut page);
        for tool in 0..table.tools() {
            let mut room = [0; 64];
            let mut values = ValueWriter::new(&mut room);
            value(random, &mut values);
            _ = (table.head(tool), table.absent(tool, round % 9), table.params(tool));
            _ = table.judge(tool, Side::Output, values.bytes());
        }
    }
}

#[test]
fn what_the_device_says_is_checked_by_name() {
    let tools = r#"[{"name":"t","description":"It does.","inputSchema":{"properties":{
        "n":{"type":"integer","minimum":0,"maximum":9,"description":"How many."},
        "b":{"type":"boolean","description":"Whether."}}}}]"#;
    for (device, parts) in [
        ("[", &["invalid JSON"][..]),
        (r#"{"x":{}}"#, &["the list has no tool x"]),
        (r#"{"t":{"speed":1}}"#, &["t: unknown key speed"]),
        (r#"{"t":{"pending_bytes":70000}}"#, &["pending_bytes 70000", "16 bits"]),
        (r#"{"t":{"fail_safe":["now"]}}"#, &["fail_safe", "link_lost and reset"]),
        (r#"{"t":{"units":{"m":"s"}}}"#, &["unit for m", "not a parameter"]),
        (r#"{"t":{"units":{"b":"s"}}}"#, &["b is not a number"]),
    ] {
        let options = GenOptions { device: device.to_owned(), ..GenOptions::default() };
        let said = trine_models::chain(&c_header(tools, &options).unwrap_err());
        assert!(parts.iter().all(|part| said.contains(part)), "{device}: {said}");
    }
    let device = r#"{"t":{"units":{"n":"rpm"},"version":"1.2","fail_safe":["reset"]}}"#;
    let options = GenOptions { device: device.to_owned(), ..GenOptions::default() };
    let header = c_header(tools, &options).unwrap();
    assert!(header.contains(r#""n", "rpm", "How many.", 0, 9"#), "{header}");
    assert!(header.contains("static const uint8_t tools_table["), "{header}");
}

#[test]
fn a_table_that_cannot_be_packed_says_why_where_it_is_asked_for() {
    let tools = r#"[{"name":"t","description":"It does.","inputSchema":{"properties":{
        "n":{"type":"integer","minimum":0,"maximum":9}}}}]"#;
    let header = c_header(tools, &GenOptions::default()).unwrap();
    assert!(header.contains("#error \"t: "), "{header}");
    assert!(header.contains("it needs a description"), "{header}");
}

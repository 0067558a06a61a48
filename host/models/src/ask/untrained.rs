//! A model for the board's tools that was never trained, for tests: random weights of the golden
//! files and a table of a few pieces.

use trine_ask::{TABLE_VERSION, compile, program_bytes};
use trine_board::TOOLS;
use trine_descriptor::ToolTable;

/// Tools of the board that a model knows.
const KNOWN: u16 = 10;

/// The file.
pub(crate) fn file() -> Vec<u8> {
    with_table(&plain(), &pieces())
}

/// A model without a table.
pub(crate) fn plain() -> Vec<u8> {
    include_bytes!("../../../../tests/golden/bitnet/plain.gguf").to_vec()
}

/// Symbols and hash of the first tools of a table.
pub(crate) fn program(table: &dyn ToolTable) -> (u16, u64) {
    let mut memory = vec![0; program_bytes(table, KNOWN).unwrap()];
    let program = compile(table, KNOWN, &mut memory).unwrap();
    (program.symbols(), program.hash())
}

/// A table without a threshold, as long as keeps the file's tensors where they were.
pub(crate) fn pieces() -> Vec<u8> {
    let (symbols, hash) = program(&TOOLS);
    let mut out = Vec::new();
    [TABLE_VERSION, 1, KNOWN, symbols].iter().for_each(|field| out.extend(field.to_le_bytes()));
    out.extend(hash.to_le_bytes());
    [1.0_f32, 0.0].iter().for_each(|field| out.extend(field.to_le_bytes()));
    out.extend([5, 0, 0, 0]);
    for piece in ["f", "o", "a", "v", "the"] {
        out.push(0x80 | piece.len() as u8);
        out.extend(piece.bytes());
    }
    // The entry has 33 bytes more, and tensors begin at multiples of 32.
    out.resize((out.len() + 33).next_multiple_of(32) - 33, 0);
    out
}

/// A file with one more entry in its header.
fn with_table(file: &[u8], table: &[u8]) -> Vec<u8> {
    let (count, rest) = file[16..].split_first_chunk::<8>().unwrap();
    let mut out = file[..16].to_vec();
    out.extend((u64::from_le_bytes(*count) + 1).to_le_bytes());
    out.extend(9_u64.to_le_bytes());
    out.extend(b"trine.ask");
    out.extend(9_u32.to_le_bytes());
    out.extend(0_u32.to_le_bytes());
    out.extend((table.len() as u64).to_le_bytes());
    out.extend(table);
    out.extend(rest);
    out
}

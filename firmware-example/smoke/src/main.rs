//! `trine-smoke [--calls N [--key KEY]] BOARD_SOCKET PERSON_SOCKET`: a board's first examination,
//! without a gateway. With `--calls` it only makes N calls of two arguments, tagged under the 16
//! characters of a key if one is given, for whoever counts what a call costs on the board. With
//! `--ask FILE` it asks a board with a model for the calls of the sentences in the lines of a file,
//! and looks whether the board does its other work meanwhile; with `--count FILE` it only asks.
//!
//! It speaks the wire over QEMU's sockets and checks greeting, list, calls of each kind, the way a
//! person agrees, a timer's event, noise on the line and a flood, and prints what each step cost.
//! The exit status is 0 when everything held. QEMU must wait for both sockets to be connected, or
//! the board's first text is sent to no one:
//!
//! ```text
//! qemu-system-arm -M mps2-an386 -display none -monitor none -kernel trine-firmware.elf \
//!   -chardev socket,id=board,path=board.sock,server=on,wait=on -serial chardev:board \
//!   -chardev socket,id=person,path=person.sock,server=on,wait=on -serial chardev:person
//! ```
#![forbid(unsafe_code)]

#[cfg(unix)]
mod ask;
#[cfg(unix)]
mod board;
#[cfg(unix)]
mod consent;
#[cfg(unix)]
mod link;
#[cfg(unix)]
mod steps;

#[cfg(unix)]
use anyhow::Context as _;

#[cfg(unix)]
fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["--calls", count, board, person] => steps::calls(count.parse()?, None, board, person),
        ["--calls", count, "--key", key, board, person] => {
            let key = key.as_bytes().try_into().context("a key has 16 bytes")?;
            steps::calls(count.parse()?, Some(key), board, person)
        }
        ["--ask", file, board, person] => ask::main(file, (board, person), true),
        ["--ask", file, "--no-watchdog", board, person] => ask::main(file, (board, person), false),
        ["--count", file, board, person] => ask::each(file, board, person),
        [board, person] => steps::all(board, person),
        _ => anyhow::bail!(
            "usage: trine-smoke [--calls N [--key KEY] | --ask FILE [--no-watchdog] | \
             --count FILE] BOARD_SOCKET PERSON_SOCKET"
        ),
    }
}

#[cfg(not(unix))]
fn main() -> anyhow::Result<()> {
    anyhow::bail!("trine-smoke needs unix sockets")
}

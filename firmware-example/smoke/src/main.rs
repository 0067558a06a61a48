//! `trine-smoke BOARD_SOCKET PERSON_SOCKET`: a board's first examination, without a gateway.
//!
//! It speaks the wire over QEMU's sockets and checks greeting, list, calls of each kind, the way a
//! person agrees, a timer's event, noise on the line and a flood, and prints what each step cost.
//! The exit status is 0 when everything held. QEMU must wait for both sockets to be connected, or
//! the board's first text is sent to nobody:
//!
//! ```text
//! qemu-system-arm -M mps2-an386 -display none -monitor none -kernel trine-firmware.elf \
//!   -chardev socket,id=board,path=board.sock,server=on,wait=on -serial chardev:board \
//!   -chardev socket,id=person,path=person.sock,server=on,wait=on -serial chardev:person
//! ```
#![forbid(unsafe_code)]

#[cfg(unix)]
mod board;
#[cfg(unix)]
mod link;
#[cfg(unix)]
mod steps;

#[cfg(unix)]
fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(board), Some(person), None) = (arguments.next(), arguments.next(), arguments.next())
    else {
        anyhow::bail!("usage: trine-smoke BOARD_SOCKET PERSON_SOCKET");
    };
    steps::all(&board, &person)
}

#[cfg(not(unix))]
fn main() -> anyhow::Result<()> {
    anyhow::bail!("trine-smoke needs unix sockets")
}

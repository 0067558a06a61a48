//! `trine-defmt ELF < FRAMES`: a line for each log frame, its level first.

use std::io::Read;

use anyhow::{Context, Result, bail};
use defmt_decoder::{DecodeError, Table};

fn main() -> Result<()> {
    let elf = std::env::args_os().nth(1).context("usage: trine-defmt ELF < FRAMES")?;
    let elf = std::fs::read(elf).context("no firmware")?;
    let table = Table::parse(&elf)?.context("the firmware has no defmt section")?;
    let mut frames = Vec::new();
    std::io::stdin().read_to_end(&mut frames)?;
    let mut decoder = table.new_stream_decoder();
    decoder.received(&frames);
    loop {
        match decoder.decode() {
            Ok(frame) => {
                let level = frame.level().map_or("", |level| level.as_str());
                println!("{level} {}", frame.display_message());
            }
            Err(DecodeError::UnexpectedEof) => return Ok(()),
            Err(DecodeError::Malformed) if table.encoding().can_recover() => {
                bail!("a frame is damaged")
            }
            Err(DecodeError::Malformed) => bail!("the frames are damaged"),
        }
    }
}

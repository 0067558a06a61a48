//! What a sentence costs a chip that the model of SNIPS reads, which is twice as wide as the
//! board's: the model in flash and nothing beside it, since no board has these tools. What a chip
//! says is what this computer says: call, confidence to the bit, tokens.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use devtools::{programs, sh};
use devtools_c::output_folder;

use crate::sentences::count::Counts;
use crate::sentences::{evenly, texts};
use crate::{Board, CHIPS, M4, chips};

const PROGRAM: &str = "trine-sentences";
const MODEL: &str = "models/snips.gguf";
const TOOLS: &str = "models/snips.tools.json";
/// Most instructions of a sentence on a Cortex-M4, on average.
pub(crate) const GATE: u64 = 80_000_000;
/// Sentences of this project, for where the data is not.
const OWN: [&str; 2] =
    ["play the newest song of the band next door", "will it snow in the hills on friday"];

/// Counts sentences of the validation data on every processor that has instructions for floats,
/// since an emulated one without them takes minutes for so large a model; `None`, and a line that
/// says so, where that data is not.
pub(crate) fn all(count: usize) -> Result<Option<Vec<Counts>>> {
    let Some(data) = std::env::var_os("TRINE_DATA").map(PathBuf::from) else {
        println!("skipped: sentences of SNIPS: set TRINE_DATA to a folder with snips/");
        return Ok(None);
    };
    let sentences = evenly(&texts(&data.join("snips/dev.jsonl"))?, count).context("snips")?;
    let chips: Vec<&Board> = CHIPS.iter().filter(|chip| chip.target.ends_with("hf")).collect();
    measured(&chips, &sentences).map(Some)
}

/// Counts two sentences on the first processor, of which no data is needed.
pub(crate) fn small() -> Result<Vec<Counts>> {
    measured(&[&M4], &OWN.map(str::to_owned))
}

fn measured(chips: &[&'static Board], sentences: &[String]) -> Result<Vec<Counts>> {
    let folder = output_folder("snips")?;
    let [image, tools, text] =
        ["snips.trnm", "tools.bin", "sentences.txt"].map(|name| folder.join(name));
    super::model::pack(MODEL.as_ref(), &image)?;
    fs::write(&tools, compiled()?)?;
    fs::write(&text, sentences.join("\n"))?;
    let files: chips::Files<'_> = &[("MODEL", &image), ("TOOLS", &tools), ("SENTENCES", &text)];
    let host = chips::on_host(PROGRAM, files)?;
    ensure!(host.lines().count() == sentences.len(), "this computer says:\n{host}");
    let measure = |chip: &&'static Board| {
        let chips::Run { said, counts: each, .. } = chips::run(chip, PROGRAM, files)?;
        ensure!(said == host, "{} says\n{said}this computer\n{host}", chip.name);
        ensure!(each.len() == sentences.len(), "{} sentences were counted", each.len());
        Ok(Counts { chip, each, long: 0 })
    };
    chips.iter().map(measure).collect()
}

/// What the tools are compiled to: the bytes of the array in C that `trine gen` writes.
fn compiled() -> Result<Vec<u8>> {
    let line = format!("trine gen {TOOLS} --sentences --prefix snips");
    let text = sh::output(&mut programs::command(&line))?;
    bytes(&text).with_context(|| format!("`{line}` writes no array of bytes:\n{text}"))
}

/// The numbers of an array in C, all of which are hexadecimal.
fn bytes(text: &str) -> Option<Vec<u8>> {
    let array = text.split_once('{')?.1.split_once('}')?.0;
    let words = array.split([',', ' ', '\n']).filter(|word| !word.is_empty());
    words.map(|word| u8::from_str_radix(word.strip_prefix("0x")?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn an_array_of_c_is_read_as_its_numbers() {
        assert_eq!(bytes("x[] = {\n    0x01, 0xff,\n    0x10,\n};\n"), Some(vec![1, 255, 16]));
        assert_eq!(bytes("x[] = { 0x100 };"), None);
    }
}

// The print of the kernels for CUDA, by which a build knows whether they are those of a record
// (`measured.txt`). It is compiled into what builds them, and into the test that compares them.

use std::fs;
use std::io;
use std::path::Path;

/// What is not compiled for CUDA: the machine of fibers.
fn is_of_fibers(name: &str) -> bool {
    name.contains("fibers")
}

/// The print of the sources in a folder: FNV-1a of all lines of code, without comments and spaces
/// at either end, in the order of the files' names.
pub(crate) fn print(folder: &Path) -> io::Result<String> {
    let mut sources = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let is_source = name.ends_with(".h") || name.ends_with(".cu");
        if is_source && !is_of_fibers(&name) {
            sources.push((name, fs::read_to_string(&path)?));
        }
    }
    sources.sort();
    let lines = sources.iter().flat_map(|(name, text)| [&**name].into_iter().chain(text.lines()));
    Ok(format!("{:016x}", of_lines(lines)))
}

fn of_lines<'l>(lines: impl Iterator<Item = &'l str>) -> u64 {
    let code = lines.map(|line| line.split("//").next().unwrap_or_default().trim());
    let bytes = code.filter(|line| !line.is_empty()).flat_map(|line| line.bytes().chain([b'\n']));
    bytes.fold(0xcbf2_9ce4_8422_2325, |print, byte| {
        (print ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

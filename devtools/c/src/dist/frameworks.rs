//! One folder for who has a framework in place of a compiler: a component of ESP-IDF, a module of
//! Zephyr, a library of Arduino and `PlatformIO`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use devtools::{parallel, sh};

use super::package::{self, FILES, VERSION};
use super::target::{HOST, Target};
use super::{DEVICE, library};

/// What is shipped as it is, and what gets the version.
const SOURCE: &str = "ffi/frameworks";
/// The folders of processors, by the names of Arduino, and their targets.
const PROCESSORS: [(&str, &str); 14] = [
    ("cortex-m0plus", "thumbv6m-none-eabi"),
    ("cortex-m3", "thumbv7m-none-eabi"),
    ("cortex-m4/fpv4-sp-d16-hard", "thumbv7em-none-eabihf"),
    ("cortex-m33/fpv5-sp-d16-hard", "thumbv8m.main-none-eabihf"),
    ("esp32c6", "riscv32imac-unknown-none-elf"),
    ("esp32h2", "riscv32imac-unknown-none-elf"),
    // Those before are of the leg, which has made their libraries anyway.
    ("cortex-m4", "thumbv7em-none-eabi"),
    ("cortex-m23", "thumbv8m.base-none-eabi"),
    ("cortex-m33", "thumbv8m.main-none-eabi"),
    ("esp32", "xtensa-esp32-none-elf"),
    ("esp32c2", "riscv32imc-unknown-none-elf"),
    ("esp32c3", "riscv32imc-unknown-none-elf"),
    ("esp32s2", "xtensa-esp32s2-none-elf"),
    ("esp32s3", "xtensa-esp32s3-none-elf"),
];
const OF_THE_LEG: usize = 6;

/// `cargo xtask dist frameworks`.
pub fn main() -> Result<()> {
    let folder = made(&PROCESSORS)?;
    package::archive_as(&folder, &format!("trine-frameworks-{VERSION}")).map(drop)
}

/// The folder with the processors of the leg, and the archive for the host.
pub fn for_tests() -> Result<[PathBuf; 2]> {
    let frameworks = made(PROCESSORS.get(..OF_THE_LEG).unwrap_or_default())?;
    Ok([frameworks, package::make(&HOST, package::For::Tests)?])
}

fn made(processors: &[(&str, &str)]) -> Result<PathBuf> {
    let root = sh::target_dir().join("dist/frameworks/trine");
    sh::empty_folder(&root)?;
    copy(&sh::root().join(SOURCE), &root)?;
    let src = root.join("src");
    for file in FILES.split(' ').filter(|file| is_for_chips(file)) {
        let name = Path::new(file).file_name().unwrap_or_default();
        let folder = if file.starts_with("include/") { &src } else { &root };
        sh::install(&sh::root().join(file), &folder.join(name))?;
    }
    let mut targets: Vec<&str> = processors.iter().map(|(_, target)| *target).collect();
    targets.sort_unstable();
    targets.dedup();
    parallel::each(&targets, |name| {
        library(&DEVICE, &Target::find(name, None)?, "full").map(drop)
    })?;
    for (folder, name) in processors {
        let built = library(&DEVICE, &Target::find(name, None)?, "full")?;
        sh::install(&built, &src.join(folder).join("libtrine.a"))?;
    }
    println!("{}", root.display());
    Ok(root)
}

/// Licences, and headers of what a chip may have: `libtrine_host` is for an operating system.
fn is_for_chips(file: &str) -> bool {
    let hosted = ["client", "figures", "host", "hub", "plugin", "stdio"];
    !hosted.iter().any(|name| file == format!("include/trine_{name}.h"))
}

/// Copies a folder; a file that ends in `.in` gets the version.
fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        let target = to.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            copy(&path, &target)?;
        } else if path.extension().is_some_and(|end| end == "in") {
            let text = fs::read_to_string(&path)?.replace("@VERSION@", VERSION);
            fs::write(target.with_extension(""), text)?;
        } else {
            fs::copy(&path, target)?;
        }
    }
    Ok(())
}

//! `cargo xtask soak amx`: the kernels with AMX, on a processor that Bochs emulates.
//!
//! No computer has to have AMX for it, and QEMU does not know it. The emulated PC boots a kernel of
//! Debian with nothing but busybox and the tests: once with AMX, which Linux first refuses them and
//! then allows, and once where the kernel leaves it disabled.
//!
//! Bochs is built from Debian's source, with two corrections. It multiplies signed bytes as if they
//! had no sign; and it does not tell of XFD, by which Linux gives tiles only to processes that ask,
//! and without which it gives them to none. It does not do more than tell: Linux then does not save
//! a process's tiles where another one runs, so the tests run in one thread, alone.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, ensure};

use crate::{machine, parallel, sh};

/// What is installed for it, and the package of each program.
const NEEDS: [(&str, &str); 4] =
    [("g++", "g++"), ("make", "make"), ("genisoimage", "genisoimage"), ("dpkg", "dpkg")];
/// What is taken of Debian's releases: the first whose Bochs has AMX, with what starts a kernel
/// from a disc, and a kernel that boots in it (6.1 and 6.12 do not).
const TOOLS: (&str, [&str; 6]) = (
    "trixie",
    ["source:bochs", "bochsbios", "vgabios", "busybox-static", "isolinux", "syslinux-common"],
);
const KERNEL: (&str, [&str; 1]) = ("trixie-backports", ["kernel:cloud-amd64"]);
const LOADER: [&str; 2] =
    ["usr/lib/ISOLINUX/isolinux.bin", "usr/lib/syslinux/modules/bios/ldlinux.c32"];
/// A processor with all instructions, and of the PC what the kernel boots with. What shows its
/// speed logs in a signal handler, and then waits for itself where it is logging already.
const OPTIONS: &str = "--enable-cpu-level=6 --enable-x86-64 --enable-avx --enable-evex \
    --enable-amx --enable-pci --with-nogui --disable-plugins --disable-docbook \
    --enable-repeat-speedups --enable-fast-function-calls --enable-handlers-chaining \
    --disable-show-ips";
/// What is corrected: a file, what stands there how often, and what has to.
const CORRECTIONS: [(&str, &str, usize, &str); 3] = [
    ("cpu/avx/amx.cc", "Bit32s(xbyte[", 8, "Bit32s((Bit8s) xbyte["),
    ("cpu/avx/amx.cc", "Bit32s(ybyte[", 8, "Bit32s((Bit8s) ybyte["),
    ("cpu/cpuid.cc", "leaf->eax |= (1<<3);", 1, "leaf->eax |= (1<<3) | (1<<4);"),
];
/// What the machine does.
const INIT: &str = include_str!("amx-init.sh");
/// The tests of `trine-ternary` that it runs.
const TESTS: [&str; 3] = ["tiles", "edges", "oracle"];
/// What the kernel is told in any case: pages in four levels, as Bochs' system management mode
/// knows no five.
const TOLD: &str = "console=ttyS0 quiet panic=-1 mitigations=off nokaslr no5lvl";
/// How the machine boots: what the kernel is told, and what the first test then says.
const WAYS: [(&str, &str); 2] = [
    ("", "best kernels: amx, refused, then with tiles"),
    // AMX-TILE, by its number.
    ("clearcpuid=600", "best kernels: avx512, without tiles"),
];
/// Seconds for each.
const PATIENCE: &str = "7200";

/// Runs the tests both ways; answers what they said.
pub(crate) fn main() -> Result<String> {
    for (program, package) in NEEDS {
        ensure!(sh::works(program, &["--version"]), "no {program}: apt-get install {package}");
    }
    let folder = sh::target_dir().join("amx");
    fs::create_dir_all(&folder)?;
    let tools = borrow(TOOLS.0, folder.join("tools"), &TOOLS.1)?;
    let kernel = borrow(KERNEL.0, folder.join("kernel"), &KERNEL.1)?;
    let versions = sh::entries(&kernel.join("usr/lib/modules"))?;
    let kernel = versions.first().context("no kernel in its package")?.join("vmlinuz");
    let bochs = bochs(&tools)?;
    let root = folder.join("root");
    machine::begin(&root, &tools.join("usr/bin/busybox"), INIT, &[])?;
    // As they are in use: the emulator is slow enough.
    let mut build = vec!["--release", "-p", "trine-ternary"];
    build.extend(TESTS.iter().flat_map(|name| ["--test", name]));
    for program in machine::test_programs(&build)? {
        let name = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let name = name.rsplit_once('-').map_or(&*name, |(name, _)| name);
        machine::place(&root, &program, &Path::new("/bin").join(name))?;
    }
    let pc = Pc { bochs, tools, kernel, root };
    let mut said = Vec::new();
    for (at, (option, expected)) in WAYS.iter().enumerate() {
        let text = pc.boot(&folder.join(format!("boot-{at}")), option)?;
        println!("{text}");
        said.push(verdict(&text, expected)?);
    }
    Ok(said.join("; "))
}

/// Downloads packages of a release and unpacks them into a folder, once.
fn borrow(release: &str, folder: PathBuf, packages: &[&str]) -> Result<PathBuf> {
    if !folder.exists() {
        let mut script = sh::line("sh devtools/gpu/src/borrow.sh");
        sh::run(script.arg(release).arg(&folder).args(packages))?;
    }
    Ok(folder)
}

/// Bochs with its corrections, built once.
fn bochs(tools: &Path) -> Result<PathBuf> {
    let is_source = |path: &PathBuf| path.join("cpu/avx/amx.cc").exists();
    let source = sh::entries(tools)?.into_iter().find(is_source).context("no source of Bochs")?;
    let program = source.join("bochs");
    if !program.exists() {
        for (file, old, count, new) in CORRECTIONS {
            let path = source.join(file);
            let text = fs::read_to_string(&path)?;
            if !text.contains(new) {
                let found = text.matches(old).count();
                ensure!(found == count, "another Bochs: {file} has {found} of {old}");
                fs::write(&path, text.replace(old, new))?;
            }
        }
        let mut configure = sh::command("./configure");
        configure.args(OPTIONS.split_whitespace()).current_dir(&source);
        sh::run(configure.stdout(Stdio::null()))?;
        let jobs = format!("-j{}", parallel::processors());
        sh::run(sh::command("make").args(["-s", &jobs]).current_dir(&source))?;
    }
    Ok(program)
}

/// The emulated PC: the emulator, a folder with its BIOS, the kernel, and the machine's files.
struct Pc {
    bochs: PathBuf,
    tools: PathBuf,
    kernel: PathBuf,
    root: PathBuf,
}

impl Pc {
    /// Boots it in a folder; what came out of its serial port.
    fn boot(&self, place: &Path, option: &str) -> Result<String> {
        sh::empty_folder(place)?;
        let disc = place.join("disc");
        fs::create_dir_all(&disc)?;
        for file in LOADER {
            let from = self.tools.join(file);
            fs::copy(&from, disc.join(from.file_name().context("a file")?))?;
        }
        fs::copy(&self.kernel, disc.join("vmlinuz"))?;
        machine::pack(&self.root, &disc.join("initrd.gz"))?;
        let config = format!(
            "DEFAULT linux\nPROMPT 0\nLABEL linux\n KERNEL vmlinuz\n \
             APPEND initrd=initrd.gz {TOLD} {option}\n"
        );
        fs::write(disc.join("isolinux.cfg"), config)?;
        let mut image = sh::command("genisoimage");
        image.args(["-quiet", "-o", "disc.iso", "-b", "isolinux.bin", "-c", "boot.cat"]);
        image.args(["-no-emul-boot", "-boot-load-size", "4", "-boot-info-table", "-R", "disc"]);
        sh::run(image.current_dir(place))?;
        fs::write(place.join("bochsrc"), self.describe())?;
        let mut emulator = sh::command("timeout");
        emulator.arg(PATIENCE).arg(&self.bochs).args(["-q", "-f", "bochsrc"]).current_dir(place);
        emulator.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        // To Bochs it is an error that the machine turns itself off; the tests say how they went.
        let _ = emulator.status()?;
        let said = fs::read(place.join("serial.txt")).context("nothing said: see bochs.log")?;
        Ok(String::from_utf8_lossy(&said).into_owned())
    }

    /// The PC, as Bochs reads it.
    fn describe(&self) -> String {
        let share = self.tools.join("usr/share");
        let share = share.display();
        format!(
            "config_interface: textconfig
display_library: nogui
cpu: model=sapphire_rapids, count=1, ips=100000000, reset_on_triple_fault=0, ignore_bad_msrs=1
memory: guest=512, host=512
romimage: file={share}/bochs/BIOS-bochs-latest, options=fastboot
vgaromimage: file={share}/vgabios/vgabios.bin
pci: enabled=1, chipset=i440fx
ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
ata0-master: type=cdrom, path=disc.iso, status=inserted
boot: cdrom
log: bochs.log
error: action=ignore
panic: action=fatal
com1: enabled=1, mode=file, dev=serial.txt
speaker: enabled=0
clock: sync=none
"
        )
    }
}

/// What the tests said, where all have passed and went the way that they had to.
fn verdict(said: &str, expected: &str) -> Result<String> {
    let passed: Vec<_> =
        said.lines().filter_map(|line| line.strip_prefix("test result: ok. ")).collect();
    let is_whole = passed.len() == TESTS.len() && !said.contains("FAILED");
    ensure!(is_whole, "not all tests passed: see above");
    ensure!(said.contains(expected), "the tests do not say `{expected}`");
    let counts = passed.iter().filter_map(|line| line.split(' ').next()?.parse::<u32>().ok());
    Ok(format!("{expected}: {} tests pass", counts.sum::<u32>()))
}

#[cfg(test)]
mod tests {
    use super::{WAYS, verdict};

    #[test]
    fn a_run_counts_only_when_every_test_has_passed_the_way_it_had_to() {
        let run = |result: &str, way: &str| {
            let one = format!("test x ... {way}\ntest result: {result}. 2 passed; 0 failed\n");
            one.repeat(3)
        };
        let [(_, with), (_, without)] = WAYS;
        assert_eq!(verdict(&run("ok", with), with).unwrap(), format!("{with}: 6 tests pass"));
        assert!(verdict(&run("ok", without), with).is_err());
        assert!(verdict(&(run("ok", with) + &run("FAILED", with)), with).is_err());
        assert!(verdict(&format!("{with}\ntest result: ok. 2 passed\n"), with).is_err());
    }
}

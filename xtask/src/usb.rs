//! `cargo xtask soak usb`: the tests of USB boards on real USB devices of Linux.
//!
//! An emulated PC boots Debian's kernel with nothing but busybox, the program and its tests. There
//! the tests make USB gadgets (CDC-ACM) and plug them into `dummy_hcd`, a host controller that
//! leads back to the same machine: once where `cdc_acm` makes serial ports of them, once where no
//! driver has them, so that the program speaks with them by bulk transfers, and once with a class
//! of their own, by `FunctionFS`.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::{machine, sh};

/// What is installed for it, and a program of each package.
const NEEDS: [(&str, &str); 2] = [("qemu-system-x86_64", "qemu-system-x86"), ("dpkg-deb", "dpkg")];
/// What of the kernel is loaded, in this order, below its folder of modules.
const MODULES: [&str; 10] = [
    "fs/configfs/configfs",
    "drivers/usb/common/usb-common",
    "drivers/usb/core/usbcore",
    "drivers/usb/gadget/udc/udc-core",
    "drivers/usb/gadget/libcomposite",
    "drivers/usb/gadget/function/u_serial",
    "drivers/usb/gadget/function/usb_f_acm",
    "drivers/usb/gadget/function/usb_f_fs",
    "drivers/usb/class/cdc-acm",
    "drivers/usb/gadget/udc/dummy_hcd",
];
/// What the machine does; it ends with a line for each run of the tests.
const INIT: &str = include_str!("usb-init.sh");
/// The ways by which the board is reached, in the order of the script.
const WAYS: [&str; 3] =
    ["cdc_acm", "bulk transfers to CDC-ACM", "bulk transfers to a class of its own"];
/// What stands before the figures of a pulled cable.
const CABLE: &str = "pulled cable ";
/// Seconds for all of it.
const PATIENCE: &str = "1800";

/// Runs the tests in the machine; answers how soon a pulled cable was noticed.
pub(crate) fn main() -> Result<String> {
    for (program, package) in NEEDS {
        ensure!(sh::works(program, &["--version"]), "no {program}: apt-get install {package}");
    }
    let here = here()?;
    let folder = sh::target_dir().join("usb");
    let image = machine::packages(&folder)?;
    let root = folder.join("root");
    lay_out(&folder, &root, &image)?;
    let files = folder.join("initrd.gz");
    machine::pack(&root, &files)?;
    let mut emulator = sh::command("timeout");
    emulator.args([PATIENCE, "qemu-system-x86_64", "-cpu", "max", "-smp", "2", "-m", "1024"]);
    emulator.args(["-nographic", "-no-reboot", "-append", "console=ttyS0 quiet panic=-1"]);
    emulator.arg("-kernel").arg(machine::kernel(&folder)?).arg("-initrd").arg(files);
    let said = sh::output(emulator.stdin(std::process::Stdio::null()))?;
    println!("{said}");
    Ok(format!("pulled cable by pseudo-terminal, on this computer: {here}; {}", verdict(&said)?))
}

/// How soon a pulled cable is noticed where nothing is emulated but the port.
fn here() -> Result<String> {
    const TEST: &str = "usb::a_pulled_cable";
    let mut cargo = sh::cargo();
    cargo.args(["test", "-q", "-p", "trine", "--test", "gateway", TEST, "--", "--nocapture"]);
    let said = sh::output(&mut cargo)?;
    let told = said.lines().find_map(|line| line.split_once(CABLE));
    Ok(told.context("a pulled cable was not measured")?.1.trim().to_owned())
}

/// The files of the machine: programs keep their paths, as the tests know them by those.
fn lay_out(folder: &Path, machine: &Path, version: &str) -> Result<()> {
    machine::begin(machine, &folder.join("bin/busybox"), INIT, &["modules"])?;
    for (number, module) in MODULES.iter().enumerate() {
        let file = format!("lib/modules/{version}/kernel/{module}.ko");
        let name = module.rsplit('/').next().unwrap_or_default();
        fs::copy(folder.join(file), machine.join(format!("modules/{number}-{name}.ko")))?;
    }
    sh::run(sh::cargo().args(["build", "-q", "-p", "trine"]))?;
    let program = sh::program_in(&sh::target_dir().join("debug"), "trine");
    let tests = machine::test_programs(&["-p", "trine", "--test", "gateway"])?;
    let tests = tests.last().context("no program of tests")?;
    machine::place(machine, &program, &program)?;
    machine::place(machine, tests, Path::new("/bin/gateway"))?;
    for kept in [sh::target_dir().join("tmp"), sh::root().join("host")] {
        fs::create_dir_all(machine.join(kept.strip_prefix("/")?))?;
    }
    Ok(())
}

/// What was measured, where every test has passed each time.
fn verdict(said: &str) -> Result<String> {
    let passed = said.lines().filter(|line| line.starts_with("test result: ok. ")).count();
    ensure!(passed == WAYS.len() && !said.contains("FAILED"), "not all tests passed: see above");
    let told: Vec<_> = said.lines().filter_map(|line| line.split_once(CABLE)).collect();
    ensure!(told.len() == WAYS.len(), "a pulled cable was not measured each time");
    let told = WAYS.iter().zip(&told).map(|(way, (_, told))| format!("{way}: {}", told.trim()));
    Ok(format!("in the emulated PC by {}", told.collect::<Vec<_>>().join("; by ")))
}

#[cfg(test)]
mod tests {
    use super::verdict;

    #[test]
    fn a_run_counts_only_when_every_test_has_passed_each_time() {
        let run = |result: &str| {
            format!("test x ... pulled cable told after 5 ms\ntest result: {result}. 4 passed\n")
        };
        let said = verdict(&run("ok").repeat(3)).unwrap();
        assert_eq!(said.matches("told after 5 ms").count(), 3, "{said}");
        assert!(verdict(&run("ok").repeat(2)).is_err());
        assert!(verdict(&(run("ok").repeat(2) + &run("FAILED"))).is_err());
        assert!(verdict(&"test result: ok. \n".repeat(3)).is_err());
    }
}

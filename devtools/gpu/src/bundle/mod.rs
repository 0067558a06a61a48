//! A bundle for a machine with a GPU and no Rust: what `bench gpu` measures and tests with, in one
//! folder. `cargo xtask gpu-bundle` makes it here, and `bench gpu --bundle` runs it there, where
//! neither cargo nor the source is.

mod make;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, ensure};
use devtools::sh;

use crate::modules::{self, ternary};
use crate::vulkan::{self, LIBRARIES};

pub use make::{main, make_for};

/// The program, this one, and what a person runs there.
const TRINE: &str = "trine";
const XTASK: &str = "xtask";
const SCRIPT: &str = "bench-gpu";
/// The test programs, and the files that they read, which lie beside them as they do in the source.
const TESTS: &str = "tests";
/// Vulkan's loader, for a machine that has a driver and none.
const LOADER: &str = "loader";
/// Where models are made; those of the source lie there already, since tests read them.
const MODELS: &str = "models";

/// A test program, called after what cargo builds it from, and which of its tests are run.
type Test = (&'static str, Option<&'static str>);

/// Those that `bench gpu` runs with cargo: of devices, and of training on devices.
const PROGRAMS: [Test; 3] = [("trine_ggml", None), ("device", None), (TRAINING, Some("device::"))];
const TRAINING: &str = "trine_train";
/// The tests of our own backend, which computes our engine's graphs and no others.
const OWN: [Test; 1] = [("device", Some(ternary::NAME))];

/// The library of a backend in the bundle.
fn library(backend: &str) -> String {
    format!("libggml-{backend}.so")
}

/// A bundle, and what is run of it.
#[derive(Debug)]
pub struct Bundle {
    folder: PathBuf,
    backend: String,
    is_software: bool,
}

impl Bundle {
    /// The bundle of a folder, for one of its backends.
    pub fn open(folder: &Path, backend: &str, is_software: bool) -> Result<Self> {
        let folder = std::path::absolute(folder)?;
        let (shown, has) = (folder.display(), |name: &str| folder.join(name).is_file());
        ensure!(has(TRINE), "{shown} is no bundle: `cargo xtask gpu-bundle` makes one");
        // Our own backend is measured next to llama.cpp on CUDA, with which it is made.
        let of = if backend == ternary::NAME { "cuda" } else { backend };
        for name in [backend, of] {
            ensure!(
                has(&library(name)),
                "the bundle {shown} was made without {name}: `cargo xtask gpu-bundle {of}` has it"
            );
        }
        Ok(Self { folder, backend: backend.to_owned(), is_software })
    }

    /// Where models are made, and stay for the next run.
    pub fn models(&self) -> PathBuf {
        self.folder.join(MODELS)
    }

    /// Where figures are kept.
    pub fn records(&self) -> PathBuf {
        self.folder.join("record")
    }

    /// The program.
    pub fn trine(&self) -> Result<Command> {
        self.command(Path::new(TRINE))
    }

    /// Runs the tests of devices, and of training on them where the backend can.
    pub fn test(&self) -> Result<()> {
        self.tests().iter().try_for_each(|test| sh::run(&mut self.tests_of(*test)?))
    }

    fn tests(&self) -> &'static [Test] {
        if self.backend == ternary::NAME { &OWN } else { &PROGRAMS }
    }

    fn tests_of(&self, (name, only): Test) -> Result<Command> {
        let folder = self.folder.join(TESTS);
        let mut test = self.command(&Path::new(TESTS).join(name))?;
        // As cargo has it, so that tests find their files from here.
        test.current_dir(&folder).env("CARGO_MANIFEST_DIR", &folder);
        if self.backend == "vulkan" && std::env::var_os(vulkan::VISIBLE).is_none() {
            // As for the tests that cargo runs: one device, of whatever kind.
            test.env(vulkan::VISIBLE, "0");
        }
        if self.is_software && name == TRAINING {
            test.env(vulkan::SINGLE, "1");
        }
        // ggml opens a device in one thread at a time.
        test.args(only).arg("--test-threads=1");
        Ok(test)
    }

    /// A program of the bundle, with its libraries before all others.
    fn command(&self, program: &Path) -> Result<Command> {
        let mut command = sh::command(self.folder.join(program));
        sh::prepend(&mut command, LIBRARIES, &self.folder)?;
        // The tests lie in a folder of their own, and modules are looked for where a program lies.
        command.current_dir(&self.folder).env(modules::VARIABLE, &self.folder);
        if self.is_software {
            command = vulkan::on_software_here(command)?;
        }
        // A bundle with several backends sees the same device through each: this run is for one.
        match &*self.backend {
            "cuda" | ternary::NAME => command.env(vulkan::VISIBLE, ""),
            _ => command.env("CUDA_VISIBLE_DEVICES", ""),
        };
        Ok(command)
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;
    use std::process::Command;

    use devtools::sh::{self, scratch};

    use super::{Bundle, PROGRAMS};

    fn told<'c>(command: &'c Command, name: &str) -> Option<&'c OsStr> {
        command.get_envs().find(|(key, _)| *key == name).and_then(|(_, value)| value)
    }

    /// What it is told of Vulkan's devices and of CUDA's.
    fn devices(command: &Command) -> [Option<&OsStr>; 2] {
        ["GGML_VK_VISIBLE_DEVICES", "CUDA_VISIBLE_DEVICES"].map(|name| told(command, name))
    }

    #[test]
    fn the_script_runs_the_bench_of_its_own_folder_from_anywhere() {
        let folder = scratch("bundle script");
        let runs = |name: &str, text: &str| {
            let path = folder.join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        };
        runs("bench-gpu", include_str!("bench-gpu.sh"));
        runs("xtask", "#!/bin/sh\necho \"$LD_LIBRARY_PATH\"\nprintf '%s\\n' \"$@\"\n");
        let printed = |loader: &str| {
            let mut script = Command::new(folder.join("bench-gpu"));
            script.args(["cuda", "--record"]).current_dir("/").env("LD_LIBRARY_PATH", "/else");
            let printed = sh::output(&mut script).unwrap();
            let (places, args) = printed.split_once('\n').unwrap();
            let shown = folder.display();
            assert_eq!(args, format!("bench\ngpu\ncuda\n--record\n--bundle\n{shown}\n"));
            assert!(places.starts_with(&format!("{shown}:")), "{places}");
            assert!(places.ends_with(&format!(":/else{loader}")), "{places}");
        };
        // A program that starts needs no other loader, and one that does not is given it.
        fs::create_dir(folder.join("loader")).unwrap();
        runs("trine", "#!/bin/sh\nexit 0\n");
        printed("");
        runs("trine", "#!/bin/sh\nexit 127\n");
        printed(&format!(":{}/loader", folder.display()));
    }

    #[test]
    fn what_a_bundle_runs_is_its_own_and_sees_one_backend() {
        let folder = scratch("bundle");
        let open = |backend| Bundle::open(&folder, backend, false);
        assert!(open("cuda").is_err(), "an empty folder is no bundle");
        for file in ["trine", "libggml-cuda.so"] {
            fs::write(folder.join(file), "").unwrap();
        }
        assert!(open("vulkan").unwrap_err().to_string().contains("without vulkan"));
        let bundle = open("cuda").unwrap();
        let trine = bundle.trine().unwrap();
        assert_eq!(trine.get_program(), folder.join("trine"));
        assert_eq!(trine.get_current_dir(), Some(&*folder));
        let libraries = told(&trine, "LD_LIBRARY_PATH").unwrap();
        assert_eq!(std::env::split_paths(libraries).next(), Some(folder.clone()));
        assert_eq!(devices(&trine), [Some(OsStr::new("")), None]);
        let training = bundle.tests_of(PROGRAMS[2]).unwrap();
        assert_eq!(training.get_program(), folder.join("tests/trine_train"));
        assert!(training.get_args().eq(["device::", "--test-threads=1"]));
        assert_eq!(told(&training, "CARGO_MANIFEST_DIR"), Some(folder.join("tests").as_os_str()));
        assert_eq!(told(&training, "TRINE_GGML_MODULES"), Some(folder.as_os_str()));
    }

    #[test]
    fn our_own_backend_is_tested_by_itself_in_a_bundle_with_cuda() {
        let folder = scratch("bundle ternary");
        fs::write(folder.join("trine"), "").unwrap();
        for library in ["libggml-ternary.so", "libggml-cuda.so"] {
            let refused = Bundle::open(&folder, "ternary", false).unwrap_err().to_string();
            assert!(refused.ends_with("`cargo xtask gpu-bundle cuda` has it"), "{refused}");
            fs::write(folder.join(library), "").unwrap();
        }
        let bundle = Bundle::open(&folder, "ternary", false).unwrap();
        let [test] = bundle.tests() else { panic!("there is more than one program") };
        let test = bundle.tests_of(*test).unwrap();
        assert_eq!(test.get_program(), folder.join("tests/device"));
        assert!(test.get_args().eq(["ternary", "--test-threads=1"]));
        assert_eq!(devices(&test), [Some(OsStr::new("")), None]);
    }
}

//! `cargo xtask test --leg python`: the Python package, built as a wheel and used.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use devtools::Gates;
use devtools::record::{self, Record};
use serde_json::Value;

use crate::sh;

/// The packages that build it.
const LOCK: &str = "bindings/python/requirements.txt";
/// An image of a server in Python.
const DOCKERFILE: &str = "bindings/python/Dockerfile";
/// The official client, which calls what the package serves.
const OFFICIAL: &str = "tests/clients/requirements.txt";
/// The minor version of the oldest Python 3 that the package is for.
const OLDEST: u32 = 9;
/// Milliseconds that an import may take, and microseconds of a call in the process.
const IMPORT_MAX: f64 = 30.0;
const CALL_MAX: f64 = 15.0;
/// How many times as many calls as the official package a server has to answer, and should.
const RATIO: [f64; 2] = [10.0, 25.0];

pub(crate) fn main() -> Result<()> {
    let mut library = sh::cargo();
    library.args(["rustc", "-q", "-p", "trine-c-host", "--crate-type", "staticlib"]);
    sh::run(&mut library)?;
    // What models write is compared with it.
    sh::run(sh::cargo().args(["build", "-q", "-p", "trine", "--bin", "trine"]))?;
    let python = environment("python")?;
    let folder = sh::target_dir().join("python-wheel");
    let wheel = &installed(&python, &folder, "debug")?;
    let source = folder.join("source");
    let mut tests = sh::command(&python);
    tests.args(["-B", "-m", "unittest", "discover", "-s"]).arg(source.join("tests"));
    tests.env("TRINE_ABI", sh::root().join("bindings/trine_abi.json"));
    tests.env("TRINE_DOCS", sh::root().join("docs"));
    tests.env("TRINE_PROGRAM", sh::target_dir().join("debug/trine"));
    sh::run(tests.current_dir(&folder))?;
    image(&folder, wheel)?;
    others(&folder, wheel)
}

/// An environment with what builds the package, and with the official one.
fn environment(name: &str) -> Result<PathBuf> {
    let [lock, client] = [LOCK, OFFICIAL].map(|lock| sh::root().join(lock).display().to_string());
    sh::python(name, &["-r", &lock, "-r", &client])
}

/// Makes a wheel with the library of a profile, and installs it; answers it.
fn installed(python: &Path, folder: &Path, profile: &str) -> Result<PathBuf> {
    // Building writes beside the sources.
    sh::empty_folder(folder)?;
    let source = folder.join("source");
    sh::run(sh::command("cp").arg("-r").arg(sh::root().join("bindings/python")).arg(&source))?;
    let pip = ["-m", "pip", "--disable-pip-version-check"];
    let mut wheel = sh::command(python);
    wheel.args(pip).args(["wheel", "-q", "--no-build-isolation", "--no-deps", "-w"]);
    wheel.arg(folder).arg(&source);
    wheel.env("TRINE_LIB", sh::target_dir().join(profile));
    sh::run(wheel.env("TRINE_INCLUDE", sh::root().join("include")))?;
    let wheel = sh::files(folder, "whl")?.pop().context("pip wrote no wheel")?;
    let mut install = sh::command(python);
    install.args(pip).args(["install", "-q", "--no-index", "--no-deps", "--force-reinstall"]);
    sh::run(install.arg(&wheel))?;
    Ok(wheel)
}

/// `cargo xtask bench python`: the package as users build it, next to the official one.
pub(crate) fn bench(keep: bool) -> Result<()> {
    let mut library = sh::cargo();
    library.args(["rustc", "--profile", "wheel", "--locked", "-p", "trine-c-host"]);
    sh::run(library.args(["--crate-type", "staticlib"]))?;
    let python = environment("python-bench")?;
    installed(&python, &sh::target_dir().join("python-bench-wheel"), "wheel")?;
    let record = Record::begin("python", record::Figures::Times, keep)?.program("python3")?;
    let official = "import importlib.metadata; print(importlib.metadata.version('mcp'))";
    let official = sh::output(sh::command(&python).args(["-c", official]))?;
    let script = sh::root().join("bindings/python/benches/figures.py");
    let figures: Value = serde_json::from_str(&sh::output(sh::command(&python).arg(script))?)?;
    let of = |figure: &Value| figure.as_f64().context("a figure is missing");
    let (import, call) = (of(&figures["import_ms"])?, of(&figures["call_us"])?);
    let mut text = format!(
        "A tool with two typed arguments and a structured result. Next to the package mcp {}: a \
         server on standard input and output, calls a second of its own processor time.\n\n\
         | what | figure |\n|---|---:|\n\
         | import, with all that it imports, ms | {import:.1} |\n\
         | a call in the process, us | {call:.1} |\n\
         | 100 coroutines at once that wait 5 ms each, ms | {:.1} |\n",
        official.trim(),
        of(&figures["at_once_ms"])?
    );
    let mut gates = Gates::default();
    gates.at_most("import, ms", import, IMPORT_MAX);
    gates.at_most("a call in the process, us", call, CALL_MAX);
    for depth in [1, 32] {
        let rates = &figures[&format!("stdio_{depth}")];
        let (ours, theirs) = (of(&rates["trine"])?, of(&rates["mcp"])?);
        let ratio = ours / theirs;
        for (what, figure) in [("Trine", ours.round()), ("mcp", theirs.round()), ("ratio", ratio)] {
            let decimals = usize::from(what == "ratio");
            text +=
                &format!("| calls a second, {depth} at a time: {what} | {figure:.decimals$} |\n");
        }
        gates.at_least(format!("times as many as mcp, {depth} at a time"), ratio, RATIO);
    }
    record.end_with(&text, &gates)
}

/// The part of a soak: memory over a million calls and ten thousand servers, and what is lost in
/// valgrind.
pub(crate) fn soak() -> Result<String> {
    main()?;
    let python = sh::target_dir().join("python/bin/python");
    let measure = || {
        let mut measure = sh::command(&python);
        measure.arg(sh::root().join("bindings/python/benches/memory.py"));
        measure
    };
    let said = [sh::output(&mut measure())?, sh::output(measure().arg("--valgrind"))?].concat();
    let lines = said.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    Ok(lines.collect::<Vec<_>>().join("; "))
}

/// Does what the image of the Dockerfile does with the wheel, in a folder in the place of an image.
fn image(folder: &Path, wheel: &Path) -> Result<()> {
    let text = sh::read(DOCKERFILE)?;
    let place = folder.join("image");
    let wheels = place.join("wheels");
    fs::create_dir_all(&wheels)?;
    fs::copy(wheel, wheels.join(wheel.file_name().context("a wheel has a name")?))?;
    let python = place.join("bin/python");
    sh::run(sh::command("python3").args(["-m", "venv"]).arg(&place))?;
    // The other wheels that `pip wheel` puts there.
    let mut download = sh::command(&python);
    download.args(["-m", "pip", "download", "-q", "--only-binary=:all:", "cffi", "-d"]);
    sh::run(download.arg(&wheels))?;
    let (_, last) = text.rsplit_once("\nFROM ").context("an image")?;
    let install = last.lines().find_map(|line| line.strip_prefix("RUN pip "));
    let install = install.context("the image installs the wheel")?.replace("/wheels", "wheels");
    let mut pip = sh::command(&python);
    sh::run(pip.args(["-m", "pip"]).args(install.split(' ')).current_dir(&place))?;
    let tools = place.join("tools.py");
    fs::write(&tools, "def seven() -> int:\n    'Answers seven.'\n    return 7\n")?;
    let (_, line) = last.split_once("\nCMD ").context("the image runs something")?;
    let words: Vec<String> = serde_json::from_str(line.trim())?;
    let (program, words) = words.split_first().context("a program")?;
    ensure!(program == "python", "the image runs {program}");
    let mut run = sh::command(&python);
    run.args(words.iter().map(|word| word.replace("/tools.py", "tools.py")));
    let asked = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\n";
    let answer = sh::fed(run.current_dir(&place), asked)?;
    ensure!(answer.contains("\"id\":1,\"result\":{}"), "the image answered {answer}");
    Ok(())
}

/// The same wheel under the oldest and the newest Python at hand, without its arrays.
fn others(folder: &Path, wheel: &Path) -> Result<()> {
    let versions: Vec<u32> = (OLDEST..OLDEST + 12).filter(|it| place(*it).is_some()).collect();
    let (Some(oldest), Some(newest)) = (versions.first(), versions.last()) else {
        println!("no other Python is at hand");
        return Ok(());
    };
    let both = if oldest == newest { vec![oldest] } else { vec![oldest, newest] };
    for minor in both {
        let Some(interpreter) = place(*minor) else { continue };
        println!("Python 3.{minor}");
        let environment = sh::target_dir().join(format!("python-3.{minor}"));
        let python = environment.join("bin/python");
        if !python.exists() {
            sh::run(sh::command(interpreter).args(["-m", "venv"]).arg(&environment))?;
        }
        let pip = ["-m", "pip", "--disable-pip-version-check", "install", "-q"];
        sh::run(sh::command(&python).args(pip).args(["cffi>=1.15,<3"]))?;
        let only = ["--no-index", "--no-deps", "--force-reinstall"];
        sh::run(sh::command(&python).args(pip).args(only).arg(wheel))?;
        let mut tests = sh::command(&python);
        tests.args(["-B", "-m", "unittest", "discover", "-s"]).arg(folder.join("source/tests"));
        sh::run(tests.current_dir(folder))?;
    }
    Ok(())
}

/// Where Python 3 of this minor version is: on the path, or where pyenv keeps it.
fn place(minor: u32) -> Option<PathBuf> {
    let name = format!("python3.{minor}");
    let has_pip = ["-m", "ensurepip", "--version"];
    if sh::works(&name, &has_pip) {
        return Some(name.into());
    }
    let kept = PathBuf::from(std::env::var_os("HOME")?).join(".pyenv/versions");
    let mut found: Vec<PathBuf> = std::fs::read_dir(kept)
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path().join("bin").join(&name)))
        .filter(|path| path.to_str().is_some_and(|path| sh::works(path, &has_pip)))
        .collect();
    found.sort();
    found.pop()
}

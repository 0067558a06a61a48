//! Running other programs, and the few paths that everything here shares.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use procfs::process::Process;

/// The workspace root.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

/// Where cargo puts what it builds for the host.
pub fn target_dir() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => std::path::absolute(&dir).unwrap_or_else(|_| dir.into()),
        None => root().join("target"),
    }
}

/// The path of a program in a folder, with the ending that programs have on this system.
pub fn program_in(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

/// Copies a file to a place where others may be reading the one before it: they keep theirs, and no
/// one sees half a file.
pub fn install(from: &Path, to: &Path) -> Result<()> {
    let failed = || format!("cannot copy {} to {}", from.display(), to.display());
    let folder = to.parent().with_context(failed)?;
    std::fs::create_dir_all(folder).with_context(failed)?;
    let mut name = to.file_name().with_context(failed)?.to_owned();
    name.push(format!(".{}", std::process::id()));
    let partial = folder.join(name);
    std::fs::copy(from, &partial).with_context(failed)?;
    std::fs::rename(&partial, to).with_context(failed)
}

/// Writes a program of text, in the place of the one before it.
pub fn script(file: &Path, text: &str) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;

    let written = || {
        file.parent().map_or(Ok(()), std::fs::create_dir_all)?;
        std::fs::write(file, text)?;
        std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o755))
    };
    written().with_context(|| format!("cannot write {}", file.display()))
}

/// Works in a folder that other processes of ours work in too, one at a time.
pub fn exclusively<R>(folder: &Path, work: impl FnOnce() -> Result<R>) -> Result<R> {
    std::fs::create_dir_all(folder)?;
    let lock = std::fs::File::create(folder.join("xtask.lock"))?;
    lock.lock().with_context(|| format!("cannot lock {}", folder.display()))?;
    work()
}

/// A command that runs in the workspace root, or where we do when we were carried to a machine that
/// has none.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    let root = root();
    if root.is_dir() {
        command.current_dir(root);
    }
    command
}

/// A command as a person types it: its words stand between spaces, and none has a space in it.
pub fn line(words: &str) -> Command {
    let mut words = words.split_ascii_whitespace();
    let mut command = command(words.next().unwrap_or_default());
    command.args(words);
    command
}

/// The host's cargo, without what the cargo that started us left in the environment.
pub fn cargo() -> Command {
    let mut command = command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    clean_cargo_env(&mut command);
    command
}

/// Takes out the variables that cargo sets for a program it runs: build scripts of another
/// workspace would read them as their own.
pub fn clean_cargo_env(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        let of_a_package = name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
        if of_a_package || matches!(&*name, "CARGO" | "CARGO_PRIMARY_PACKAGE" | "LD_LIBRARY_PATH") {
            command.env_remove(&*name);
        }
    }
}

/// The command as a person would type it.
pub fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let mut words = vec![program.file_name().unwrap_or(program.as_os_str()).to_string_lossy()];
    words.extend(command.get_args().map(OsStr::to_string_lossy));
    words.join(" ")
}

/// Runs the command with our own input and output; an exit status other than 0 is an error.
pub fn run(command: &mut Command) -> Result<()> {
    let line = shown(command);
    eprintln!("$ {line}");
    let status = command.status().with_context(|| format!("`{line}` could not start"))?;
    ensure!(status.success(), "`{line}` failed: {status}");
    Ok(())
}

/// Runs the command on a text, and gives what it wrote on its standard output.
pub fn fed(command: &mut Command, text: &str) -> Result<String> {
    use std::io::Write as _;
    let line = shown(command);
    let failed = || format!("`{line}` could not start");
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().with_context(failed)?;
    child.stdin.take().with_context(failed)?.write_all(text.as_bytes())?;
    let done = child.wait_with_output()?;
    ensure!(done.status.success(), "`{line}` failed: {}", done.status);
    String::from_utf8(done.stdout).with_context(|| format!("`{line}` wrote invalid UTF-8"))
}

/// Runs the command and gives what it wrote on its standard output; a failure shows all that it
/// wrote.
pub fn output(command: &mut Command) -> Result<String> {
    let line = shown(command);
    String::from_utf8(bytes(command)?).with_context(|| format!("`{line}` wrote invalid UTF-8"))
}

/// The same for a command that writes bytes.
pub fn bytes(command: &mut Command) -> Result<Vec<u8>> {
    let (line, done) = (shown(command), ended(command)?);
    if !done.status.success() {
        let said = [&done.stdout[..], &done.stderr].map(String::from_utf8_lossy).concat();
        bail!("`{line}` failed: {}\n{}", done.status, said.trim_end());
    }
    Ok(done.stdout)
}

/// Runs the command without input, and gives what it wrote and how it ended, be it a failure.
pub fn ended(command: &mut Command) -> Result<Output> {
    let done = command.stdin(Stdio::null()).output();
    done.with_context(|| format!("`{}` could not start", shown(command)))
}

/// What a program wrote on its standard error.
pub fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Puts a folder before those that a variable lists for the command, be they our own.
pub fn prepend(command: &mut Command, variable: &str, folder: &Path) -> Result<()> {
    let told = command.get_envs().find(|(name, _)| *name == variable);
    let list = told.map_or_else(|| std::env::var_os(variable), |(_, list)| list.map(Into::into));
    let list = list.unwrap_or_default();
    let others = std::env::split_paths(&list).filter(|path| !path.as_os_str().is_empty());
    let list = std::env::join_paths([folder.to_owned()].into_iter().chain(others))?;
    command.env(variable, list);
    Ok(())
}

/// Python with these packages, in an environment of its own below the target folder.
pub fn python(environment: &str, packages: &[&str]) -> Result<PathBuf> {
    let folder = target_dir().join(environment);
    let python = folder.join("bin/python");
    if !python.exists() {
        run(command("python3").args(["-m", "venv"]).arg(folder))?;
    }
    let pip = ["-m", "pip", "install", "-q", "--disable-pip-version-check"];
    run(command(&python).args(pip).args(packages))?;
    Ok(python)
}

/// Whether the command starts and ends with status 0; what it prints is dropped.
pub fn works(program: &str, args: &[&str]) -> bool {
    let mut command = command(program);
    command.args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// A program that runs, and ends with this value.
#[derive(Debug)]
pub struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        if self.0.kill().is_ok() {
            drop(self.0.wait());
        }
    }
}

/// Processor time of this process so far, and of its children that have ended.
pub fn processor_time() -> Option<Duration> {
    let stat = Process::myself().and_then(|process| process.stat()).ok()?;
    let children = u64::try_from(stat.cutime + stat.cstime).ok()?;
    let ticks = stat.utime + stat.stime + children;
    Some(Duration::from_millis(ticks * 1000 / procfs::ticks_per_second()))
}

/// What comes of trying again and again for some time.
pub fn within<R>(patience: Duration, mut attempt: impl FnMut() -> Option<R>) -> Option<R> {
    let since = Instant::now();
    loop {
        let made = attempt();
        if made.is_some() || since.elapsed() > patience {
            return made;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Makes a folder, without what was in it.
pub fn empty_folder(folder: &Path) -> Result<()> {
    let removed = if folder.exists() { std::fs::remove_dir_all(folder) } else { Ok(()) };
    let made = removed.and_then(|()| std::fs::create_dir_all(folder));
    made.with_context(|| folder.display().to_string())
}

/// An empty folder for a test, below cargo's target folder.
pub fn scratch(name: &str) -> PathBuf {
    let folder = target_dir().join("devtools-tests").join(name);
    // A test without it fails where it writes.
    drop(empty_folder(&folder));
    folder
}

/// What lies in a folder, in order.
pub fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let failed = || format!("cannot read the folder {}", folder.display());
    let entries = std::fs::read_dir(folder).with_context(failed)?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

/// The files of a folder, a path from the root, that end in `.extension`, in order. A folder
/// without one is an error, since there is nothing to check then.
pub fn files(folder: impl AsRef<Path>, extension: &str) -> Result<Vec<PathBuf>> {
    let folder = root().join(folder);
    let mut files = entries(&folder)?;
    files.retain(|file| file.extension().is_some_and(|have| have == extension));
    ensure!(!files.is_empty(), "{} has no .{extension} file", folder.display());
    Ok(files)
}

/// A file of the repository, as text.
pub fn read(path: &str) -> Result<String> {
    std::fs::read_to_string(root().join(path)).with_context(|| path.to_owned())
}

//! Keeps what was measured below `benches/record`.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use anyhow::{Context as _, Result};

use crate::{parallel, sh};

/// A time as text, in UTC: the date is its first ten characters.
pub fn timestamp(time: SystemTime) -> String {
    humantime::format_rfc3339_seconds(time).to_string()
}

/// Keeps the text of a bench, called as on the command line, under today's date.
pub fn keep(bench: &str, text: &str) -> Result<()> {
    let name = keep_in(&sh::root().join("benches/record"), bench, text)?;
    println!("kept in benches/record/{name}");
    Ok(())
}

/// Prints the text of a bench, and keeps it where that is asked for.
pub fn show(bench: &str, text: &str, is_kept: bool) -> Result<()> {
    println!("\n{text}");
    if is_kept { keep(bench, text) } else { Ok(()) }
}

/// Keeps it in another folder, and answers the name of the file.
pub fn keep_in(folder: &Path, bench: &str, text: &str) -> Result<String> {
    let now = timestamp(SystemTime::now());
    let date = now.get(..10).context("a date")?;
    fs::create_dir_all(folder)?;
    // The gateway's were kept first, and have the plain name.
    let name = match bench.replace(" --", "-").replace(' ', "-") {
        bench if bench == "gateway" => format!("{date}.md"),
        bench => format!("{date}-{bench}.md"),
    };
    let text = text.trim_end();
    fs::write(folder.join(&name), format!("# `cargo xtask bench {bench}`, {date}\n\n{text}\n"))?;
    Ok(name)
}

/// The machine that figures depend on.
pub fn machine() -> String {
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |name: &str| {
        let line = cpus.lines().find(|line| line.starts_with(name));
        line.and_then(|line| line.split_once(": ")).map_or("unknown", |(_, value)| value)
    };
    let mut wide: Vec<&str> = field("flags").split(' ').collect();
    wide.retain(|flag| flag.starts_with("avx") || *flag == "sse4_2");
    let cores = parallel::processors();
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or("unknown");
    format!("{cores} cores of {} ({}), load {load}", field("model name"), wide.join(" "))
}

/// The version of a package by the lock file of the workspace.
pub fn version_of(name: &str) -> Result<String> {
    let lock = sh::read("Cargo.lock")?;
    let begin = format!("name = \"{name}\"\nversion = \"");
    let version = lock.split_once(&begin).and_then(|(_, rest)| rest.split('"').next());
    Ok(version.with_context(|| format!("Cargo.lock does not name {name}"))?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{keep_in, timestamp, version_of};
    use crate::sh;

    #[test]
    fn a_record_is_called_after_its_date_and_its_bench() {
        let folder = sh::scratch("records");
        for (bench, ending) in
            [("gateway", ".md"), ("gpu", "-gpu.md"), ("gpu cuda --small", "-gpu-cuda-small.md")]
        {
            let name = keep_in(&folder, bench, "text\n\n").unwrap();
            assert_eq!(name.get(10..), Some(ending));
            let text = std::fs::read_to_string(folder.join(name)).unwrap();
            assert!(text.starts_with("# `cargo xtask bench ") && text.ends_with("\n\ntext\n"));
        }
        assert_eq!(timestamp(std::time::UNIX_EPOCH), "1970-01-01T00:00:00Z");
        assert!(version_of("anyhow").unwrap().starts_with("1.") && version_of("none").is_err());
    }
}

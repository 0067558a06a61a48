//! What a library is and what it asks for, read from its file before anything of it runs.
//!
//! It is a lint and no sandbox: a library that is mapped can do whatever the process can, and finds
//! any function by other ways than its imports. Formats are read by the crate `object`.

use std::fmt;
use std::str::FromStr;

use object::read::elf::{Dyn as _, ElfFile64, FileHeader, ProgramHeader as _, SectionHeader as _};
use object::{Architecture, BinaryFormat, Endianness, Object as _, ObjectKind, ObjectSymbol as _};
use object::{FileKind, elf};
use trine_gateway::sanitize;

/// Functions that a library of tools seldom needs: they start programs, take other processes over,
/// or load further code.
const UNUSUAL: [&str; 22] = [
    "dlmopen",
    "dlopen",
    "execl",
    "execle",
    "execlp",
    "execv",
    "execve",
    "execveat",
    "execvp",
    "execvpe",
    "fexecve",
    "fork",
    "memfd_create",
    "popen",
    "posix_spawn",
    "posix_spawnp",
    "process_vm_readv",
    "process_vm_writev",
    "ptrace",
    "setuid",
    "system",
    "vfork",
];

/// What is said of a file that is run, not mapped.
const PROGRAM: &str = "it is a program or an object file: link it with -shared";

/// Something of a library that may be a reason not to load it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Finding {
    /// It imports this function.
    Import(String),
    /// Some of its memory is code and can be written; or its stack is code.
    WritableCode,
    /// It looks for the libraries that it needs in this folder.
    Path(String),
    /// What it imports cannot be told: its sections are missing, or are not what is mapped.
    Hidden,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Import(name) => write!(f, "it imports {name}"),
            Self::WritableCode => f.write_str("it has code that can be written"),
            Self::Path(path) => write!(f, "it looks for libraries in '{path}' (RPATH)"),
            Self::Hidden => f.write_str("its sections do not say what it imports"),
        }
    }
}

/// What becomes of a plug-in with [`Finding`]s.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Imports {
    /// It is loaded.
    Allow,
    /// It is loaded, and each is said.
    #[default]
    Warn,
    /// It is not loaded.
    Deny,
}

impl FromStr for Imports {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "allow" => Ok(Self::Allow),
            "warn" => Ok(Self::Warn),
            "deny" => Ok(Self::Deny),
            _ => Err("use allow, warn or deny"),
        }
    }
}

impl Imports {
    /// Whether a library may be loaded.
    pub(super) fn judge(self, findings: &[Finding]) -> Result<(), String> {
        if self != Self::Deny || findings.is_empty() {
            return Ok(());
        }
        let all: Vec<_> = findings.iter().map(Finding::to_string).collect();
        Err(all.join(", "))
    }
}

/// What is unusual of a library for this machine; or why it is no such library.
pub(super) fn scan(bytes: &[u8]) -> Result<Vec<Finding>, String> {
    let file = object::File::parse(bytes)
        .map_err(|error| format!("it is no shared library of this system: {error}"))?;
    is_ours(&file)?;
    let mut findings = Vec::new();
    for symbol in file.dynamic_symbols().filter(object::ObjectSymbol::is_undefined) {
        if let Ok(name) = symbol.name()
            && UNUSUAL.contains(&name)
        {
            findings.push(Finding::Import(name.to_owned()));
        }
    }
    if FileKind::parse(bytes).is_ok_and(|kind| kind == FileKind::Elf64) {
        elf_findings(bytes, &mut findings)?;
    }
    Ok(findings)
}

/// Whether it is a shared library for this machine.
fn is_ours(file: &object::File<'_>) -> Result<(), String> {
    let format = match () {
        () if cfg!(windows) => BinaryFormat::Pe,
        () if cfg!(target_vendor = "apple") => BinaryFormat::MachO,
        () => BinaryFormat::Elf,
    };
    if file.format() != format {
        return Err(format!("it is a file of {:?}, and this system has {format:?}", file.format()));
    }
    if file.kind() != ObjectKind::Dynamic {
        return Err(PROGRAM.to_owned());
    }
    let ours = [
        (cfg!(target_arch = "x86_64"), Architecture::X86_64),
        (cfg!(target_arch = "x86"), Architecture::I386),
        (cfg!(target_arch = "aarch64"), Architecture::Aarch64),
        (cfg!(target_arch = "arm"), Architecture::Arm),
        (cfg!(target_arch = "riscv64"), Architecture::Riscv64),
    ];
    let ours = ours.into_iter().find_map(|(is_ours, it)| is_ours.then_some(it));
    match ours {
        Some(ours) if ours != file.architecture() => Err(format!(
            "it is for {:?}, and this program runs on {ours:?}: compile it for this machine",
            file.architecture()
        )),
        _ => Ok(()),
    }
}

/// Segments that are code and can be written, and where libraries are looked for.
fn elf_findings(bytes: &[u8], findings: &mut Vec<Finding>) -> Result<(), String> {
    let damaged = |error: object::Error| format!("it is damaged: {error}");
    let file = ElfFile64::<Endianness>::parse(bytes).map_err(damaged)?;
    let endian = file.elf_header().endian().map_err(damaged)?;
    // Without a word about it, this system makes the stack code.
    let is_told = |kind| file.elf_program_headers().iter().any(|it| it.p_type(endian) == kind);
    if cfg!(target_arch = "x86_64") && !is_told(elf::PT_GNU_STACK) {
        findings.push(Finding::WritableCode);
    }
    let mut mapped = None;
    for segment in file.elf_program_headers() {
        let flags = segment.p_flags(endian);
        let is_writable_code = flags & (elf::PF_W | elf::PF_X) == elf::PF_W | elf::PF_X;
        let kind = segment.p_type(endian);
        if kind == elf::PT_INTERP {
            return Err(PROGRAM.to_owned());
        }
        if kind == elf::PT_DYNAMIC {
            mapped = Some(segment.p_offset(endian));
        }
        let counts = kind == elf::PT_LOAD || kind == elf::PT_GNU_STACK;
        if counts && is_writable_code && !findings.contains(&Finding::WritableCode) {
            findings.push(Finding::WritableCode);
        }
    }
    let sections = file.elf_section_table();
    let place = |kind| sections.iter().find(|it| it.sh_type(endian) == kind);
    let dynamic = sections.dynamic(endian, bytes).map_err(damaged)?;
    let Some((entries, link)) = dynamic else {
        findings.extend(mapped.map(|_| Finding::Hidden));
        return Ok(());
    };
    // The system reads what is mapped, and this the sections: they have to be the same.
    let symbols = entries.iter().find(|it| it.d_tag(endian) == elf::DT_SYMTAB);
    let symbols = symbols.map(|it| it.d_val(endian));
    let is_same = place(elf::SHT_DYNAMIC).map(|it| it.sh_offset(endian)) == mapped
        && place(elf::SHT_DYNSYM).map(|it| it.sh_addr(endian)) == symbols;
    if !is_same {
        findings.push(Finding::Hidden);
    }
    let texts = file.elf_section_table().strings(endian, bytes, link).map_err(damaged)?;
    for entry in entries {
        let tag = entry.d_tag(endian);
        if tag == elf::DT_RPATH || tag == elf::DT_RUNPATH {
            let at = u32::try_from(entry.d_val(endian)).unwrap_or(u32::MAX);
            let path = texts.get(at).unwrap_or_default();
            let path = String::from_utf8_lossy(path);
            findings.push(Finding::Path(sanitize::terminal_text(&path).into_owned()));
        }
    }
    Ok(())
}

//! Skills of a device (SEP-2640): the resources of a folder `skill://…/NAME/` that has a
//! `SKILL.md`. Clients are told a digest of each file, so every file is read once when the device
//! has listed it, and again when it has changed.

mod frontmatter;
mod read;
mod yaml;

use std::collections::HashMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use trine_descriptor::Lists as _;

use crate::shelf::DeviceShelf;
pub(crate) use read::SkillReader;

/// What the address of a skill's file starts with.
pub(crate) const SCHEME: &str = "skill://";
/// The file that each skill has.
const ENTRY: &str = "/SKILL.md";
/// Most files of a skill: hosts need not take more (SEP-2640).
const FILES_MAX: usize = 512;
/// Most bytes of a skill: hosts need not take more (SEP-2640).
const BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Most skills of a device.
const SKILLS_MAX: usize = 64;

/// A skill as clients see it.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct OwnSkill {
    pub(crate) uri: Box<str>,
    /// A JSON object.
    pub(crate) frontmatter: Box<str>,
    pub(crate) files: Vec<OwnFile>,
}

/// A file of a skill.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct OwnFile {
    pub(crate) uri: Box<str>,
    pub(crate) sha256: [u8; 32],
    pub(crate) size: u64,
}

/// The bytes of a file, or why it cannot be read.
type FileBytes = Result<Vec<u8>, String>;
/// Files by address.
type Files = HashMap<Box<str>, FileBytes>;

/// The addresses of the files of a device's skills.
fn files_of(shelf: &DeviceShelf) -> Vec<Box<str>> {
    let [count, ..] = shelf.counts();
    let all = (0..count).filter_map(|index| shelf.resource(index)).map(|it| it.uri);
    let all: Vec<&str> = all.filter(|uri| uri.starts_with(SCHEME)).collect();
    let roots: Vec<&str> = all.iter().filter_map(|uri| uri.strip_suffix(ENTRY)).collect();
    let is_of = |uri: &&&str| roots.iter().any(|root| is_in(uri, root));
    all.iter().filter(is_of).map(|uri| Box::from(*uri)).collect()
}

/// Whether an address is in a folder.
fn is_in(uri: &str, folder: &str) -> bool {
    uri.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

/// The skills that files make, and a sentence for each that breaks a rule.
fn make(files: &Files) -> (Vec<OwnSkill>, Vec<String>) {
    let mut entries: Vec<&str> =
        files.keys().map(|uri| &**uri).filter(|uri| uri.ends_with(ENTRY)).collect();
    entries.sort_unstable();
    let (mut skills, mut problems) = (Vec::new(), Vec::new());
    if entries.len() > SKILLS_MAX {
        let more = entries.len() - SKILLS_MAX;
        problems.push(format!("{more} of its skills are left out: {SKILLS_MAX} are taken"));
        entries.truncate(SKILLS_MAX);
    }
    for uri in entries {
        match skill(uri, files) {
            Ok(skill) => skills.push(skill),
            Err(why) => problems.push(format!("skill {uri}: {why}; it is left out")),
        }
    }
    (skills, problems)
}

fn skill(uri: &str, files: &Files) -> Result<OwnSkill, String> {
    let root = uri.strip_suffix(ENTRY).unwrap_or(uri);
    let mut own: Vec<_> = files.iter().filter(|(uri, _)| is_in(uri, root)).collect();
    if own.len() > FILES_MAX {
        return Err(format!("it has {} files, of {FILES_MAX} at most", own.len()));
    }
    own.sort_unstable_by_key(|(uri, _)| *uri);
    let (mut described, mut sum) = (Vec::new(), 0);
    for (uri, bytes) in own {
        let bytes = bytes.as_ref().map_err(|why| format!("{uri}: {why}"))?;
        let (sha256, size) = (Sha256::digest(bytes).into(), bytes.len() as u64);
        sum += size;
        described.push(OwnFile { uri: uri.clone(), sha256, size });
    }
    if sum > BYTES_MAX {
        return Err(format!("it has {sum} bytes, of {BYTES_MAX} at most"));
    }
    let head = match files.get(uri) {
        Some(Ok(bytes)) => std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())?,
        _ => return Err("it cannot be read".to_owned()),
    };
    let name = root.rsplit('/').next().unwrap_or(root);
    let frontmatter = frontmatter::read(head, name)?.into();
    Ok(OwnSkill { uri: uri.into(), frontmatter, files: described })
}

/// The skills of a device.
#[derive(Clone, Debug)]
pub(crate) struct DeviceSkills {
    pub(crate) skills: Arc<[OwnSkill]>,
    /// A sentence for each that breaks a rule.
    pub(crate) problems: Arc<[String]>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANUAL: &str = "---\nname: board\ndescription: How.\n---\nText.\n";

    fn files(all: &[(&str, &str)]) -> Files {
        let own = |&(uri, text): &(&str, &str)| (Box::from(uri), Ok(text.as_bytes().to_vec()));
        all.iter().map(own).collect()
    }

    #[test]
    fn a_skill_has_every_file_of_its_folder_and_none_of_its_neighbours() {
        let (skills, problems) = make(&files(&[
            ("skill://board/SKILL.md", MANUAL),
            ("skill://board/b.md", "b"),
            ("skill://board/in/a.md", "abc"),
            ("skill://board2/SKILL.md", MANUAL),
            ("skill://board2/a.md", "x"),
        ]));
        assert_eq!(skills.len(), 1);
        let uris: Vec<_> = skills[0].files.iter().map(|it| (&*it.uri, it.size)).collect();
        let text = MANUAL.len() as u64;
        let all = [("skill://board/SKILL.md", text), ("skill://board/b.md", 1)];
        assert_eq!(uris, [&all[..], &[("skill://board/in/a.md", 3)]].concat());
        // FIPS 180-4, the example "abc".
        assert_eq!(skills[0].files[2].sha256[..4], [0xba, 0x78, 0x16, 0xbf]);
        let why = "skill skill://board2/SKILL.md: its name is \"board\" and its folder \"board2\"";
        assert!(problems.len() == 1 && problems[0].starts_with(why), "{problems:?}");
    }

    #[test]
    fn a_skill_with_a_file_that_cannot_be_read_is_left_out_and_named() {
        let mut all = files(&[("skill://board/SKILL.md", MANUAL)]);
        all.insert("skill://board/b.md".into(), Err("no answer".to_owned()));
        let (skills, problems) = make(&all);
        assert!(skills.is_empty() && problems[0].contains("skill://board/b.md: no answer"));
    }
}

//! Skills (extension `io.modelcontextprotocol/skills`, SEP-2640): folders of instructions for a
//! model, whose files are resources. `skills/list` and `skills/get` describe them with a digest of
//! each file, and `resources/directory/read` lists what is in a folder.
//!
//! They are served where the catalog has [`crate::Catalog::skills`], to clients of the stateless
//! revision. [`trine_descriptor::Lists`] has their files, which `resources/read` reads.

use trine_descriptor::Resource;

use crate::envelope::Params;
use crate::error::{Problem, begin_result};
use crate::json::object::member;
use crate::json::writer::hex_digit;
use crate::json::{JsonReader, JsonText, JsonWriter};
use crate::list::Edition;
use crate::{Catalog, Id, Step, Version, list, result, shelf};

/// The media type that marks a folder.
const FOLDER: &str = "inode/directory";
/// Most bytes of the address of a folder.
const URI_MAX: usize = 512;
/// What the address of a skill ends with.
const ENTRY: &str = "SKILL.md";

/// A skill.
#[derive(Clone, Copy, Debug)]
pub struct Skill<'a> {
    /// Address of its `SKILL.md`: `skill://NAME/SKILL.md`.
    pub uri: &'a str,
    /// What stands at the head of that file, as a JSON object with `name` and `description`.
    pub frontmatter: &'a str,
}

/// A file of a skill.
#[derive(Clone, Copy, Debug)]
pub struct SkillFile<'a> {
    /// Its address, which starts as that of its skill.
    pub uri: &'a str,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
    /// Number of its bytes.
    pub size: u64,
}

/// The skills of a server.
pub trait Skills {
    /// How many there are.
    fn count(&self) -> u16;

    /// The skill of this number.
    fn skill(&self, skill: u16) -> Option<Skill<'_>>;

    /// The file of this number of a skill; `None` after the last one. `SKILL.md` is one of them.
    fn file(&self, skill: u16, file: u16) -> Option<SkillFile<'_>>;
}

/// No skills.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoSkills;

impl Skills for NoSkills {
    fn count(&self) -> u16 {
        0
    }

    fn skill(&self, _: u16) -> Option<Skill<'_>> {
        None
    }

    fn file(&self, _: u16, _: u16) -> Option<SkillFile<'_>> {
        None
    }
}

impl Skills for &[(Skill<'_>, &[SkillFile<'_>])] {
    fn count(&self) -> u16 {
        u16::try_from(self.len()).unwrap_or(u16::MAX)
    }

    fn skill(&self, skill: u16) -> Option<Skill<'_>> {
        self.get(usize::from(skill)).map(|(skill, _)| *skill)
    }

    fn file(&self, skill: u16, file: u16) -> Option<SkillFile<'_>> {
        self.get(usize::from(skill))?.1.get(usize::from(file)).copied()
    }
}

/// A request that concerns skills; `None` for all others, and where there are none.
pub(crate) fn request<'m, C: Catalog + ?Sized>(
    catalog: &C,
    (id, version): (Id<'m>, Version),
    (method, params): (&[u8], &Params<'m>),
    message: &'m [u8],
    out: &mut [u8],
) -> Option<Result<Step<'m>, Problem<'m>>> {
    let skills = catalog.skills();
    if !version.is_stateless() || !is_declared(catalog) {
        return None;
    }
    let mut out = JsonWriter::new(out);
    let head = (id, version);
    let written = match method {
        b"skills/list" => {
            let item = |index, out: &mut JsonWriter<'_>| skill(skills, index, out);
            let list = (&b"skills"[..], skills.count(), Edition::of_lists(catalog));
            list::pages(catalog, head, list, params.cursor, &item, &mut out)
        }
        b"skills/get" => get(catalog, head, message, &mut out),
        b"resources/directory/read" => folder(catalog, head, (params, message), &mut out),
        _ => return None,
    };
    let finish = |()| out.finish().map(Step::Reply).map_err(|need| Problem::Space(need.0));
    Some(written.and_then(finish))
}

/// Whether the extension is declared.
pub(crate) fn is_declared<C: Catalog + ?Sized>(catalog: &C) -> bool {
    catalog.may_have_lists() || catalog.skills().count() > 0
}

fn uri(message: &[u8]) -> Result<JsonText<'_>, Problem<'_>> {
    let uri = member(message, b"params").and_then(|params| member(params, b"uri"));
    let uri = uri.and_then(|uri| JsonReader::new(uri).string().ok());
    uri.ok_or(Problem::Params("uri must be a string"))
}

fn get<'m, C: Catalog + ?Sized>(
    catalog: &C,
    (id, version): (Id<'_>, Version),
    message: &'m [u8],
    out: &mut JsonWriter<'_>,
) -> Result<(), Problem<'m>> {
    let (uri, skills) = (uri(message)?, catalog.skills());
    let is_it = |it: Skill<'_>| uri.is(it.uri.as_bytes());
    let index = (0..skills.count()).find(|&index| skills.skill(index).is_some_and(is_it));
    let index = index.ok_or(Problem::Params("there is no skill of this uri: see skills/list"))?;
    begin_result(id, out);
    out.raw(b"\"resultType\":\"complete\",\"skill\":");
    skill(skills, index, out);
    list::cache_hints(catalog.ttl_ms(), true, out);
    result::finish(version, &catalog.server(), out);
    Ok(())
}

fn skill(skills: &dyn Skills, index: u16, out: &mut JsonWriter<'_>) {
    let Some(Skill { uri, frontmatter }) = skills.skill(index) else { return out.raw(b"{}") };
    out.raw(b"{\"uri\":");
    out.string(uri);
    out.raw(b",\"frontmatter\":");
    out.raw(frontmatter.as_bytes());
    out.raw(b",\"resources\":[");
    for number in 0..u16::MAX {
        let Some(file) = skills.file(index, number) else { break };
        out.raw(if number > 0 { b",{\"uri\":" } else { b"{\"uri\":" });
        out.string(file.uri);
        out.raw(b",\"digest\":\"sha256:");
        for byte in file.sha256 {
            out.raw(&[hex_digit(byte >> 4), hex_digit(byte & 15)]);
        }
        out.raw(b"\",\"size\":");
        out.unsigned(file.size);
        out.raw(b"}");
    }
    out.raw(b"]}");
}

/// What is directly in a folder of a skill: files, and folders. A page starts at a resource, and a
/// folder stands at its first file.
fn folder<'m, C: Catalog + ?Sized>(
    catalog: &C,
    (id, version): (Id<'_>, Version),
    (params, message): (&Params<'m>, &'m [u8]),
    out: &mut JsonWriter<'_>,
) -> Result<(), Problem<'m>> {
    let mut buffer = [0; URI_MAX];
    let len = uri(message)?.decode_into(&mut buffer);
    let decoded = len.and_then(|len| core::str::from_utf8(buffer.get(..len)?).ok());
    let folder = decoded.map(|uri| uri.strip_suffix('/').unwrap_or(uri)).unwrap_or_default();
    let (lists, skills) = (catalog.lists(), catalog.skills());
    let [count, ..] = lists.counts();
    let uri_of = |index| lists.resource(index).map(|it| it.uri).unwrap_or_default();
    let is_in = |skill: Skill<'_>| {
        let root = skill.uri.strip_suffix(ENTRY).and_then(|root| root.strip_suffix('/'));
        root.is_some_and(|root| folder == root || rest(folder, root).is_some())
    };
    let is_a_skills = (0..skills.count()).filter_map(|index| skills.skill(index)).any(is_in);
    if !is_a_skills || !(0..count).any(|index| rest(uri_of(index), folder).is_some()) {
        return Err(Problem::Params("uri is no folder of a skill"));
    }
    let child = |index| child(uri_of(index), folder);
    let is_first = |index, own| !(0..index).any(|other| child(other).is_some_and(|it| it.0 == own));
    let item = |index, out: &mut JsonWriter<'_>| {
        let Some((own, is_folder)) = child(index) else { return false };
        let resource = match lists.resource(index) {
            Some(file) if !is_folder => file,
            _ if !is_first(index, own) => return false,
            _ => Resource::new(own, own.rsplit('/').next().unwrap_or(own)).of(FOLDER, 0),
        };
        shelf::resource(version, &resource, out);
        true
    };
    let list = (&b"resources"[..], count, Edition::of_lists(catalog));
    list::sparse_pages(catalog, (id, version), list, params.cursor, &item, out)
}

/// What an address has behind a folder and its slash.
fn rest<'u>(uri: &'u str, folder: &str) -> Option<&'u str> {
    uri.strip_prefix(folder)?.strip_prefix('/').filter(|rest| !rest.is_empty())
}

/// The address of the child of a folder that a resource is, or is in, and whether it is a folder.
fn child<'u>(uri: &'u str, folder: &str) -> Option<(&'u str, bool)> {
    let rest = rest(uri, folder)?;
    match rest.find('/') {
        Some(len) => Some((uri.get(..uri.len() - rest.len() + len)?, true)),
        None => Some((uri, false)),
    }
}

//! The resources, templates and prompts of all devices as clients see them.

use std::borrow::Cow;
use std::collections::HashSet;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use trine_descriptor::lists::{self, List};
use trine_descriptor::{Lists, Prompt, Resource, Template};
use trine_mcp::apps::SCHEME;
use trine_mcp::{Skill, SkillFile, Skills};

use super::apps;
use crate::device::Device;
use crate::device::skills::{OwnFile, OwnSkill};
use crate::shelf::DeviceShelf;

/// One of them: whose it is, and its number there.
#[derive(Debug)]
pub(crate) struct ShelfEntry {
    pub(crate) device: Arc<Device>,
    pub(crate) shelf: Arc<DeviceShelf>,
    pub(crate) index: u16,
    /// What clients know it by: the name of a prompt, the address of a resource or template.
    name: Box<str>,
    /// The name of the device, where clients are shown it in the addresses of user interfaces.
    pub(crate) scope: Option<Arc<str>>,
}

/// Where a resource is.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    pub(crate) device: &'a Arc<Device>,
    /// Its address as the device has it.
    pub(crate) own: Cow<'a, str>,
    /// The media type that the device lists; may be empty.
    pub(crate) mime: &'a str,
    /// As a [`ShelfEntry`] has it.
    pub(crate) scope: Option<&'a str>,
}

impl ShelfEntry {
    fn resource(&self) -> Option<Resource<'_>> {
        Some(Resource { uri: &self.name, ..self.shelf.resource(self.index)? })
    }

    fn template(&self) -> Option<Template<'_>> {
        Some(Template { uri: &self.name, ..self.shelf.template(self.index)? })
    }

    /// The place of an address as clients are shown it, which is this one's.
    fn place<'a>(&'a self, uri: &'a str, mime: &'a str) -> Option<Place<'a>> {
        let scope = self.scope.as_deref();
        Some(Place { device: &self.device, own: apps::own(uri, scope)?, mime, scope })
    }
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct HubShelf {
    resources: Vec<ShelfEntry>,
    templates: Vec<ShelfEntry>,
    prompts: Vec<ShelfEntry>,
    skills: Vec<(Arc<[OwnSkill]>, usize)>,
    completes: bool,
}

impl HubShelf {
    /// Adds what a device has; `name` is what a prompt of it is called, and `scope` what the
    /// addresses of its user interfaces begin with. Answers a sentence for each that is left out,
    /// as an earlier device has its address or its name.
    pub(super) fn add(
        &mut self,
        device: &Arc<Device>,
        shelf: &Arc<DeviceShelf>,
        scope: Option<&str>,
        name: impl Fn(&str) -> Result<String, String>,
    ) -> Vec<String> {
        let mut problems = Vec::new();
        let [resources, templates, prompts] = shelf.counts();
        let scope: Option<Arc<str>> = scope.map(Arc::from);
        let entry = |index, name: String| {
            let (device, shelf, name) = (Arc::clone(device), Arc::clone(shelf), name.into());
            ShelfEntry { device, shelf, index, name, scope: scope.clone() }
        };
        let uris: HashSet<String> = self.uris().map(str::to_owned).collect();
        let mut free = |what: &str, own: &str| {
            let uri = apps::shown(own, scope.as_deref());
            let why = match () {
                () if apps::is_disguised(own) => "such an address must begin with ui://",
                () if uris.contains(&*uri) => "another device has it",
                () => return Some(uri.into_owned()),
            };
            problems.push(format!("its {what} {uri} is left out: {why}"));
            None
        };
        for index in 0..resources {
            let uri = shelf.resource(index).and_then(|it| free("resource", it.uri));
            self.resources.extend(uri.map(|uri| entry(index, uri)));
        }
        for index in 0..templates {
            let uri = shelf.template(index).and_then(|it| free("resource template", it.uri));
            self.templates.extend(uri.map(|uri| entry(index, uri)));
        }
        for index in 0..prompts {
            let Some(prompt) = shelf.prompt(index) else { continue };
            match name(prompt.name()) {
                Ok(name) if self.prompts.iter().any(|it| *it.name == *name) => {
                    problems.push(format!("its prompt {name} is left out: another device has it"));
                }
                Ok(name) => self.prompts.push(entry(index, name)),
                Err(why) => problems.push(why),
            }
        }
        self.completes |= shelf.completes();
        problems
    }

    /// Adds the skills of a device whose resources were added.
    pub(super) fn add_skills(&mut self, device: &Arc<Device>, skills: &Arc<[OwnSkill]>) {
        for (index, skill) in skills.iter().enumerate() {
            // What another device has was left out, with a sentence.
            if self.place(&skill.uri).is_some_and(|place| Arc::ptr_eq(place.device, device)) {
                self.skills.push((Arc::clone(skills), index));
            }
        }
    }

    fn own_skill(&self, skill: u16) -> Option<&OwnSkill> {
        self.skills.get(usize::from(skill)).and_then(|(skills, index)| skills.get(*index))
    }

    /// What clients see of the skills, for their number.
    pub(super) fn hash_skills(&self, hasher: &mut impl Hasher) {
        (0..Skills::count(self)).for_each(|skill| self.own_skill(skill).hash(hasher));
    }

    fn uris(&self) -> impl Iterator<Item = &str> {
        self.resources.iter().chain(&self.templates).map(|it| &*it.name)
    }

    /// Where the resource of an address is that a client has sent.
    pub(crate) fn place<'a>(&'a self, uri: &'a str) -> Option<Place<'a>> {
        if let Some(entry) = self.resources.iter().find(|it| *it.name == *uri) {
            return entry.place(uri, entry.shelf.resource(entry.index)?.mime);
        }
        // A template with a variable for the scheme has no user interfaces of others.
        let of = |it: &ShelfEntry| it.name.starts_with(SCHEME) == uri.starts_with(SCHEME);
        let is_of = |it: &&ShelfEntry| of(it) && it.template().is_some_and(|it| it.is_of(uri));
        let entry = self.templates.iter().find(is_of)?;
        entry.place(uri, entry.shelf.template(entry.index)?.mime)
    }

    /// What clients are shown for an address as a device has it, if it is shown to them.
    pub(super) fn shown<'a>(&self, device: &Device, own: &'a str) -> Option<Cow<'a, str>> {
        let all = self.resources.iter().chain(&self.templates);
        let entry = all.into_iter().find(|it| std::ptr::eq(&*it.device, device))?;
        let shown = apps::shown(own, entry.scope.as_deref());
        let is_its = |place: Place<'_>| std::ptr::eq(&**place.device, device);
        self.place(&shown).is_some_and(is_its).then_some(shown)
    }

    /// What clients are shown for the user interface of a tool of a device; or a sentence.
    pub(super) fn ui(&self, device: &Arc<Device>, own: &str) -> Result<Box<str>, String> {
        let of_device = |it: &&ShelfEntry| Arc::ptr_eq(&it.device, device);
        let mut its = self.resources.iter().filter(of_device);
        let found = its.find_map(|it| {
            let resource = it.shelf.resource(it.index)?;
            (resource.uri == own).then_some((resource.mime, &it.name))
        });
        match apps::fault(own, found.map(|(mime, _)| mime)) {
            Some(why) => Err(why),
            None => Ok(found.map(|(_, name)| name.clone()).unwrap_or_default()),
        }
    }

    /// The prompt of this number.
    pub(crate) fn prompt_entry(&self, index: u16) -> Option<&ShelfEntry> {
        self.prompts.get(usize::from(index))
    }

    /// The template of this number.
    pub(crate) fn template_entry(&self, index: u16) -> Option<&ShelfEntry> {
        self.templates.get(usize::from(index))
    }

    /// What clients see of a list, for its number.
    pub(super) fn hash_into(&self, list: List, hasher: &mut impl Hasher) {
        let mut records = vec![0; lists::page(self, list, 0, &mut [])];
        lists::page(self, list, 0, &mut records);
        (records, self.completes).hash(hasher);
    }
}

impl Skills for HubShelf {
    fn count(&self) -> u16 {
        u16::try_from(self.skills.len()).unwrap_or(u16::MAX)
    }

    fn skill(&self, skill: u16) -> Option<Skill<'_>> {
        let OwnSkill { uri, frontmatter, .. } = self.own_skill(skill)?;
        Some(Skill { uri, frontmatter })
    }

    fn file(&self, skill: u16, file: u16) -> Option<SkillFile<'_>> {
        let OwnFile { uri, sha256, size } = self.own_skill(skill)?.files.get(usize::from(file))?;
        Some(SkillFile { uri, sha256: *sha256, size: *size })
    }
}

impl Lists for HubShelf {
    fn counts(&self) -> [u16; 3] {
        let lens = [self.resources.len(), self.templates.len(), self.prompts.len()];
        lens.map(|len| u16::try_from(len).unwrap_or(u16::MAX))
    }

    fn resource(&self, index: u16) -> Option<Resource<'_>> {
        self.resources.get(usize::from(index))?.resource()
    }

    fn template(&self, index: u16) -> Option<Template<'_>> {
        self.templates.get(usize::from(index))?.template()
    }

    fn prompt(&self, index: u16) -> Option<Prompt<'_>> {
        let entry = self.prompts.get(usize::from(index))?;
        entry.shelf.prompt_as(entry.index, &entry.name)
    }

    fn completes(&self) -> bool {
        self.completes
    }
}

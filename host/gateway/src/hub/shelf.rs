//! The resources, templates and prompts of all devices as clients see them.

use std::collections::HashSet;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use trine_descriptor::lists::{self, List};
use trine_descriptor::{Lists, Prompt, Resource, Template};
use trine_mcp::{Skill, SkillFile, Skills};

use crate::device::Device;
use crate::device::skills::{OwnFile, OwnSkill};
use crate::shelf::DeviceShelf;

/// One of them: whose it is, and its number there.
#[derive(Debug)]
pub(crate) struct ShelfEntry {
    pub(crate) device: Arc<Device>,
    pub(crate) shelf: Arc<DeviceShelf>,
    pub(crate) index: u16,
    /// What clients know a prompt by.
    name: Box<str>,
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
    /// Adds what a device has; `name` is what a prompt of it is called. Answers a sentence for each
    /// that is left out, as an earlier device has its address or its name.
    pub(super) fn add(
        &mut self,
        device: &Arc<Device>,
        shelf: &Arc<DeviceShelf>,
        name: impl Fn(&str) -> Result<String, String>,
    ) -> Vec<String> {
        let mut problems = Vec::new();
        let [resources, templates, prompts] = shelf.counts();
        let entry = |index, name: String| {
            let (device, shelf, name) = (Arc::clone(device), Arc::clone(shelf), name.into());
            ShelfEntry { device, shelf, index, name }
        };
        let uris: HashSet<String> = self.uris().map(str::to_owned).collect();
        let mut is_free = |what: &str, uri: &str| {
            let is_free = !uris.contains(uri);
            if !is_free {
                problems.push(format!("its {what} {uri} is left out: another device has it"));
            }
            is_free
        };
        for index in 0..resources {
            if shelf.resource(index).is_some_and(|it| is_free("resource", it.uri)) {
                self.resources.push(entry(index, String::new()));
            }
        }
        for index in 0..templates {
            if shelf.template(index).is_some_and(|it| is_free("resource template", it.uri)) {
                self.templates.push(entry(index, String::new()));
            }
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
            if self.owner(&skill.uri).is_some_and(|owner| Arc::ptr_eq(owner, device)) {
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
        let resources =
            self.resources.iter().filter_map(|it| Some(it.shelf.resource(it.index)?.uri));
        let templates =
            self.templates.iter().filter_map(|it| Some(it.shelf.template(it.index)?.uri));
        resources.chain(templates)
    }

    /// The device that has this address.
    pub(crate) fn owner(&self, uri: &str) -> Option<&Arc<Device>> {
        let is_it = |it: &&ShelfEntry| it.shelf.resource(it.index).is_some_and(|it| it.uri == uri);
        let is_of = |it: &&ShelfEntry| it.shelf.template(it.index).is_some_and(|it| it.is_of(uri));
        let found = self.resources.iter().find(is_it);
        found.or_else(|| self.templates.iter().find(is_of)).map(|entry| &entry.device)
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
        let entry = self.resources.get(usize::from(index))?;
        entry.shelf.resource(entry.index)
    }

    fn template(&self, index: u16) -> Option<Template<'_>> {
        let entry = self.templates.get(usize::from(index))?;
        entry.shelf.template(entry.index)
    }

    fn prompt(&self, index: u16) -> Option<Prompt<'_>> {
        let entry = self.prompts.get(usize::from(index))?;
        entry.shelf.prompt_as(entry.index, &entry.name)
    }

    fn completes(&self) -> bool {
        self.completes
    }
}

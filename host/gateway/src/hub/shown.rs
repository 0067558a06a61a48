//! Names that clients were shown. A name stays what it was as long as the process lives: a device
//! that comes later takes another one, or costs itself.

use std::collections::{HashMap, HashSet};

use super::names::{self, Named};
use crate::settings::DeviceId;

/// Most devices that one link may show, one after the other.
const DEVICES_MAX: usize = 32;
/// Most names of tools that one link may show, one after the other.
const TOOLS_MAX: usize = 8192;
/// Most sentences that are said about one link.
const SAID_MAX: usize = 128;

/// The names that were shown, and what was said about those that were not.
#[derive(Debug, Default)]
pub(super) struct Shown {
    devices: Vec<Known>,
    /// Whose a tool's name is: the link, and what the device itself calls it.
    tools: HashMap<Box<str>, (usize, Box<str>)>,
    /// How many of them each link has.
    counts: HashMap<usize, usize>,
    said: HashMap<usize, HashSet<Box<str>>>,
}

/// A device that was shown.
#[derive(Debug)]
struct Known {
    /// Number of the link that it was last seen on.
    link: usize,
    id: DeviceId,
    name: String,
}

/// What a device is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Called {
    /// It has not said who it is.
    Unknown,
    /// So.
    As(String),
    /// It is not served, and why.
    LeftOut(String),
}

impl Shown {
    /// What the devices are called, each on its link: those that were shown as they were, the
    /// others as [`names::devices`] has it where that name is free.
    pub(super) fn devices(&self, all: &[Named<'_>]) -> Vec<Called> {
        let ids: Vec<Option<DeviceId>> =
            all.iter().map(|named| named.identity.map(DeviceId::from)).collect();
        let duplicates: Vec<Option<String>> =
            (0..all.len()).map(|link| self.duplicate(link, all, &ids)).collect();
        let served: Vec<Named<'_>> = all
            .iter()
            .zip(&duplicates)
            .map(|(named, duplicate)| match duplicate {
                Some(_) => Named { alias: None, identity: None, ..*named },
                None => *named,
            })
            .collect();
        let wished = names::devices(&served);
        let mut called: Vec<Called> = vec![Called::Unknown; all.len()];
        // Names that were shown come first.
        for is_known in [true, false] {
            for (link, named) in served.iter().enumerate() {
                let Some(id) = ids.get(link).and_then(Option::as_ref) else { continue };
                let known = self.known(link, id);
                if known.is_some() != is_known || named.identity.is_none() {
                    continue;
                }
                let wish = wished.get(link).cloned().flatten();
                let new = match (known, named.alias) {
                    (Some(known), None) => Called::As(known.name.clone()),
                    _ => self.choose((link, all), wish, &ids, &called),
                };
                if let Some(place) = called.get_mut(link) {
                    *place = new;
                }
            }
        }
        for (place, duplicate) in called.iter_mut().zip(duplicates) {
            if let Some(why) = duplicate {
                *place = Called::LeftOut(why);
            }
        }
        called
    }

    /// A name for a device that was not shown yet.
    fn choose(
        &self,
        (link, all): (usize, &[Named<'_>]),
        wish: Option<String>,
        ids: &[Option<DeviceId>],
        called: &[Called],
    ) -> Called {
        let (Some(named), Some(wish)) = (all.get(link), wish) else { return Called::Unknown };
        if self.devices.iter().filter(|known| known.link == link).count() >= DEVICES_MAX {
            return Called::LeftOut(format!(
                "{DEVICES_MAX} devices were shown on this link, one after the other; this one is \
                 not served before this program starts again"
            ));
        }
        let is_free = |name: &String| {
            let given = called.iter().any(|one| matches!(one, Called::As(one) if one == name));
            let kept = self.devices.iter().any(|known| {
                let elsewhere = || {
                    let mut others = ids.iter().enumerate().filter(|(other, _)| *other != link);
                    others.any(|(_, id)| id.as_ref() == Some(&known.id))
                };
                // A board in the place of another of its product may be called as that was.
                known.name == *name
                    && Some(&known.id) != ids.get(link).and_then(Option::as_ref)
                    && (known.link != link || elsewhere())
            });
            !given && !kept
        };
        let candidates = [Some(wish.clone()), names::with_serial(named)];
        if let Some(name) = candidates.into_iter().flatten().find(is_free) {
            return Called::As(name);
        }
        let other = called.iter().position(|one| *one == Called::As(wish.clone()));
        let other = other.or_else(|| {
            self.devices.iter().find(|known| known.name == wish).map(|known| known.link)
        });
        let other = other.and_then(|other| all.get(other)).map_or("another", |other| other.source);
        Called::LeftOut(format!(
            "two devices are called '{wish}': {other} and {}; the second is not served: give it \
             another name, as in --serial other=/dev/ttyACM0",
            named.source
        ))
    }

    /// Why the device on this link is not served, where another says that it is the same one. The
    /// one that proves a key is believed, else the one that was shown, else the first.
    fn duplicate(
        &self,
        link: usize,
        all: &[Named<'_>],
        ids: &[Option<DeviceId>],
    ) -> Option<String> {
        let id = ids.get(link)?.as_ref().filter(|id| !id.serial.is_empty())?;
        let same = || (0..all.len()).filter(|other| ids.get(*other) == Some(&Some(id.clone())));
        let has_key = |other: &usize| all.get(*other).is_some_and(|other| other.is_proven);
        let any_key = same().any(|other| has_key(&other));
        let believed = || same().filter(|other| !any_key || has_key(other));
        let shown = self.known(link, id).map(|known| known.link);
        let served =
            believed().find(|other| Some(*other) == shown).or_else(|| believed().next())?;
        if served == link {
            return None;
        }
        let (one, two) = (all.get(served)?, all.get(link)?);
        Some(format!(
            "two devices say that they are the {} with serial number {}: {} and {}; the second is \
             not served: give each board a serial number of its own, or open one of them only",
            id.product, id.serial, one.source, two.source
        ))
    }

    /// A device without a serial number is known by its link.
    fn known(&self, link: usize, id: &DeviceId) -> Option<&Known> {
        let is_it =
            |known: &&Known| known.id == *id && (!id.serial.is_empty() || known.link == link);
        self.devices.iter().find(is_it)
    }

    /// Clients see these names from now on.
    pub(super) fn keep_devices(&mut self, all: &[Named<'_>], called: &[Called]) {
        for (link, (named, called)) in all.iter().zip(called).enumerate() {
            let (Some(identity), Called::As(name)) = (named.identity, called) else { continue };
            let (id, name) = (DeviceId::from(identity), name.clone());
            self.devices
                .retain(|known| !(known.id == id && (!id.serial.is_empty() || known.link == link)));
            self.devices.push(Known { link, id, name });
        }
    }

    /// Clients see this tool from now on.
    pub(super) fn keep_tool(&mut self, name: &str, link: usize, tool: &str) {
        if !self.tools.contains_key(name) {
            *self.counts.entry(link).or_default() += 1;
            self.tools.insert(name.into(), (link, tool.into()));
        }
    }

    /// Whether a link has shown so many names that this one is too many.
    pub(super) fn is_full(&self, name: &str, link: usize) -> bool {
        let count = self.counts.get(&link).copied().unwrap_or_default();
        count >= TOOLS_MAX && !self.tools.contains_key(name)
    }

    /// The link whose tool this name was, if it was that of another one.
    pub(super) fn other_owner(&self, name: &str, link: usize, tool: &str) -> Option<usize> {
        let (owner, its) = self.tools.get(name)?;
        (*owner != link || **its != *tool).then_some(*owner)
    }

    /// Whether a sentence about a link is to be said: each is said once.
    pub(super) fn is_news(&mut self, link: usize, sentence: &str) -> bool {
        let said = self.said.entry(link).or_default();
        said.len() < SAID_MAX && said.insert(sentence.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::Identity;

    fn identity(product: &str, serial: &str) -> Identity {
        Identity { product: product.into(), serial: serial.into(), ..Identity::default() }
    }

    fn named<'a>(identity: Option<&'a Identity>, source: &'a str) -> Named<'a> {
        Named { alias: None, identity, source, is_proven: false }
    }

    fn said(called: &Called) -> &str {
        match called {
            Called::Unknown => "?",
            Called::As(name) => name,
            Called::LeftOut(why) => why,
        }
    }

    #[test]
    fn a_name_once_shown_stays_when_a_second_board_of_the_product_comes() {
        let (a, b) = (identity("pump", "1"), identity("pump", "2"));
        let mut shown = Shown::default();
        let alone = [named(Some(&a), "a"), named(None, "b")];
        let called = shown.devices(&alone);
        assert_eq!(called, [Called::As("pump".into()), Called::Unknown]);
        // Before a list was shown nothing is fixed.
        let both = [named(Some(&a), "a"), named(Some(&b), "b")];
        assert_eq!(said(&shown.devices(&both)[0]), "pump_1");
        shown.keep_devices(&alone, &called);
        let called = shown.devices(&both);
        assert_eq!([said(&called[0]), said(&called[1])], ["pump", "pump_2"]);
        shown.keep_devices(&both, &called);
        // The first is pulled, and comes back on another link; the second keeps its name too.
        let moved = [named(Some(&b), "a"), named(Some(&a), "b")];
        let called = shown.devices(&moved);
        assert_eq!([said(&called[0]), said(&called[1])], ["pump_2", "pump"]);
    }

    #[test]
    fn a_board_in_the_place_of_another_may_be_called_as_that_was() {
        let (a, b) = (identity("pump", "1"), identity("pump", "2"));
        let mut shown = Shown::default();
        let first = [named(Some(&a), "a")];
        let called = shown.devices(&first);
        shown.keep_devices(&first, &called);
        assert_eq!(said(&shown.devices(&[named(Some(&b), "a")])[0]), "pump");
    }

    #[test]
    fn of_duplicate_devices_the_one_that_was_shown_is_served_and_the_other_is_named() {
        let a = identity("pump", "1");
        let mut shown = Shown::default();
        let late = [named(None, "serial a"), named(Some(&a), "tcp b")];
        let called = shown.devices(&late);
        shown.keep_devices(&late, &called);
        let called = shown.devices(&[named(Some(&a), "serial a"), named(Some(&a), "tcp b")]);
        assert_eq!(called[1], Called::As("pump".into()));
        let why = said(&called[0]);
        assert!(why.contains("tcp b and serial a") && why.contains("number 1"), "{why}");
        // At the start it is the first.
        let start = Shown::default();
        let called = start.devices(&[named(Some(&a), "serial a"), named(Some(&a), "tcp b")]);
        assert_eq!(called[0], Called::As("pump".into()));
    }

    #[test]
    fn of_duplicate_devices_the_one_that_proves_a_key_is_served() {
        let a = identity("pump", "1");
        let mut shown = Shown::default();
        let first = [named(Some(&a), "serial a"), named(None, "tcp b")];
        let called = shown.devices(&first);
        shown.keep_devices(&first, &called);
        let keyed = Named { is_proven: true, ..named(Some(&a), "tcp b") };
        let called = shown.devices(&[named(Some(&a), "serial a"), keyed]);
        assert_eq!(called[1], Called::As("pump".into()));
        assert!(said(&called[0]).contains("tcp b and serial a"));
    }

    #[test]
    fn boards_without_a_serial_number_that_cannot_be_told_apart_cost_the_second() {
        let none = identity("pump", "");
        let shown = Shown::default();
        let called = shown.devices(&[named(Some(&none), "a"), named(Some(&none), "b")]);
        assert_eq!(said(&called[0]), "pump_0");
        assert!(said(&called[1]).contains("two devices are called 'pump_0': a and b"));
    }

    #[test]
    fn an_endless_row_of_devices_on_one_link_is_cut() {
        let mut shown = Shown::default();
        for serial in 0..100 {
            let one = identity("pump", &serial.to_string());
            let all = [named(Some(&one), "a")];
            let called = shown.devices(&all);
            shown.keep_devices(&all, &called);
            let is_served = matches!(called[0], Called::As(_));
            assert_eq!(is_served, serial < DEVICES_MAX, "{serial}: {called:?}");
        }
        assert_eq!(shown.devices.len(), DEVICES_MAX);
    }

    #[test]
    fn a_name_of_a_tool_stays_with_the_link_that_had_it() {
        let mut shown = Shown::default();
        shown.keep_tool("a_b_set", 0, "b_set");
        assert_eq!(shown.other_owner("a_b_set", 0, "b_set"), None);
        assert_eq!(shown.other_owner("a_b_set", 1, "set"), Some(0));
        assert_eq!(shown.other_owner("a_b_get", 1, "get"), None);
        for tool in 0..2 * TOOLS_MAX {
            let name = format!("b_{tool}");
            let is_full = shown.is_full(&name, 2);
            assert_eq!(is_full, tool >= TOOLS_MAX, "{tool}");
            if !is_full {
                shown.keep_tool(&name, 2, &name);
            }
        }
        assert!(shown.is_full("new", 2) && !shown.is_full("b_0", 2) && !shown.is_full("new", 1));
    }

    #[test]
    fn each_sentence_is_said_once_and_no_link_drowns_another() {
        let mut shown = Shown::default();
        assert!(shown.is_news(0, "x") && !shown.is_news(0, "x"));
        let said = (0..10_000).filter(|tool| shown.is_news(1, &format!("{tool}"))).count();
        assert_eq!(said, SAID_MAX);
        assert!(shown.is_news(0, "y"));
    }
}

//! Plug-ins in an order in which each comes after those that it needs.

use semver::Version;

use crate::load::About;

/// The order in which plug-ins are started, by their places in `all`; or which one cannot be, and
/// why. `there` are those that run already.
pub(crate) fn order(
    all: &[&About],
    there: &[(&str, &Version)],
) -> Result<Vec<usize>, (usize, String)> {
    for (place, about) in all.iter().enumerate() {
        if all.iter().take(place).any(|other| other.name == about.name) {
            return Err((place, format!("two plug-ins are called '{}'", about.name)));
        }
        is_there(about, all, there).map_err(|why| (place, why))?;
    }
    let mut order = Vec::new();
    while order.len() < all.len() {
        let is_due = |place: &usize| {
            !order.contains(place)
                && all.get(*place).is_some_and(|about| waits_for(about, all, &order).is_none())
        };
        let due: Vec<_> = (0..all.len()).filter(is_due).collect();
        if due.is_empty() {
            return Err(circle(all, &order));
        }
        order.extend(due);
    }
    Ok(order)
}

/// Whether all that a plug-in needs runs or is to run.
fn is_there(about: &About, all: &[&About], there: &[(&str, &Version)]) -> Result<(), String> {
    for needed in &about.dependencies {
        let new = all.iter().map(|other| (&*other.name, &other.version));
        // One that is loaded now takes the place of one that runs.
        let found = new.chain(there.iter().copied()).find(|(name, _)| *name == needed.name);
        let versions = &needed.versions;
        match found {
            None => return Err(format!("it needs '{}', which is not loaded", needed.name)),
            Some((name, version)) if !versions.matches(version) => {
                return Err(format!("it needs {name} {versions}, and {version} is loaded"));
            }
            Some(_) => {}
        }
    }
    Ok(())
}

/// One of the others that a plug-in needs and that is not in the order yet.
fn waits_for(about: &About, all: &[&About], order: &[usize]) -> Option<usize> {
    let place = |name: &str| all.iter().position(|other| other.name == name);
    let missing = |name: &str| place(name).filter(|place| !order.contains(place));
    about.dependencies.iter().find_map(|needed| missing(&needed.name))
}

/// What names the plug-ins that wait for each other.
fn circle(all: &[&About], order: &[usize]) -> (usize, String) {
    let first = (0..all.len()).find(|place| !order.contains(place)).unwrap_or_default();
    let mut walk = vec![first];
    let name = |place: usize| all.get(place).map_or("", |about| &*about.name);
    while let Some(&last) = walk.last()
        && let Some(next) = all.get(last).and_then(|about| waits_for(about, all, order))
    {
        let seen = walk.iter().position(|place| *place == next);
        walk.push(next);
        if let Some(from) = seen {
            let names: Vec<_> = walk.iter().skip(from).map(|place| name(*place)).collect();
            return (next, format!("these need each other in a circle: {}", names.join(" -> ")));
        }
    }
    (first, "it waits for itself".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::{Dependency, Needs};

    fn about(name: &str, needs: &[(&str, &str)]) -> About {
        let dependency = |(name, versions): &(&str, &str)| Dependency {
            name: (*name).to_owned(),
            versions: versions.parse().unwrap(),
        };
        About {
            name: name.to_owned(),
            version: Version::new(1, 2, 0),
            description: String::new(),
            author: String::new(),
            capabilities: Vec::new(),
            dependencies: needs.iter().map(dependency).collect(),
            needs: Needs::default(),
        }
    }

    fn names(all: &[About]) -> Result<Vec<&str>, String> {
        let borrowed: Vec<_> = all.iter().collect();
        let order = order(&borrowed, &[("old", &Version::new(3, 0, 0))]);
        let named = |order: Vec<usize>| order.iter().map(|place| &*all[*place].name).collect();
        order.map(named).map_err(|(place, why)| format!("{}: {why}", all[place].name))
    }

    #[test]
    fn each_comes_after_those_that_it_needs() {
        let all = vec![
            about("c", &[("b", "^1"), ("a", "1.2.0")]),
            about("b", &[("a", ">=1, <2"), ("old", "*")]),
            about("a", &[]),
        ];
        assert_eq!(names(&all), Ok(vec!["a", "b", "c"]));
    }

    #[test]
    fn what_is_missing_too_old_or_in_a_circle_is_named() {
        let one = |needs: &[(&str, &str)]| names(&[about("a", needs)]).unwrap_err();
        assert_eq!(one(&[("z", "*")]), "a: it needs 'z', which is not loaded");
        assert_eq!(one(&[("old", "^2")]), "a: it needs old ^2, and 3.0.0 is loaded");
        let circle = "a: these need each other in a circle: a -> a";
        assert_eq!(one(&[("a", "*")]), circle);
        let three = vec![
            about("d", &[("a", "*")]),
            about("a", &[("b", "*")]),
            about("b", &[("c", "*")]),
            about("c", &[("a", "*")]),
        ];
        let circle = "a: these need each other in a circle: a -> b -> c -> a";
        assert_eq!(names(&three).unwrap_err(), circle);
        let two = vec![about("a", &[]), about("a", &[])];
        assert_eq!(names(&two).unwrap_err(), "a: two plug-ins are called 'a'");
    }
}

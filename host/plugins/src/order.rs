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
        let mut before = all.iter().take(place);
        if before.any(|other| (&other.name, &other.version) == (&about.name, &about.version)) {
            return Err((place, format!("two plug-ins are {} {}", about.name, about.version)));
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
        let all = new.chain(there.iter().copied()).filter(|(name, _)| *name == needed.name);
        let versions: Vec<_> = all.map(|(_, version)| version).collect();
        if versions.is_empty() {
            return Err(format!("it needs '{}', which is not loaded", needed.name));
        }
        if !versions.iter().any(|version| needed.versions.matches(version)) {
            let loaded: Vec<_> = versions.iter().map(ToString::to_string).collect();
            let (name, wanted) = (&needed.name, &needed.versions);
            return Err(format!("it needs {name} {wanted}, and {} is loaded", loaded.join(", ")));
        }
    }
    Ok(())
}

/// One of the others that a plug-in needs and that is not in the order yet.
fn waits_for(about: &About, all: &[&About], order: &[usize]) -> Option<usize> {
    about.dependencies.iter().find_map(|needed| {
        let is_it =
            |other: &About| other.name == needed.name && needed.versions.matches(&other.version);
        // Any version that will do.
        let mut some = (0..all.len()).filter(|place| all.get(*place).is_some_and(|it| is_it(it)));
        let first = some.next()?;
        let is_ready = order.contains(&first) || some.any(|place| order.contains(&place));
        (!is_ready).then_some(first)
    })
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
    fn versions_have_the_order_of_semver() {
        // The example of semver.org, section 11, and what it says of numbers and of builds.
        let order = [
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "1.0.0",
            "1.0.10",
            "1.2.0",
            "1.10.0",
            "2.0.0",
        ];
        let order: Vec<Version> = order.iter().map(|text| text.parse().unwrap()).collect();
        assert!(order.windows(2).all(|two| two[0] < two[1]));
        let same = |build: &str| format!("1.0.0+{build}").parse::<Version>().unwrap();
        assert!(same("1").cmp_precedence(&same("2")).is_eq());
        assert!(
            ["1.0", "01.0.0", "1.0.0-", "v1.0.0"].iter().all(|it| it.parse::<Version>().is_err())
        );
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
        assert_eq!(names(&two).unwrap_err(), "a: two plug-ins are a 1.2.0");
    }
}

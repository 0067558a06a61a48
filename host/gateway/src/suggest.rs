//! The name that a misspelt one was probably meant to be.

/// How alike two names must be, of 1: what clap takes for its subcommands.
const LEAST: f64 = 0.7;

/// The most similar of the names by the Jaro distance, where one is similar enough.
///
/// ```
/// use trine_gateway::suggest::nearest;
///
/// assert_eq!(nearest("fan_sett", ["light_set", "fan_set"]), Some("fan_set"));
/// ```
#[must_use]
pub fn nearest<'n>(word: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let rated = names.into_iter().map(|name| (strsim::jaro(word, name), name));
    let best = rated.max_by(|one, other| one.0.total_cmp(&other.0))?;
    (best.0 > LEAST).then_some(best.1)
}

/// A question with the most similar name, to stand behind an error; empty where none is similar.
#[must_use]
pub fn did_you_mean<'n>(word: &str, names: impl IntoIterator<Item = &'n str>) -> String {
    nearest(word, names).map_or_else(String::new, |name| format!("; did you mean '{name}'?"))
}

#[cfg(test)]
mod tests {
    use super::{did_you_mean, nearest};

    #[test]
    fn a_misspelt_name_gets_the_one_that_was_meant() {
        let names = ["light_set", "fan_set", "valve_open", "valve_close"];
        assert_eq!(nearest("fan_sett", names), Some("fan_set"));
        assert_eq!(nearest("valve_opn", names), Some("valve_open"));
        assert_eq!(nearest("FAN", names), None);
        assert_eq!(nearest("fan_set", []), None);
        assert_eq!(did_you_mean("lightset", names), "; did you mean 'light_set'?");
        assert_eq!(did_you_mean("camera", names), "");
    }
}

//! What the user keeps about devices: whether it can be read, and by nobody else.

use trine_gateway::Settings;

use super::super::paint::some;
use super::Check;

const SUBJECT: &str = "settings";

pub(super) fn checks() -> Vec<Check> {
    let settings = Settings::of_user();
    let names = match settings.aliases() {
        Ok(aliases) => some(aliases.len() as u64, "name"),
        Err(error) => {
            return vec![Check::fail(SUBJECT, error.chain(), "correct the file, or remove it")];
        }
    };
    let (keys, problems) = settings.check_keys();
    let problem = |error: trine_gateway::Error| {
        Check::fail(SUBJECT, error.chain(), "no device with this key is served until then")
    };
    let mut all: Vec<_> = problems.into_iter().map(problem).collect();
    if all.is_empty() {
        all.push(Check::ok(SUBJECT, format!("{names} and {} of devices", some(keys, "key"))));
    }
    all
}

//! What a sentence says of a parameter that is true or false, in the way of a call: "open=false".

use super::is_key;
use super::scan::{Scan, begins_name, is_of_name};
use super::value::truth;
use crate::base::Base;
use crate::table::ToolCode;

/// Whether a sentence has the name of a parameter with "true" behind it, and with "false": then it
/// is that, whatever the words mean.
#[inline(never)]
pub(crate) fn stated(base: &Base<'_>, (tool, param): (&ToolCode<'_>, u8), text: &str) -> [bool; 2] {
    let [mut holds, mut fails] = [false; 2];
    let mut scan = Scan::new(text, 0);
    while !scan.is_at_end() {
        scan.skip(|c| !begins_name(c));
        let mut pair = scan;
        let name = scan.skip(is_of_name);
        let quote = text.get(..pair.at()).unwrap_or_default().ends_with(['"', '\'']);
        if quote {
            pair = Scan::new(text, pair.at().saturating_sub(1));
        }
        let Some(key) = pair.key() else { continue };
        pair.skip(|c| matches!(c, '"' | '\''));
        let value = pair.skip(is_of_name).trim_end_matches('.');
        if let Some(is) = truth(value)
            && key == name
            && is_key(base, tool, param, key)
        {
            holds |= is;
            fails |= !is;
        }
    }
    [holds, fails]
}

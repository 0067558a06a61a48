//! True and false in a sentence.

use super::card::Param;
use super::reading::Reading;

/// Words for true and false by what a parameter is called.
const POLES: &[(&str, &str, &str)] = &[
    ("open opened", "open up", "close shut closed down"),
    (
        "grip closed clamp",
        "grip close closed shut grab clamp hold squeeze",
        "open release let go loose",
    ),
    ("close shut", "close shut closed", "open"),
    ("lock locked", "lock locked lock secure keep", "unlock unlocked open release free let"),
    ("mute muted", "mute muted silence silent quiet shut hush", "unmute hear back sound on"),
    ("arm armed", "arm armed on", "disarm off disarmed"),
    ("up raised", "up raise lift", "down lower drop"),
    ("extend extended out", "out extend", "in retract back"),
    ("in", "in", "out"),
    ("hold paused pause", "hold pause stop freeze", "resume continue release go carry"),
    ("private hidden", "hide private", "show public visible"),
    ("visible shown show", "show visible on", "hide off away"),
    ("forward fwd", "forward forwards ahead", "back backward backwards reverse"),
    ("off disabled", "off stop disable", "on start enable"),
    ("record run running", "start run record on go going", "stop end halt off"),
];

/// What turns things on, and off.
const ON: &str = "on start enable activate engage begin run go resume started going enabled lit \
                  boot fire light again back allow unmute switched wake in up open";
const OFF: &str = "off stop disable deactivate kill cut shut end quit halt without no out \
                   disengage cease rid stopped finish close drop lose remove down douse away \
                   enough done quiet";

/// What the sentence says of true and false, and how doubtful that is.
pub(super) fn polarity(reading: &Reading<'_>, param: &Param) -> Option<(bool, f64)> {
    let is_in = |list: &str, word: &str| list.split_ascii_whitespace().any(|other| other == word);
    let pole = POLES.iter().find(|(names, ..)| param.parts.iter().any(|part| is_in(names, part)));
    let says = |list: &str| {
        let words = reading.words.iter().enumerate();
        words.filter(|(_, word)| is_in(list, &word.text)).map(|(at, _)| at).next_back()
    };
    if let Some((_, yes, no)) = pole {
        match (says(yes), says(no)) {
            (Some(_), None) => return Some((true, 0.05)),
            (None, Some(_)) => return Some((false, 0.05)),
            (Some(_), Some(_)) if reading.has_any("unlock off") => return Some((false, 0.3)),
            _ => {}
        }
    }
    let negative = is_in("off disabled closed", param.parts.first().map_or("", String::as_str));
    let strong_off = says("off stop disable deactivate kill shut halt unmute");
    let strong_on = says("on start enable activate resume");
    match (strong_on, strong_off) {
        (Some(_), None) => return Some((!negative, 0.05)),
        (None, Some(_)) => return Some((negative, 0.05)),
        (Some(on), Some(off)) => return Some(((on > off) != negative, 0.35)),
        _ => {}
    }
    match (says(ON), says(OFF)) {
        (Some(_), None) => Some((!negative, 0.2)),
        (None, Some(_)) => Some((negative, 0.25)),
        (Some(on), Some(off)) => Some(((on > off) != negative, 0.45)),
        (None, None) => {
            let wants = reading.cues.request
                || reading.has_any("want need give have put make let get set bring use");
            Some((!negative, if wants { 0.4 } else { 0.55 }))
        }
    }
}

//! Words that mean the same, and words that mean little: written by hand, and bettered on the
//! training lists alone.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use super::text::stem;

/// Words that say nothing about the tool.
const STOP: &str = "a an the of to in for at by from with and or but so as is are am be been was \
    were it its it's i i'm i'd i'll i've me my we we're us our you your he she him his her they \
    them their this that these those there here please kindly could would can will shall should \
    may might must do does did don't doesn't just now then than too very really ok okay hey hi \
    hello oh um uh er erm ah well like want wants wanted need needs make let lets let's set put \
    get give go have has had got new some any all one bit little more up on off out into onto \
    about over under again what which who how when where why if not no yes yeah love mate dear \
    sir thanks thank right good nice think know say tell us see if much many que thing things \
    try kind able way would'd ' s t d ll re ve m wish need change switch turn take bring use";

/// Words of one meaning, a group a line.
const GROUPS: &[&str] = &[
    "stop halt end cease quit finish cancel abort kill standstill",
    "start begin run launch go commence kick fire resume",
    "pause hold freeze wait",
    "resume continue proceed keep carry",
    "next skip forward following",
    "previous back last rewind",
    "open unlock release unfasten",
    "close shut lock",
    "raise lift up higher hoist elevate",
    "lower down descend drop",
    "left port",
    "right starboard",
    "temperature temp warm heat cold cool hot degrees chill",
    "heat heater warm heating heated",
    "cool cooler cooling chill cold",
    "volume loud quiet sound louder quieter loudness noise gain",
    "mute silence silent quiet hush",
    "brightness bright dim light dimming lamp backlight glow darker",
    "light lamp lights lighting bulb led beacon",
    "speed fast slow pace velocity rate rpm faster quick",
    "fan blower ventilation air blow",
    "empty drain purge discharge dump bleed vent",
    "fill refill top load",
    "water rinse wet moisten irrigate sprinkle flush",
    "wash clean rinse cleaning scrub",
    "picture photo image snapshot shot snap photograph shoot",
    "record recording film capture tape",
    "save store keep write",
    "load recall restore",
    "delete remove erase clear wipe bin trash scrap discard rid drop",
    "reset zero restart reboot tare clear",
    "restart reboot reset bounce",
    "send transmit forward mail post",
    "call ring phone dial",
    "message text note mail sms letter email",
    "alarm alert siren buzzer bell warning horn",
    "acknowledge ack silence confirm clear dismiss",
    "fault error alarm problem trouble",
    "timer countdown minutes time clock",
    "delay wait postpone later snooze",
    "duration long time length minutes last",
    "show display read tell report status what check view see look list get query",
    "reading measure value level current sensor",
    "count number many total counter tally",
    "mode programme program preset setting cycle recipe scene profile",
    "level amount strength intensity power",
    "power energy watt electricity current",
    "door gate hatch lid entry barrier",
    "window blind shade curtain shutter",
    "move drive travel go shift bring jog",
    "home park origin rest stow base",
    "turn rotate spin swivel pan twist",
    "tilt pitch lean angle incline",
    "zoom magnify closer close enlarge",
    "position place location spot where",
    "height high tall altitude elevation",
    "direction way heading course bearing",
    "reverse backward backwards back",
    "play put song track music tune",
    "song track tune music title",
    "add append include new create insert",
    "name label title call tag named called",
    "copy copies duplicate backup clone",
    "print printing printout",
    "pressure bar psi",
    "pump pumping",
    "motor engine drive",
    "feed food feeding hopper dispense dose",
    "dose dosing amount dispense give shot",
    "lock locked locking secure",
    "arm armed arming",
    "guest visitor customer",
    "person people folk passenger crowd",
    "ticket order job request",
    "text words message sign say write caption",
    "colour color hue tint",
    "channel ch input source output",
    "zone area room sector region section",
    "stop station halt",
    "battery charge charging accumulator",
    "charge charging plug",
    "limit maximum max cap ceiling",
    "minimum min lowest least floor",
    "target setpoint goal aim",
    "night sleep bed asleep",
    "quiet silent night soft gentle",
    "strong hard heavy intense high full",
    "weak soft light gentle low mild",
    "fast quick rapid speedy express high",
    "slow gentle low crawl",
    "hour hours time running",
    "history log past record journal",
    "test check selftest trial diagnose inspect",
    "calibrate calibration adjust zero",
    "connect join link pair attach",
    "disconnect unlink detach unpair",
    "user account person login",
    "block ban forbid",
    "allow permit grant let",
    "find search locate seek look",
    "book reserve schedule",
    "schedule plan timetable calendar",
    "weight weigh mass heavy kilo",
    "humidity humid moisture damp moist",
    "smoke fog mist haze",
    "enable activate engage",
    "disable deactivate",
    "eject unload remove",
    "shutdown shut power off",
    "update upgrade refresh",
    "price cost fare",
    "pay payment bill money",
    "floor storey level deck",
    "seat chair",
    "spray squirt jet mist",
    "belt conveyor track line",
    "grip gripper hand clamp grab jaw hold",
    "tool bit head",
    "animal cow sheep ewe hen cat dog beast",
    "balance trim adjust",
    "emergency panic urgent",
    "wake alarm morning",
    "auto automatic automatically itself",
    "manual hand manually",
    "economy eco saving economical",
    "everything all every both whole",
    "front forward ahead",
    "rear back behind",
    "both together all pair",
    "hear volume loudness",
    "juice battery charge",
    "undo mistake wrong last back revert",
    "stay hold keep",
    "remaining left remain still",
    "power watt watts",
    "voltage volt volts",
    "current amp amps ampere milliamps",
    "temperature celsius degree degrees",
    "high hi upper top",
    "low lo lower bottom",
    "off none nothing never no without",
    "hydrogen h2",
    "oxygen o2",
    "nitrogen n2",
    "argon ar",
    "helium he",
    "sine sin",
    "saw sawtooth ramp",
    "square squ rect",
    "triangle tri zigzag",
    "middle centre center central mid halfway",
    "top upper up",
    "bottom lower down underneath",
];

static SYNONYMS: LazyLock<HashMap<String, Vec<usize>>> = LazyLock::new(|| {
    let mut all: HashMap<String, Vec<usize>> = HashMap::new();
    for (group, words) in GROUPS.iter().enumerate() {
        for word in words.split_ascii_whitespace() {
            all.entry(stem(word)).or_default().push(group);
        }
    }
    all
});

/// Abbreviations in names.
const SHORT: &[(&str, &str)] = &[
    ("temp", "temperature"),
    ("vol", "volume"),
    ("lvl", "level"),
    ("pct", "percent"),
    ("spd", "speed"),
    ("rd", "read"),
    ("dir", "direction"),
    ("pos", "position"),
    ("ch", "channel"),
    ("chan", "channel"),
    ("rst", "reset"),
    ("lt", "light"),
    ("mtr", "motor"),
    ("brt", "brightness"),
    ("bri", "brightness"),
    ("msg", "message"),
    ("num", "number"),
    ("cnt", "count"),
    ("hrs", "hours"),
    ("auto", "automatic"),
    ("freq", "frequency"),
    ("amp", "amplitude"),
    ("del", "delete"),
    ("rm", "remove"),
    ("cfg", "configure"),
    ("pwr", "power"),
    ("htr", "heater"),
    ("vlv", "valve"),
    ("sp", "setpoint"),
    ("tgt", "target"),
    ("cal", "calibrate"),
    ("pt", "point"),
    ("pic", "picture"),
    ("ack", "acknowledge"),
    ("prog", "programme"),
    ("dur", "duration"),
    ("stat", "status"),
    ("txt", "text"),
    ("img", "image"),
    ("acc", "account"),
    ("lang", "language"),
    ("info", "information"),
    ("mic", "microphone"),
    ("fwd", "forward"),
    ("rev", "reverse"),
    ("cw", "clockwise"),
    ("ccw", "anticlockwise"),
    ("max", "maximum"),
    ("min", "minimum"),
    ("l", "left"),
    ("r", "right"),
    ("hi", "high"),
    ("lo", "low"),
    ("fr", "front"),
    ("rr", "rear"),
];

/// Whether a word says nothing about the tool.
pub(super) fn is_stop(word: &str) -> bool {
    STOP.split_ascii_whitespace().any(|other| other == word)
}

/// Whether a word is one of those above: then it is no slip for another.
pub(super) fn is_known(word: &str) -> bool {
    KNOWN.contains(word)
}

static KNOWN: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    let groups = GROUPS.iter().copied().chain([STOP, COMMON]);
    groups.flat_map(str::split_ascii_whitespace).collect()
});

/// Common words that are no slips for a word above.
const COMMON: &str = "\
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen \
    fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy \
    eighty ninety hundred thousand half quarter third percent seconds second minute hour \
    hours unlock unmute disable enable before after never yesterday tomorrow tonight today \
    neighbour house home room table chair light night right might sight think thing those \
    these their there where while white write quite mouse horse nurse later water letter \
    better matter latter still stall small smell spell shell shall place plate plane plant \
    paint point print pause cause clear clean color could would should world words horde \
    board bored hoard heard heart hears until under other brother mother father bother \
    rather either neither whether weather";

/// The word of the lists that a word is a slip for: letters left out, doubled or swapped.
pub(super) fn respelt<'k>(word: &str, own: &[&'k str]) -> Option<&'k str>
where
    'static: 'k,
{
    if word.len() < 4 || is_known(word) || own.contains(&word) || !word.is_ascii() {
        return None;
    }
    let is_near = |known: &&&str| {
        let first = known.as_bytes().first() == word.as_bytes().first();
        let mut letters = [known.as_bytes().to_vec(), word.as_bytes().to_vec()];
        letters.iter_mut().for_each(|letters| letters.sort_unstable());
        // Of short words only those whose letters are swapped.
        let is_sure = word.len() > 4 || letters[0] == letters[1];
        known.len() >= 4 && first && is_sure && super::text::is_slip(known, word)
    };
    let inflected = word.len() > 5 && (stem(word) != word);
    if inflected && (KNOWN.contains(stem(word).as_str()) || own.contains(&stem(word).as_str())) {
        return None;
    }
    own.iter().find(is_near).copied().or_else(|| {
        let mut near: Vec<&&str> = KNOWN.iter().filter(|known| is_near(known)).collect();
        near.sort();
        near.first().map(|known| **known)
    })
}

/// What an abbreviation in a name stands for.
pub(super) fn long_form(part: &str) -> Option<&'static str> {
    SHORT.iter().find(|(short, _)| *short == part).map(|(_, long)| *long)
}

/// Whether two stems mean much the same.
pub(super) fn are_synonyms(a: &str, b: &str) -> bool {
    let (Some(a), Some(b)) = (SYNONYMS.get(a), SYNONYMS.get(b)) else { return false };
    a.iter().any(|group| b.contains(group))
}

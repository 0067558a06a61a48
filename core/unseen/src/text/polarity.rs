//! Which way a word points.

/// Words that turn something on, or up. Both lists were gathered from the training lists.
const ON: &str = "on start open enable enabled unmute unlock up raise resume activate active \
    allow begin run true yes lit light in engage arm connect power again back play show increase \
    higher more lift release free go awake wake restart extend out unfold visible loud restore";
/// Words that turn it off, or down.
const OFF: &str = "off stop close closed shut disable disabled mute muted lock locked down lower \
    pause kill cut end false no dark disengage disarm disconnect hold held hide decrease less \
    block blocked inhibit bypass halt cease silent silence quiet retract drop douse extinguish \
    without finished done enough sleep frozen freeze remove revoke of suspend deactivate";

/// Whether a folded word is of the one kind, and of the other.
#[must_use]
pub fn polarity(word: &[u8]) -> [bool; 2] {
    [ON, OFF].map(|list| list.split(' ').any(|other| other.as_bytes() == word))
}

#[cfg(test)]
mod tests {
    use super::polarity;

    #[test]
    fn words_point_one_way_or_none() {
        assert_eq!(polarity(b"unlock"), [true, false]);
        assert_eq!(polarity(b"mute"), [false, true]);
        assert_eq!((polarity(b"valve"), polarity(b"")), ([false; 2], [false; 2]));
    }
}

//! Small talk: "hi there", "how are you today?", "thanks a lot!".
//!
//! Who writes sentences for a list of tools writes about these, so hardly any training sentence is
//! small talk, and the network takes it for the tool that needs least. So a sentence that is made
//! of nothing but such phrases has no call, unless one of its words names a tool or a label:
//! "cool" may be what an air conditioner is to do.

use crate::said::{Said, Word};
use crate::table::Table;
use crate::tool::Role;

/// What small talk is made of, in letters alone.
const PHRASES: &str = "hi|hello|hey|hiya|howdy|yo|greetings|my friend|good morning|good afternoon|\
    good evening|good day|good night|thanks|thank you|thank u|thankyou|thx|cheers|sorry|ok|okay|\
    haha|hahaha|lol|wow|great|nice|cool|awesome|perfect|excellent|brilliant|lovely|wonderful|\
    good job|great job|nice job|well done|nice work|good work|great work|bye|goodbye|bye bye|\
    see you|see ya|see you later|take care|have a nice day|have a good day|have a great day|\
    how are you|how r u|how are u|how are ya|how are things|how are you doing|how do you do|\
    how have you been|how you doing|hows it going|how is it going|hows life|how is life|\
    hows everything|how is everything|hows your day|how is your day|hows your day going|\
    how was your day|whats up|what is up|wassup|sup|who are you|what are you|whats your name|\
    what is your name|do you have a name|who made you|who built you|how old are you|\
    are you there|are you awake|are you a robot|are you human|are you real|are you a real person|\
    are you a machine|are you a bot|are you alive|are you ok|are you okay|can you hear me|\
    do you hear me|is anyone there|is anybody there|anyone there|anybody there|you there|\
    tell me a joke|tell me something funny|know any jokes|do you know any jokes|\
    do you know a joke|i love you|i hate you|i like you|love you|love ya|you are great|\
    you are funny|you are the best|you are welcome|you are nice|you are smart|you are awesome|\
    you are stupid|youre great|youre funny|youre the best|youre welcome|youre nice|youre smart|\
    youre awesome|youre stupid|youre a star|you are a star|youre a lifesaver|\
    you are a lifesaver|nice to meet you|good to see you|pleased to meet you|never mind|\
    nevermind|no worries|no problem|what can you do|what do you do|what else can you do|yes|no|\
    yeah|yep|nope|happy birthday|merry christmas|happy new year|congratulations|congrats";
/// What may stand beside such a phrase, and says nothing by itself.
const BESIDE: &str = "there|everyone|everybody|folks|mate|buddy|friend|dear|so much|very much|\
    a lot|a bunch|a million|for that|for your help|for the help|well|so|oh|um|uh|er|later|doing|\
    today|feeling|this morning|this evening|tonight|then|now|going|please|sure|again";

/// Words that are none of a tool's, whatever its names have: "today" of "how are you today?"
const COMMON: &str = "a|are|can|do|doing|for|going|how|hows|i|is|it|its|lot|me|much|my|now|please|\
    r|so|that|the|then|there|this|today|tonight|u|up|very|well|what|whats|who|you|your|youre";

/// Whether a sentence is nothing but small talk, whose words name none of these tools.
#[inline(never)]
pub(crate) fn is_small_talk(said: &Said<'_>, table: &Table<'_>) -> bool {
    is_of_phrases(said) && !said.words().iter().any(|word| names(table, word))
}

fn is_of_phrases(said: &Said<'_>) -> bool {
    let mut rest = said.words();
    let mut is_any = false;
    while let Some((first, after)) = rest.split_first() {
        if is_mark(first) {
            rest = after;
            continue;
        }
        let [phrase, beside] = [PHRASES, BESIDE].map(|list| longest(list, rest));
        let length = phrase.max(beside);
        if length == 0 {
            return false;
        }
        is_any |= phrase == length;
        rest = rest.get(length..).unwrap_or_default();
    }
    is_any
}

/// Whether it is a mark, which divides nothing here: "hello, how are you?"
fn is_mark(word: &Word) -> bool {
    word.mention.is_none() && word.spelling.bytes().iter().all(u8::is_ascii_punctuation)
}

/// The words of the longest phrase of a list that a sentence goes on with; 0 where there is none.
fn longest(list: &str, words: &[Word]) -> usize {
    list.split('|').filter_map(|phrase| begins(phrase, words)).max().unwrap_or(0)
}

/// The words of a phrase, where a sentence goes on with it.
fn begins(phrase: &str, words: &[Word]) -> Option<usize> {
    let mut count = 0;
    for part in phrase.split(' ') {
        if !is_spelt(words.get(count)?, part) {
            return None;
        }
        count += 1;
    }
    Some(count)
}

/// Whether a word has these letters: apostrophes do not count.
fn is_spelt(word: &Word, letters: &str) -> bool {
    let spelt = core::str::from_utf8(word.spelling.bytes()).unwrap_or_default();
    let mut spelt = spelt.chars().filter(|c| !matches!(c, '\'' | '\u{2019}'));
    word.mention.is_none()
        && letters.chars().all(|c| spelt.next() == Some(c))
        && spelt.next().is_none()
}

/// Whether a word that is not common stands in the name of a tool or in a label.
fn names(table: &Table<'_>, word: &Word) -> bool {
    if COMMON.split('|').any(|common| is_spelt(word, common)) {
        return false;
    }
    let is_name = |role: u8| role == Role::Name as u8 || role == Role::Label as u8;
    let mut tokens = table.tools().flat_map(|tool| tool.tokens());
    tokens.any(|token| is_name(token.role) && token.stem == word.spelling.stem())
}

#[cfg(test)]
mod tests {
    use trine_ask::{NumberRule, NumberRules};

    use super::is_of_phrases;
    use crate::said::Said;

    struct NoRules;

    impl NumberRules for NoRules {
        fn any(&self, _: &mut dyn FnMut(&NumberRule) -> bool) -> bool {
            false
        }

        fn own_unit(&self, _: &[u8]) -> Option<u8> {
            None
        }
    }

    fn is_small_talk(sentence: &str) -> bool {
        let mut said = Said::empty();
        said.fill(sentence.as_bytes(), &NoRules).unwrap();
        is_of_phrases(&said)
    }

    #[test]
    fn what_is_made_of_small_talk_alone_is_small_talk() {
        for sentence in [
            "hi",
            "Hi there!",
            "hello, how are you today?",
            "HOW'S IT GOING",
            "how\u{2019}s it going?",
            "what's up",
            "Who are you?",
            "thank you so much, you're the best!",
            "Good morning everyone",
            "ok",
            "no, never mind",
            "can you hear me?",
            "tell me a joke please",
        ] {
            assert!(is_small_talk(sentence), "{sentence}");
        }
    }

    #[test]
    fn what_says_more_is_none() {
        for sentence in [
            "hi, fan to 20",
            "how are you on water?",
            "how is it outside",
            "what is up there on the roof",
            "thanks, now close it",
            "good morning mode",
            "who are you calling",
            "tell me a joke about pumps",
            "hello 3",
            "\u{4f60}\u{597d}",
            "hello \u{4f60}\u{597d}",
            "today",
            "now please",
            "and so on",
            "are you there yet",
        ] {
            assert!(!is_small_talk(sentence), "{sentence}");
        }
    }
}

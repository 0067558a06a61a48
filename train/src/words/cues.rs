//! Words that say that nothing is to be done now, and why.

use super::number::{Number, Sort};
use super::text::Word;

/// What a sentence says beside its command.
#[derive(Clone, Debug, Default)]
pub(super) struct Cues {
    /// Not to do it.
    pub(super) negated: bool,
    /// It was done.
    pub(super) past: bool,
    /// Only if, or when something happens.
    pub(super) conditional: bool,
    /// At another time.
    pub(super) later: bool,
    /// Somebody else's words.
    pub(super) quoted: bool,
    /// Somebody else's thing.
    pub(super) other: bool,
    /// A question for something.
    pub(super) question: bool,
    /// A question about the world.
    pub(super) about: bool,
    /// A greeting, thanks, a remark.
    pub(super) chat: bool,
    /// No words.
    pub(super) noise: bool,
    /// An order to the model.
    pub(super) attack: bool,
    /// A wish without a value: warmer, a bit more.
    pub(super) relative: bool,
    /// Left open which of several.
    pub(super) either: bool,
    /// Words that ask for something.
    pub(super) request: bool,
}

struct Sentence<'s> {
    words: Vec<&'s str>,
    joined: String,
}

impl<'s> Sentence<'s> {
    fn new(words: &'s [Word]) -> Self {
        let words = words.iter().filter(|word| !word.is_mark()).map(|word| word.text.as_str());
        let words: Vec<&str> = words.collect();
        let joined = format!(" {} ", words.join(" "));
        Self { words, joined }
    }

    /// Whether a phrase of whole words stands there.
    fn has(&self, phrase: &str) -> bool {
        self.joined.contains(&format!(" {phrase} "))
    }

    fn any(&self, phrases: &str) -> bool {
        phrases.split('|').any(|phrase| self.has(phrase))
    }

    fn begins(&self, phrases: &str) -> bool {
        phrases.split('|').any(|phrase| self.joined.starts_with(&format!(" {phrase} ")))
    }

    fn at(&self, at: usize) -> &str {
        self.words.get(at).copied().unwrap_or_default()
    }
}

/// Whether a word is one of some, with a bar between them.
fn is_in(list: &str, word: &str) -> bool {
    list.split('|').any(|other| other == word)
}

/// What a sentence says beside its command.
pub(super) fn cues(text: &str, words: &[Word], numbers: &[Number]) -> Cues {
    let s = Sentence::new(words);
    let request = is_request(&s);
    let question = is_question(&s, text);
    let conditional = is_conditional(&s);
    // What stands before "so" is why; the command stands behind it.
    let tail = words.windows(2).rposition(|pair| pair[0].text == "," && pair[1].text == "so");
    let tail = tail.filter(|at| at + 4 < words.len()).map_or(0, |at| at + 2);
    let command = Sentence::new(&words[tail..]);
    let numbers: Vec<Number> = numbers.iter().filter(|n| n.first >= tail).copied().collect();
    Cues {
        negated: is_negated(&command),
        past: tail == 0 && is_past(&s, request),
        conditional,
        later: is_later(&command, &numbers),
        quoted: tail == 0 && is_quoted(&s, text),
        other: is_other(&command, words),
        about: is_about(&s, text),
        chat: is_chat(&s),
        noise: is_noise(&s),
        attack: s.any(
            "ignore all|ignore your|ignore the rules|ignore previous|pretend|your rules|\
            system prompt|your instructions|developer mode|override your",
        ),
        relative: s.any(
            "a bit|a little|a touch|a shade|a tad|warmer|cooler|louder|quieter|brighter|\
            darker|higher|lower|faster|slower|more|less|a notch|another|longer|shorter|\
            colder|hotter|stronger|weaker|slightly|a smidge|a different|something else",
        ),
        either: s.any(
            "one of the two|one of these|one of them|either|whichever|one or the other|\
            any of the two|same to me|don't mind which",
        ),
        question,
        request,
    }
}

fn is_request(s: &Sentence<'_>) -> bool {
    s.any(
        "please|could you|can you|would you|will you|i want|i need|i'd like|\
            why don't you|kindly|i would like|let's|let us|must|wants|make sure|\
            don't forget|remember to|can i have|can we|could we|may i|give me|so please|\
            may we|might i|might we|would it be possible|let me|let her|let him|\
            is it possible|may you|so kindly|can someone|i'll have|i'll take|please",
    )
}

fn is_question(s: &Sentence<'_>, text: &str) -> bool {
    let asks = "what|what's|how|how's|which|who|who's|where|where's|is|are|does|do we|did|has|\
            have we|was|were|am i|have i|have you|when";
    let tells = "tell me|let me know|like to know|know how|know what|know the|show me|what's|\
            how much|how many|how long|how far|how fast|how hot|how warm|what is|what are|\
            read me|read out|check|what've|how's|any idea";
    s.begins(asks)
        || s.any(tells)
        || (text.trim_end().ends_with('?') && !s.begins("could|can|would|will|why"))
}

fn is_negated(s: &Sentence<'_>) -> bool {
    let mild = s.any(
        "don't forget|why don't|do not forget|don't care|don't know|don't mind|why not|\
            why isn't|don't you",
    );
    let hard = s.any(
        "don't|do not|never|dont|no need|not to|must not|mustn't|needn't|shouldn't|\
            should not|under no circumstances|rather not|hands off|not yet|leave it|\
            do nothing|nobody is to|won't be needing|doesn't need|don't want|not need|\
            not now|isn't to|not be|not touch|not want|not have|stay as|as it is|\
            as they are|not now|alone|stays as|not necessary|please not|no not|do n't|\
            not open|not start|not turn|not put|not close",
    );
    let leave = s.begins("leave the|please leave|no leave|leave") && !s.any("leave on|leave a");
    (hard && !mild) || leave || (s.has("leave") && s.any("alone|as it is|as is|be"))
}

/// When it was.
const PAST_TIMES: &str = "\
    yesterday|last night|last lesson|last week|last month|last year|last time|ago|\
            already|this morning|earlier|the other day|last summer|last winter|last monday|\
            last friday|last sunday|on monday|on tuesday|on thursday|on friday|on sunday|\
            the day before";

fn is_past(s: &Sentence<'_>, request: bool) -> bool {
    let subject = "i|we|he|she|they|it|you|somebody|someone|who";
    let did = |at: usize| {
        let word = s.at(at);
        let irregular = "\
            was|were|did|had|put|went|left|set|made|got|took|gave|ran|shut|let|sent|drew|\
            told|said|came|found|used|kept|has|have|brought|began|forgot|thought|lost|saw|\
            threw|cut";
        word.len() > 3 && word.ends_with("ed") || is_in(irregular, word)
    };
    let tells = (0..s.words.len()).any(|at| {
        let skip = usize::from(is_in("just|already|only|even|both", s.at(at + 1)));
        is_in(subject, s.at(at)) && did(at + 1 + skip)
    });
    let named = did(1)
        && !did(0)
        && s.words.len() > 3
        && !s.begins("i|have|has|please")
        && s.at(1).ends_with("ed");
    let has_time = s.any(PAST_TIMES);
    let asks = request || s.begins("what|how|did|is");
    (tells && (has_time || s.begins("i|we|he|she|they|yeah we|you")) && !asks)
        || (has_time && (named || s.any("was|were|had|did|been")) && !asks)
        || (did(0) && s.at(0).ends_with("ed") && has_time)
}

fn is_conditional(s: &Sentence<'_>) -> bool {
    let polite = "if you can|if you could|if you would|if you please|if it's no trouble|\
            if possible|if you don't mind|if it is possible|if you like|if that's ok|\
            if that's okay|if you will|if it's possible|if it's not too much|if you have|\
            if you may|if that's all right|if i may|if it's ok|if we could|if i could|\
            if you'd|wonder if|see if|know if|ask if|tell me if|nice if|great if|lovely if|\
            good if|grateful if|if it isn't|happy if|as if|even if|what if|glad if|\
            if they are|mind if|check if|if you be";
    let is_if = s.has("if") && !s.any(polite);
    let when = (s.has("when")
        && !s.begins("when is|when was|when did|when does|when do|when will|when's")
        && !s.any("since when|say when"))
        || s.begins(
            "should the|should it|should they|should we|should anyone|should anybody|\
            should there|should a|should somebody",
        );
    let moment = (s.has("the moment") && !s.any("at the moment|for the moment"))
        || (s.has("the minute") && !s.has("at the minute"));
    is_if
        || when
        || moment
        || s.any(
            "unless|once|as soon as|in case|whenever|provided|only after|after the|after i|\
            after we|before the|before we|as long as|the instant|until|till the|after they|\
            the second the|supposing|assuming|on condition|every time|each time|after he|\
            after she|the next time|after this|after lunch",
        ) && !s.any(
            "at once|once more|once again|once please|just once|all at once|for once|\
            once now|once a|once an|once every",
        )
}

fn is_later(s: &Sentence<'_>, numbers: &[Number]) -> bool {
    let days = "tomorrow|tonight|on monday|on tuesday|on wednesday|on thursday|on friday|\
            on saturday|on sunday|monday|tuesday|wednesday|thursday|friday|saturday|sunday|\
            next week|later|this evening|this afternoon|in the morning|in the evening|\
            at night|at dawn|at dusk|at sunset|at sunrise|next month|at lunch|overnight|\
            from now|every day|every morning|every night|every evening|after the weekend|\
            in the afternoon|at noon|at midnight|in a bit|in a while|in a minute|\
            in a moment|at breakfast|this night|at dinner|daily|the day after";
    let clock = numbers.iter().any(|number| number.sort == Sort::Clock);
    // "In five minutes", "after two hours".
    let units = "minutes|minute|hours|hour|seconds|days|weeks|mins";
    let spans = s.words.iter().enumerate().any(|(at, word)| {
        let near = s.words.iter().skip(at + 1).take(4);
        is_in("in|after", word) && near.clone().any(|word| is_in(units, word))
    });
    clock || spans || s.any(days)
}

fn is_quoted(s: &Sentence<'_>, text: &str) -> bool {
    let says = "said|says|told|tells|reckons|wrote|writes|reads|shouted|shouts|yelled|radioed|\
            asked|kept|texted|goes|stands|whispered|announced|mentioned|keeps|screamed|read|\
            telling|saying|written|called|advised|ordered|printed|yelling|shouting|words|\
            sings|muttered|replied|suggests|claims|joked|wants";
    let marks = text.chars().filter(|c| "\"\u{201c}\u{201d}\u{201e}".contains(*c)).count() >= 2
        || text.matches('\'').count() >= 2 && text.contains(" '");
    let first = s.words.iter().position(|word| is_in(says, word) && *word != "wants");
    let me = s.any("tell me|i said|i told|i say|please read|read me|show me");
    let strict = "said|says|told|reckons|shouted|yelled|radioed|texted|wrote|shouts|announced|\
            whispered|writes|yelling|shouting";
    (marks && first.is_some_and(|at| at > 0) && !s.begins("say|write|call|name"))
        || (!me
            && s.words.iter().enumerate().any(|(at, word)| at > 0 && is_in(strict, word))
            && !s.any("as i said|like i said|you said|asked for"))
}

fn is_other(s: &Sentence<'_>, words: &[Word]) -> bool {
    s.any(
        "next door|neighbour's|neighbours|neighbour|neighbor's|sister's|brother's|\
            mother's|father's|colleague's|mate's|friend's|grandpa's|grandma's|theirs|\
            his own|her own|our other|somebody else's|someone else's|the other building|\
            his not mine|isn't ours|not ours|isn't one of ours|not mine|other site|\
            other room|upstairs|across the hall|across the road|across the street|at home|\
            dad's|mum's|mom's|uncle's|aunt's|cousin's|daughter's|son's|wife's|husband's|\
            boss's|down the road|hers|granny's|nan's|the other one's|competitor's|vendor|\
            the neighbours'|opposite|in the kitchen|in the office|in the canteen|downstairs|\
            at the school",
    ) || words.iter().skip(1).any(|word| {
        let not = "it's|that's|what's|let's|there's|here's|i's";
        word.is_capital && word.text.ends_with("'s") && !is_in(not, &word.text)
    })
}

fn is_about(s: &Sentence<'_>, text: &str) -> bool {
    let opens = "why|what does|what do|what did|how do|how does|how can|how often|is it|do i|\
            do we|does it|does the|what kind|what sort|who invented|what would|what happens|\
            can i|can you explain|explain|when is the best|is there|do you|are there|\
            what's the difference|what is the difference|is a|are these|can these|can the|\
            can it|is this|should i|would it|which is better|who|does|how come|whose|can a";
    let explains = s.any(
        "difference between|mean|means|stand for|what's a|what is a|advantage|best time|\
            dangerous|how often should|good for|bad for|how do i|safe to|why is|why does|\
            why do|work exactly|invented|better than|actually",
    );
    let why_dont = s.begins("why don't|why not");
    !why_dont && (s.begins(opens) || (explains && text.contains('?')))
}

fn is_chat(s: &Sentence<'_>) -> bool {
    s.begins(
        "thank|thanks|hello|hi|good morning|good evening|good night|cheers|goodbye|bye|\
            nice|what a|i love|i like|you are|you're|well done|my|this is|this|that's|it's|\
            it is|i'm|i am|ugh|wow|i can|that was|ha|lovely|such|the|i think|i've|i have|\
            there's|we",
    )
}

fn is_noise(s: &Sentence<'_>) -> bool {
    let odd = s.words.iter().filter(|word| {
        let vowels = word.chars().filter(|c| "aeiouy0123456789".contains(*c)).count();
        let fills = "uh|um|hm|mm|eh|er|the|la|na|ah|oh|wuh";
        vowels == 0 && word.len() > 1 || is_in(fills, word)
    });
    odd.count() * 2 > s.words.len() || s.words.is_empty()
}

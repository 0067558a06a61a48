//! JSON as a list of tokens, so that one message has many spellings: with spaces or without, with
//! characters of its strings escaped or not, with its members in any order.

use trine_bits::Random;

/// A value before it is spelled.
#[derive(Clone)]
pub(crate) enum Json {
    /// A number, a word, or whatever stands for one: the same bytes in every spelling.
    Raw(&'static str),
    Text(&'static str),
    Array(Vec<Self>),
    Object(Vec<(&'static str, Self)>),
}

/// A part of a text; before and behind it there may be spaces.
#[derive(Clone)]
pub(crate) enum Token {
    Raw(&'static str),
    Text(&'static str),
}

/// A text, and where in it each of its tokens starts and ends.
#[derive(Default)]
pub(crate) struct Spelled {
    pub(crate) text: Vec<u8>,
    pub(crate) places: Vec<(usize, usize)>,
}

impl Json {
    pub(crate) fn tokens(&self) -> Vec<Token> {
        let mut all = Vec::new();
        self.add_tokens(&mut all);
        all
    }

    fn add_tokens(&self, all: &mut Vec<Token>) {
        let separate = |at, all: &mut Vec<Token>| {
            if at > 0 {
                all.push(Token::Raw(","));
            }
        };
        match self {
            Self::Raw(text) => all.push(Token::Raw(text)),
            Self::Text(text) => all.push(Token::Text(text)),
            Self::Array(items) => {
                all.push(Token::Raw("["));
                for (at, item) in items.iter().enumerate() {
                    separate(at, all);
                    item.add_tokens(all);
                }
                all.push(Token::Raw("]"));
            }
            Self::Object(members) => {
                all.push(Token::Raw("{"));
                for (at, (name, value)) in members.iter().enumerate() {
                    separate(at, all);
                    all.extend([Token::Text(name), Token::Raw(":")]);
                    value.add_tokens(all);
                }
                all.push(Token::Raw("}"));
            }
        }
    }

    /// The same value, the members of its objects in another order.
    pub(crate) fn shuffled(&self, random: &mut Random) -> Self {
        let Self::Object(members) = self else { return self.clone() };
        let mut members: Vec<_> =
            members.iter().map(|(name, value)| (*name, value.shuffled(random))).collect();
        random.shuffle(&mut members);
        Self::Object(members)
    }
}

impl Spelled {
    /// As most clients spell: without spaces, and without an escape that is not needed.
    pub(crate) fn compact(tokens: &[Token]) -> Self {
        let mut spelled = Self::default();
        for token in tokens {
            spelled.add(&match token {
                Token::Raw(text) => text.as_bytes().to_vec(),
                Token::Text(text) => serde_json::to_vec(text).expect("a string is JSON"),
            });
        }
        spelled
    }

    /// With white space around every token, and some characters of strings escaped.
    pub(crate) fn spaced(tokens: &[Token], random: &mut Random) -> Self {
        let mut spelled = Self::default();
        for token in tokens {
            spelled.space(random);
            spelled.add(&match token {
                Token::Raw(text) => text.as_bytes().to_vec(),
                Token::Text(text) => escaped(text, random).into_bytes(),
            });
        }
        spelled.space(random);
        spelled
    }

    fn space(&mut self, random: &mut Random) {
        let spaces = [" ", "\t", "\r\n", "    "];
        self.text.extend(random.pick(&spaces).expect("one of them").bytes());
    }

    fn add(&mut self, token: &[u8]) {
        let start = self.text.len();
        self.text.extend(token);
        self.places.push((start, self.text.len()));
    }

    /// The number of the token that starts at this byte or behind the space there; how many there
    /// are for the end of the text.
    pub(crate) fn token_at(&self, position: usize) -> Option<usize> {
        let at = self.places.iter().position(|place| place.0 >= position);
        let at = at.unwrap_or(self.places.len());
        let before = at.checked_sub(1).map_or(0, |before| self.places[before].1);
        (position >= before).then_some(at)
    }
}

fn escaped(text: &str, random: &mut Random) -> String {
    let mut out = String::from("\"");
    for char in text.chars() {
        if random.below(6) == 0 || char < ' ' || matches!(char, '"' | '\\') {
            let mut units = [0; 2];
            for unit in char.encode_utf16(&mut units) {
                out += &format!("\\u{unit:04x}");
            }
        } else {
            out.push(char);
        }
    }
    out + "\""
}

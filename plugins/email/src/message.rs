//! A message that keeps the rules: valid addresses, and nothing that makes a header of its own.

use mail_builder::MessageBuilder;

/// Most addresses of each kind, and most bytes of the text.
const ADDRESSES_MAX: usize = 50;
const BODY_MAX: usize = 1 << 20;
const SUBJECT_MAX: usize = 200;

/// A message.
#[derive(Debug)]
pub struct Message {
    to: Vec<String>,
    cc: Vec<String>,
    subject: String,
    body: String,
}

impl Message {
    /// Takes the parts of a message.
    ///
    /// # Errors
    /// When an address is none, and when a part is too long or has characters that it must not.
    pub fn new(
        to: Vec<String>,
        cc: Vec<String>,
        subject: &str,
        body: &str,
    ) -> Result<Self, String> {
        for (name, list) in [("to", &to), ("cc", &cc)] {
            if list.len() > ADDRESSES_MAX {
                return Err(format!("{name} must have at most {ADDRESSES_MAX} addresses"));
            }
            if let Some(at) = list.iter().position(|address| !is_address(address)) {
                return Err(format!("{name}/{at} must be an e-mail address like ann@example.org"));
            }
        }
        if to.is_empty() {
            return Err("to must have at least one address".to_owned());
        }
        if subject.chars().any(char::is_control) || subject.chars().count() > SUBJECT_MAX {
            return Err(format!("subject must be one line of at most {SUBJECT_MAX} characters"));
        }
        if body.len() > BODY_MAX || body.contains('\0') {
            return Err(format!("body must be text of at most {BODY_MAX} bytes"));
        }
        Ok(Self { to, cc, subject: subject.to_owned(), body: body.to_owned() })
    }

    /// How many addresses it has.
    #[must_use]
    pub fn recipients(&self) -> usize {
        self.to.len() + self.cc.len()
    }

    /// The message as RFC 5322 has it.
    ///
    /// # Errors
    /// Never, as the message keeps the rules.
    pub fn bytes(&self, from: &str, message_id: &str) -> Result<Vec<u8>, String> {
        let texts = |list: &[String]| list.iter().map(|it| it.clone().into()).collect();
        let addresses = mail_builder::headers::address::Address::new_list;
        let mut message = MessageBuilder::new().from(from).to(addresses(texts(&self.to)));
        if !self.cc.is_empty() {
            message = message.cc(addresses(texts(&self.cc)));
        }
        let message = message.subject(self.subject.as_str()).message_id(message_id);
        message.text_body(self.body.as_str()).write_to_vec().map_err(|error| error.to_string())
    }
}

/// Whether a text is an address as RFC 5321 has them, without quoted or international names:
/// nothing in it acts in a header.
#[must_use]
pub fn is_address(text: &str) -> bool {
    let Some((name, domain)) = text.rsplit_once('@') else { return false };
    let is_atom = |atom: &str| {
        let is_in =
            |each: char| each.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(each);
        !atom.is_empty() && atom.chars().all(is_in)
    };
    let is_label = |label: &str| {
        let is_in = |each: char| each.is_ascii_alphanumeric() || each == '-';
        let is_bare = !label.starts_with('-') && !label.ends_with('-');
        (1..=63).contains(&label.len()) && is_bare && label.chars().all(is_in)
    };
    text.len() <= 254
        && name.len() <= 64
        && name.split('.').all(is_atom)
        && domain.split('.').all(is_label)
}

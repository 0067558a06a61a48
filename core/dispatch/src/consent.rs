//! What a person has agreed to.
//!
//! A call of a tool that asks for a person is refused, and remembered as *asked*. When a person
//! agrees, at an input that no client reaches, that one call is *armed*: the same tool with the
//! same arguments, once, for a limited time. Nothing that a client sends can arm a call.

use crate::fnv;

/// A tool and its exact arguments, waiting until `until`.
#[derive(Clone, Copy, Debug)]
struct Bound {
    tool: u16,
    digest: u64,
    until: u64,
}

/// The asked call and the armed one. Both live in RAM, so a restart forgets them: an agreement
/// never outlives the epoch in which it was given.
#[derive(Clone, Copy, Debug, Default)]
pub struct Consents {
    asked: Option<Bound>,
    armed: Option<Bound>,
}

impl Consents {
    /// Nothing asked, nothing armed.
    #[must_use]
    pub const fn new() -> Self {
        Self { asked: None, armed: None }
    }

    /// Whether a person has agreed to this call. The agreement is used up.
    /// If there is none, the call counts as asked for `ms` milliseconds.
    pub fn allows(&mut self, tool: u16, args: &[u8], now: u64, ms: u32) -> bool {
        let digest = digest(args);
        let fits = |b: &Bound| b.tool == tool && b.digest == digest && now < b.until;
        if self.armed.as_ref().is_some_and(fits) {
            self.armed = None;
            return true;
        }
        self.asked = Some(Bound { tool, digest, until: now.saturating_add(u64::from(ms)) });
        false
    }

    /// A person agrees to the call asked last. Answers its tool, or `None` when none is asked.
    pub fn agree(&mut self, now: u64, ms: u32) -> Option<u16> {
        let asked = self.asked.take().filter(|asked| now < asked.until)?;
        self.armed = Some(Bound { until: now.saturating_add(u64::from(ms)), ..asked });
        Some(asked.tool)
    }

    /// The tool whose call waits for a person.
    #[must_use]
    pub fn asked(&self, now: u64) -> Option<u16> {
        self.asked.filter(|asked| now < asked.until).map(|asked| asked.tool)
    }
}

/// FNV-1a, 64 bits, over encoded arguments. They are in one order and form, so equal arguments
/// have equal bytes.
#[must_use]
pub fn digest(args: &[u8]) -> u64 {
    fnv::add(fnv::OFFSET, args)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_agreement_allows_one_call_of_the_same_tool_and_arguments() {
        let mut consents = Consents::new();
        assert!(!consents.allows(3, b"north 5", 0, 100));
        assert_eq!(consents.agree(10, 100), Some(3));
        assert!(!consents.allows(3, b"north 9", 20, 100));
        assert!(!consents.allows(4, b"north 5", 20, 100));
        assert!(consents.allows(3, b"north 5", 20, 100));
        assert!(!consents.allows(3, b"north 5", 20, 100));
    }

    #[test]
    fn agreeing_without_a_question_or_too_late_arms_nothing() {
        let mut consents = Consents::new();
        assert_eq!(consents.agree(0, 100), None);
        assert!(!consents.allows(3, b"", 0, 100));
        assert_eq!(consents.agree(100, 100), None);
        assert!(!consents.allows(3, b"", 200, 100));
        assert_eq!(consents.agree(250, 100), Some(3));
        assert!(!consents.allows(3, b"", 350, 100));
    }
}

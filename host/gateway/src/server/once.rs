//! Calls that run once: those with an id of their client's own, by a journal of begun ids.
//!
//! The journal has the beginning of a call before its tool is entered, and its answer before the
//! client has it. A call that is repeated, to this program or to one that was started after it, is
//! answered from there.

use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use trine_journal::{Begin, Digest, Journal};
use trine_mcp::json::{JsonWriter, member};
use trine_mcp::{Id, NeedBytes, Version, error};

use super::ask::Given;
use super::begun::Begun;
use super::calls::{From, Helpers};
use crate::context::{CallContext, CallId};
use crate::hub::{Entry, Snapshot};

const BAD_ID: &str = "params._meta[\"trine/call-id\"] must be a string of 1 to 128 printable ASCII \
    characters";
const NO_JOURNAL: &str = "trine/call-id needs a journal: start the gateway with --journal FILE, or \
    leave the id out";
const SENTENCE: &str = "trine/call-id is not for a tool that takes sentences: call the tool that \
    is meant";
const OTHER: &str = "this trine/call-id belongs to a call of another tool or with other arguments: \
    give each call an id of its own";
const RUNNING: &str = "the call with this trine/call-id is running: repeat it later for its answer";
const NOT_KEPT: &str = "the call with this trine/call-id has ended, and its answer was not kept: \
    it does not run again";
const UNKNOWN: &str = "outcome unknown: the call with this trine/call-id began, and its end was \
    not recorded. It does not run again: find out whether it took effect";

/// An answer from the journal, without the id of its request.
pub(super) struct KeptAnswer {
    is_error: bool,
    json: Vec<u8>,
}

impl KeptAnswer {
    /// Writes the response to a request.
    pub(super) fn write(&self, id: Id<'_>, out: &mut [u8]) -> Result<usize, NeedBytes> {
        let mut out = JsonWriter::new(out);
        out.raw(b"{\"jsonrpc\":\"2.0\",\"id\":");
        out.raw(id.raw());
        out.raw(if self.is_error { b",\"error\":" } else { b",\"result\":" });
        out.raw(&self.json);
        out.raw(b"}");
        out.finish()
    }

    /// An error that says how the call stands.
    fn error(code: i32, text: &str, standing: &str) -> Self {
        let message = serde_json::Value::from(text);
        let json = format!(
            "{{\"code\":{code},\"message\":{message},\"data\":{{\"trine/call\":\"{standing}\"}}}}"
        );
        Self { is_error: true, json: json.into_bytes() }
    }

    /// A call that may not begin, and why.
    pub(super) fn not_run(why: &str) -> Self {
        Self::error(error::INTERNAL_ERROR, &format!("not run: {why}"), "not-run")
    }

    /// What a client is told of a call that has begun before.
    fn of(begun: Begin) -> Option<Self> {
        let internal = |text, standing| Some(Self::error(error::INTERNAL_ERROR, text, standing));
        match begun {
            Begin::Started => None,
            Begin::Ended { is_error, answer } => {
                let json = if is_error { answer } else { marked(answer) };
                Some(Self { is_error, json })
            }
            Begin::Running => internal(RUNNING, "running"),
            Begin::NotKept => internal(NOT_KEPT, "not-kept"),
            Begin::Unknown => internal(UNKNOWN, "unknown"),
            Begin::OtherCall => Some(Self::error(error::INVALID_PARAMS, OTHER, "other")),
        }
    }
}

/// A result, a JSON object, with the mark of one that is given again.
fn marked(result: Vec<u8>) -> Vec<u8> {
    const MARK: &[u8] = b"\"trine/repeated\":true";
    // The members of `_meta`, or of the result.
    let (object, before, behind): (_, &[u8], &[u8]) = match member(&result, b"_meta") {
        Some(meta) => (meta, b"", b""),
        None => (&result[..], b"\"_meta\":{", b"}"),
    };
    let at = object.as_ptr().addr() - result.as_ptr().addr() + 1;
    let Some((head, tail)) = result.split_at_checked(at) else { return result };
    let comma: &[u8] = if tail.trim_ascii_start().starts_with(b"}") { b"" } else { b"," };
    [head, before, MARK, behind, comma, tail].concat()
}

/// One call that has an id.
struct Named {
    journal: Arc<Journal>,
    key: Vec<u8>,
    digest: Digest,
}

impl Named {
    /// Ids of one principal say nothing of those of another.
    fn new(journal: &Arc<Journal>, id: &CallId, name: &str, args: &[u8]) -> Option<Self> {
        let owner = id.principal.as_deref().map(Sha256::digest).unwrap_or_default();
        let key = [owner.as_slice(), id.id.as_deref()?.as_bytes()].concat();
        let len = name.len().to_le_bytes();
        let parts = [&len, name.as_bytes(), args];
        let digest = parts.iter().fold(Sha256::new(), |sum, part| sum.chain_update(part));
        Some(Self { journal: Arc::clone(journal), key, digest: digest.finalize().into() })
    }
}

impl Helpers {
    /// The call that a request names by an id; `None` where it was answered.
    fn named(&self, id: &CallId, entry: &Entry, args: &[u8], from: From<'_>) -> Option<Named> {
        let why = match (&self.journal, &id.id, &entry.asks) {
            (_, None, _) => BAD_ID,
            (None, ..) => NO_JOURNAL,
            (_, _, Some(_)) => SENTENCE,
            (Some(journal), ..) => return Named::new(journal, id, &entry.name, args),
        };
        from.caller.refuse(from.tag, why);
        None
    }

    /// Whether a call may be started: it has no id, or one that has not begun. Otherwise it was
    /// answered.
    pub(super) fn is_first(&self, entry: &Entry, args: &[u8], from: From<'_>) -> bool {
        let Some(id) = from.context.and_then(call_id) else { return true };
        let Some(named) = self.named(id, entry, args, from) else { return false };
        let known = named.journal.look(&named.key, &named.digest).and_then(KeptAnswer::of);
        known.as_ref().map(|kept| from.caller.kept(from.tag, kept)).is_none()
    }

    /// Takes the id of a call, which has still to begin; `None` where the call was answered and
    /// must not run.
    pub(super) fn reserve(
        &self,
        id: &CallId,
        of: (&Arc<Snapshot>, u16, Version),
        (args, given): (&[u8], (&Given, bool)),
        from: From<'_>,
    ) -> Option<Arc<Begun>> {
        let entry = of.0.entry(of.1)?;
        let Named { journal, key, digest } = self.named(id, entry, args, from)?;
        let kept = match journal.reserve(&key, &digest) {
            Ok(begun) => KeptAnswer::of(begun),
            Err(why) => Some(KeptAnswer::not_run(&why.to_string())),
        };
        match kept {
            Some(kept) => {
                from.caller.kept(from.tag, &kept);
                None
            }
            None => Some(Begun::new((journal, key), of, (args, given), from)),
        }
    }
}

/// The id of a call, if it has one.
pub(super) fn call_id(context: &Arc<CallContext>) -> Option<&CallId> {
    context.call_id.as_ref()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_is_marked_in_its_meta_whatever_else_is_there() {
        for (result, wanted) in [
            ("{}", r#"{"_meta":{"trine/repeated":true}}"#),
            (r#"{"a":1}"#, r#"{"_meta":{"trine/repeated":true},"a":1}"#),
            (r#"{"a":1,"_meta":{}}"#, r#"{"a":1,"_meta":{"trine/repeated":true}}"#),
            (
                r#"{"_meta":{"b":{"_meta":2}},"a":1}"#,
                r#"{"_meta":{"trine/repeated":true,"b":{"_meta":2}},"a":1}"#,
            ),
        ] {
            let marked = marked(result.as_bytes().to_vec());
            assert_eq!(String::from_utf8(marked).unwrap(), wanted);
        }
    }

    #[test]
    fn ids_of_one_principal_are_not_those_of_another_and_calls_differ_by_each_part() {
        let folder = std::env::temp_dir().join(format!("trine-once-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let (journal, _) = Journal::open(&folder.join("calls"), Default::default()).unwrap();
        let journal = Arc::new(journal);
        let of = |principal: Option<&str>, id: &str, name, args| {
            let (id, principal) = (Some(id.to_owned()), principal.map(str::to_owned));
            let named = Named::new(&journal, &CallId { id, principal }, name, args).unwrap();
            (named.key, named.digest)
        };
        let one = of(None, "a", "pay", b"1");
        assert_eq!(of(None, "a", "pay", b"1"), one);
        assert_eq!(of(None, "a", "pay", b"2").0, one.0);
        let all = [
            of(None, "b", "pay", b"1").0,
            of(Some("k"), "a", "pay", b"1").0,
            of(Some("l"), "a", "pay", b"1").0,
        ];
        assert!(all.iter().all(|key| *key != one.0) && all[1] != all[2]);
        let others = [of(None, "a", "pay", b"2").1, of(None, "a", "pay1", b"").1];
        assert!(others.iter().all(|digest| *digest != one.1) && others[0] != others[1]);
        std::fs::remove_dir_all(folder).unwrap();
    }
}

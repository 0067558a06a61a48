//! Why a call has no result, in words that a model can act on.

use trine_descriptor::{Consent, TextSink};

use crate::json::JsonWriter;

/// Why a call has no result, where the tool itself is not the reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// A person at this level has to agree first, and none has. The tool was not entered.
    NeedsPerson(Consent),
    /// The tool did not answer within this many milliseconds and was told to stop.
    TimedOut(u32),
    /// The device cannot be reached. The tool was not entered.
    Offline,
    /// The device now has other tools than the list said. The tool was not entered.
    Stale,
    /// The device restarted, or another host took it, while the call ran; whether it took effect is
    /// not known.
    OutcomeUnknown,
    /// The link to the device was lost while it had the call; whether it took effect is not known.
    Lost,
    /// The call was run, and its answer was lost on the way; the device no longer holds it.
    Forgotten,
    /// The tool asks for a person's input, and the client cannot be asked for it.
    NeedsInput,
    /// Too many calls are under way. The tool was not entered.
    Busy,
    /// The tool answered something that its own descriptor does not allow.
    BadResult,
    /// The arguments take more room than there is. The tool was not entered.
    TooLarge,
    /// The call was ended before it finished: by its client or by the device.
    Cancelled,
}

impl Failure {
    /// Writes the sentence, which does not name the tool.
    pub fn explain<S: TextSink + ?Sized>(self, out: &mut S) {
        match self {
            Self::NeedsPerson(consent) => out.text(needs_person(consent)),
            Self::TimedOut(limit_ms) => {
                let mut digits = [0; 20];
                let mut number = JsonWriter::new(&mut digits);
                number.unsigned(limit_ms.into());
                let len = number.needed();
                out.text("no answer within ");
                out.text(
                    core::str::from_utf8(digits.get(..len).unwrap_or_default()).unwrap_or_default(),
                );
                out.text(" ms; the call was stopped, and may have taken effect in part");
            }
            Self::Offline => out.text(
                "the device is offline; nothing was done. Check its power and cable, then repeat \
                the call",
            ),
            Self::Stale => out.text(
                "the device has changed its tools since they were listed; nothing was done. List \
                the tools again and repeat the call",
            ),
            Self::OutcomeUnknown => out.text(
                "outcome unknown: the device restarted, or was taken over by another program; the \
                call is not repeated. Read the device's state before you decide to call again",
            ),
            Self::Lost => out.text(
                "outcome unknown: the link to the device was lost; the call is not repeated. Read \
                the device's state before you decide to call again",
            ),
            Self::Forgotten => out.text(
                "the call was run, and its answer was lost on the way; it is not repeated. Read \
                the device's state before you decide to call again",
            ),
            Self::NeedsInput => out.text(
                "the tool asks for further input, which this client cannot be asked for; the call \
                did not finish. Use a client that supports elicitation in MCP 2026-07-28",
            ),
            Self::Busy => out.text(
                "too many calls are under way; nothing was done. Repeat the call when one of them \
                has ended",
            ),
            Self::BadResult => out.text(
                "the device answered something that its own description does not allow; the call \
                may have taken effect",
            ),
            Self::TooLarge => out.text(
                "the arguments take more room than there is; nothing was done. Make them shorter",
            ),
            Self::Cancelled => out.text("the call was cancelled before it finished"),
        }
    }
}

/// The sentence for want of a person. It must not say how to get around one.
const fn needs_person(consent: Consent) -> &'static str {
    match consent {
        Consent::None | Consent::Elicit => {
            "refused: a person has to agree to this call, and none has; nothing was done. Ask the \
            user to confirm it at the device, then repeat the call"
        }
        Consent::Operator => {
            "refused: an operator has to agree to this call, and none has; nothing was done. Ask \
            an operator to confirm it, then repeat the call"
        }
        Consent::Device => {
            "refused: a person at the device has to agree to this call, and none has; nothing was \
            done. Ask somebody there to confirm it, then repeat the call"
        }
    }
}

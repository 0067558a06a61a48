//! Plug-ins.

use trine_plugins::{Error, Step};

use super::text;

/// Those of `trine_plugins`.
pub(crate) fn plugins(out: &mut String) {
    samples! { out, "plugins", Error:
        Load { file: "libclock.so".into(), step: Step::Digest, why: text("the library has 12") }
        Unknown(text("clok"), text(": loaded are clock"))
        Refused { name: text("clock"), why: text("no other version of it was loaded") }
        Keys { file: "keys.pub".into(), why: text("it has no key: write one in each line") }
    }
}

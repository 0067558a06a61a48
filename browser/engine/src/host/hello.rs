//! Who the device is, and which tools it has.

use trine_wire::message::{Hello, HostHello, HostMessage, what};
use trine_wire::slot::SLOTS_MAX;

use super::content::WINDOW;
use super::speaker::Speaker;
use super::{Line, MESSAGE_MAX, News, QUIET_MS};
use crate::list::{LIST_MAX, ListError};

/// Bytes of a list that are asked for at a time.
const PAGE: u16 = 512;
/// Bytes of a result beside its value, at most.
const RESULT_HEAD: usize = 16;
/// Bytes of a name that are kept.
const NAME_MAX: usize = 32;

/// A name of the device, cut.
#[derive(Clone, Copy, Debug)]
struct Name([u8; NAME_MAX], u8);

impl Name {
    fn new(text: &str) -> Self {
        let mut kept = Self([0; NAME_MAX], 0);
        let cut = (0..=NAME_MAX).rev().find_map(|len| text.get(..len)).unwrap_or(text);
        let cut = if text.len() <= NAME_MAX { text } else { cut };
        if let Some(place) = kept.0.get_mut(..cut.len()) {
            place.copy_from_slice(cut.as_bytes());
            // It is at most `NAME_MAX`.
            kept.1 = cut.len() as u8;
        }
        kept
    }

    fn text(&self) -> &str {
        let bytes = self.0.get(..self.1.into()).unwrap_or_default();
        core::str::from_utf8(bytes).unwrap_or_default()
    }
}

/// How the device is spoken with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spoken {
    pub(super) epoch: u32,
    pub(super) slots: u8,
    pub(super) message_max: u16,
    pub(super) rx_bytes: u16,
    pub(super) features: u32,
    product: Name,
    firmware: Name,
}

/// A hello that is not answered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    nonce: u32,
    pub(super) at: u64,
}

/// A list that is being fetched.
#[derive(Clone, Copy, Debug)]
pub(super) struct Listing {
    hash: u64,
    pub(super) at: u64,
}

impl Speaker {
    pub(super) fn who(&self) -> [&str; 2] {
        let spoken = self.spoken.as_ref();
        spoken.map_or([""; 2], |it| [it.product.text(), it.firmware.text()])
    }

    /// Says hello. What is asked again is the same question.
    pub(super) fn ask(&mut self, now: u64, line: &mut dyn Line) {
        if self.session == 0 {
            self.session = self.random();
        }
        let nonce = self.asked.map_or_else(|| self.random(), |asked| asked.nonce);
        self.asked = Some(Asked { nonce, at: now });
        let hello = HostHello {
            wire: trine_wire::VERSION,
            nonce,
            session: self.session,
            message_max: MESSAGE_MAX as u16,
            content_window: WINDOW,
            keepalive_ms: QUIET_MS as u32,
            ..HostHello::default()
        };
        self.send(&HostMessage::Hello(hello), now, line);
    }

    /// The device says who it is.
    pub(super) fn hello(&mut self, hello: &Hello<'_>, now: u64, line: &mut dyn Line) {
        match self.asked {
            Some(asked) if asked.nonce == hello.nonce => self.asked = None,
            // Unasked, its tools have changed, or it has started; an answer to another question
            // says nothing.
            _ if hello.nonce == 0 => return self.ask(now, line),
            _ => return,
        }
        if hello.epoch == 0 {
            return self.ask(now, line);
        }
        if let Some(why) = refusal(hello) {
            line.say(&[why]);
            (self.is_refused, self.is_ready, self.spoken) = (true, false, None);
            return;
        }
        let is_other = self.spoken.is_none_or(|spoken| spoken.epoch != hello.epoch);
        self.spoken = Some(Spoken {
            epoch: hello.epoch,
            slots: hello.calls_max.clamp(1, SLOTS_MAX),
            message_max: hello.message_max,
            rx_bytes: hello.rx_bytes.max(hello.message_max),
            features: hello.features,
            product: Name::new(hello.product),
            firmware: Name::new(hello.firmware),
        });
        if is_other {
            self.renew_lanes();
        }
        let has_it =
            self.is_ready && trine_descriptor::record::table_hash(&self.list) == hello.table_hash;
        let fetches_it = self.listing.is_some_and(|listing| listing.hash == hello.table_hash);
        if !has_it && !fetches_it {
            self.is_ready = false;
            self.list.clear();
            self.listing = Some(Listing { hash: hello.table_hash, at: now });
            self.ask_page(now, line);
        }
    }

    pub(super) fn ask_page(&mut self, now: u64, line: &mut dyn Line) {
        let Some(listing) = &mut self.listing else { return };
        listing.at = now;
        // It is at most `LIST_MAX`.
        let offset = self.list.len() as u32;
        self.send(&HostMessage::List { offset, max: PAGE, what: what::TOOLS }, now, line);
    }

    /// A part of the list. One that came before is passed over.
    pub(super) fn page(
        &mut self,
        offset: u32,
        (total, bytes): (u32, &[u8]),
        now: u64,
        line: &mut dyn Line,
    ) -> News<'_> {
        let Some(Listing { hash, .. }) = self.listing else { return News::Quiet };
        if offset as usize != self.list.len() {
            return News::Quiet;
        }
        let taken = match self.list.append(bytes) {
            Ok(()) if total as usize > LIST_MAX => Err(ListError::Long),
            Ok(()) if self.list.len() < total as usize && !bytes.is_empty() => {
                self.ask_page(now, line);
                return News::Quiet;
            }
            Ok(()) => self.list.close(hash),
            Err(error) => Err(error),
        };
        self.listing = None;
        match taken {
            Ok(()) => {
                self.is_ready = true;
                News::Listed
            }
            Err(error) => {
                line.say(&[error.words()]);
                self.is_refused = true;
                News::Quiet
            }
        }
    }
}

/// Why a device is not spoken with.
fn refusal(hello: &Hello<'_>) -> Option<&'static str> {
    if hello.wire == 0 || hello.wire > trine_wire::VERSION {
        return Some("the device speaks another version of the wire: use `trine gateway`");
    }
    if hello.keyed {
        return Some("the device has a key, which a page must not know: use `trine gateway`");
    }
    let is_long = usize::from(hello.result_max) + RESULT_HEAD > MESSAGE_MAX;
    is_long.then_some("the device's results are longer than this page takes: use `trine gateway`")
}

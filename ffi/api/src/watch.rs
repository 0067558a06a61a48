//! Clients that watch: subscriptions to changes of lists and resources, told by `trine_next_json`.
//!
//! A subscription has one of the places in which requests wait: a `subscriptions/listen` with its
//! id one of its own, all `resources/subscribe` of a session one together. Of an address its hash
//! is kept, so that a session needs no more memory: a client is told of a change of another
//! resource whose address has the same 32 bits, which is harmless.

use trine_bits::Fnv32;
use trine_descriptor::Lists as _;
use trine_dispatch::CallId;
use trine_mcp::json::JsonReader;
use trine_mcp::notify::{self, Changed};
use trine_mcp::{Id, Listen, McpEngine, McpSession, NeedBytes, Version};

use crate::json_lists::{BUSY, decoded, fail};
use crate::json_tools::{ID_MAX, Waiting};
use crate::mcp::{Open, Reply};

/// The number that a subscription of the stateless revision waits under, in place of a tool's.
const LISTEN: u16 = u16::MAX - 4;
/// The same of the resources that a client of an older revision has subscribed to.
const WATCHED: u16 = u16::MAX - 5;

/// Bits of the byte behind the id of a subscription: what it is told of.
const RESOURCES: u8 = 1;
const PROMPTS: u8 = 2;
/// It was told of the change that is being told.
const IS_TOLD: u8 = 4;
const TOOLS: u8 = 8;

/// Bytes of an address's hash.
const HASH: usize = size_of::<u32>();
const MANY: &str = "too many resources are watched; nothing was done. Give up one of them first, \
     or use a shorter id";

/// The hash of an address, never 0.
fn hash(uri: &[u8]) -> [u8; HASH] {
    (Fnv32::new().bytes(uri).hash() | 1).to_le_bytes()
}

/// Where a subscription keeps what it is told of.
struct Place<'w> {
    flags: &'w mut u8,
    hashes: &'w mut [u8],
}

impl Waiting {
    fn watch(&mut self) -> Option<Place<'_>> {
        if !matches!(self.tool, LISTEN | WATCHED) {
            return None;
        }
        let behind = self.id.get_mut(usize::from(self.id_size)..)?;
        let (flags, hashes) = behind.split_first_mut()?;
        Some(Place { flags, hashes })
    }
}

impl Place<'_> {
    fn has(&self, hash: [u8; HASH]) -> bool {
        self.hashes.chunks_exact(HASH).any(|one| one == hash)
    }

    /// Adds a hash; `false` where there is no room.
    fn add(&mut self, hash: [u8; HASH]) -> bool {
        if self.has(hash) {
            return true;
        }
        let free = self.hashes.chunks_exact_mut(HASH).find(|one| *one == [0; HASH]);
        free.map(|place| place.copy_from_slice(&hash)).is_some()
    }

    fn remove(&mut self, hash: [u8; HASH]) {
        let found = self.hashes.chunks_exact_mut(HASH).find(|one| *one == hash);
        if let Some(place) = found {
            place.fill(0);
        }
    }
}

/// What came of telling a client of a change.
pub(crate) enum Told {
    /// A message of so many bytes; the same change is to be told again.
    One(usize),
    /// The last message, of so many bytes, or none.
    Last(usize),
}

/// Tells a client of a change, of a list or of the resource of an address: each subscription, then
/// the session.
pub(crate) fn tell(
    waiting: &mut [Option<Waiting>],
    session: &McpSession,
    (list, uri): (u16, &str),
    out: &mut [u8],
) -> Result<Told, NeedBytes> {
    let hash = hash(uri.as_bytes());
    let (kind, flag) = match list {
        3 => (Changed::Prompts, PROMPTS),
        4 => (Changed::Tools, TOOLS),
        _ => (Changed::Resources, RESOURCES),
    };
    let write = |subscription: Option<Id<'_>>, out: &mut [u8]| match list {
        0 => notify::resource_updated(uri, subscription, out),
        _ => notify::list_changed(kind, subscription, out),
    };
    let mut is_watched = list > 0;
    for one in waiting.iter_mut().flatten() {
        let is_session = one.tool == WATCHED;
        let Some(place) = one.watch() else { continue };
        let wants = if list == 0 { place.has(hash) } else { *place.flags & flag != 0 };
        if is_session {
            is_watched |= wants;
        } else if wants && *place.flags & IS_TOLD == 0 {
            let len = write(one.id(), out)?;
            if let Some(place) = one.watch() {
                *place.flags |= IS_TOLD;
            }
            return Ok(Told::One(len));
        }
    }
    let len = if is_watched && session.is_initialized() { write(None, out)? } else { 0 };
    for one in waiting.iter_mut().flatten() {
        if let Some(place) = one.watch() {
            *place.flags &= !IS_TOLD;
        }
    }
    Ok(Told::Last(len))
}

impl Open<'_> {
    /// Watches a resource for a client of an older revision, or no longer.
    pub(crate) fn subscribe(
        &mut self,
        (id, version): (Id<'_>, Version),
        (uri, on): (usize, bool),
        out: &mut [u8],
    ) -> Reply {
        let json_tools = self.json_tools();
        let engine = McpEngine::new(&json_tools);
        let uri = decoded(self.parts.arguments, uri);
        let lists = self.owned.object.lists();
        if on && lists.and_then(|lists| lists.find(uri)).is_none() {
            return engine.finish_missing(id, version, uri, out).into();
        }
        let hash = hash(uri.as_bytes());
        let waiting = &mut self.parts.waiting;
        let is_it =
            |place: &&mut Option<Waiting>| place.as_ref().is_some_and(|one| one.tool == WATCHED);
        let known = waiting.iter_mut().find(is_it);
        let done = match (known, on) {
            (None, false) => Ok(()),
            (Some(place), false) => {
                if let Some(mut watch) = place.as_mut().and_then(Waiting::watch) {
                    watch.remove(hash);
                    if watch.hashes.iter().all(|byte| *byte == 0) {
                        *place = None;
                    }
                }
                Ok(())
            }
            (Some(place), true) => {
                let watch = place.as_mut().and_then(Waiting::watch);
                if watch.is_some_and(|mut watch| watch.add(hash)) { Ok(()) } else { Err(MANY) }
            }
            (None, true) => match self.parts.waiting.iter_mut().find(|place| place.is_none()) {
                None => Err(BUSY),
                Some(place) => {
                    let watch = place.insert(subscription(version, WATCHED)).watch();
                    if let Some(mut watch) = watch {
                        watch.add(hash);
                    }
                    Ok(())
                }
            },
        };
        match done {
            Ok(()) => engine.finish_subscribe(id, out).into(),
            Err(why) => fail(id, why, out).into(),
        }
    }

    /// Keeps a subscription of the stateless revision, where there is something to tell.
    #[cold]
    #[inline(never)]
    pub(crate) fn listen(&mut self, listen: &Listen<'_>, out: &mut [u8]) -> Reply {
        if !listen.tools && !listen.resources && !listen.prompts && listen.uris.is_empty() {
            return Reply::Now(listen.acknowledgement);
        }
        let parts = &mut *self.parts;
        let Some(place) = parts.waiting.iter_mut().find(|place| place.is_none()) else {
            return fail(listen.id, BUSY, out).into();
        };
        let nothing = (CallId::LOCAL, LISTEN);
        let waiting = Waiting::new((listen.id, Version::V2026_07_28), nothing, None);
        let kept = waiting.and_then(|mut waiting| {
            let mut watch = waiting.watch()?;
            *watch.flags = if listen.resources { RESOURCES } else { 0 };
            *watch.flags |= if listen.prompts { PROMPTS } else { 0 };
            *watch.flags |= if listen.tools { TOOLS } else { 0 };
            each(listen.uris, parts.arguments, &mut |uri| watch.add(hash(uri)))?;
            Some(waiting)
        });
        match kept {
            Some(waiting) => {
                *place = Some(waiting);
                Reply::Now(listen.acknowledgement)
            }
            None => fail(listen.id, MANY, out).into(),
        }
    }
}

/// A subscription without an id, to nothing yet.
const fn subscription(version: Version, tool: u16) -> Waiting {
    Waiting { call: CallId::LOCAL, version, tool, id_size: 0, id: [0; ID_MAX] }
}

/// Calls `each` with the addresses of a JSON array, decoded to `buffer`, until it answers `false`.
/// `None` where not all of them were taken.
fn each(uris: &[u8], buffer: &mut [u8], each: &mut dyn FnMut(&[u8]) -> bool) -> Option<()> {
    if uris.is_empty() {
        return Some(());
    }
    let mut reader = JsonReader::new(uris);
    let mut first = true;
    reader.begin_array().ok()?;
    while reader.next_element(&mut first).ok()? {
        let len = reader.string().ok()?.decode_into(buffer)?;
        if !each(buffer.get(..len)?) {
            return None;
        }
    }
    Some(())
}

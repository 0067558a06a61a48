//! The client's side: messages of MCP become calls, and how they end becomes messages.

use trine_descriptor::{Consent, Fault, FaultCode, NO_NODE, ToolTable as _, record};
use trine_mcp::{
    Block, Catalog, Contents, Failure, McpEngine, McpSession, NeedBytes, Outcome, ServerInfo, Step,
    notify,
};
use trine_wire::message;
use trine_wire::message::block::{self, Blocks};

use crate::host::{CALL_MAX, Content, End, Ended, Host, Line, News, Request};
use crate::list::List;
use crate::out::{Kind, Outbox};

/// Answers that wait: one with all content that a device may send, as Base64, and others.
pub(crate) type Answers = Outbox<{ 256 << 10 }>;

/// How the page introduces itself.
const SERVER: ServerInfo<'static> = ServerInfo {
    name: "trine-page",
    title: "Trine in a page",
    version: env!("CARGO_PKG_VERSION"),
    instructions: "",
};
/// Most blocks of a result.
const BLOCKS_MAX: usize = 8;
const UNTAGGED: &str = "the device takes this call from an authenticated host alone";

/// One client.
#[derive(Debug)]
pub(crate) struct Client {
    session: McpSession,
    /// Of changes of the list.
    subscription: Option<Request>,
    arguments: [u8; CALL_MAX],
}

/// The tools of the device, which may be others later.
struct Served<'l> {
    list: &'l List,
    generation: u64,
}

impl<'l> Served<'l> {
    fn new(list: &'l List) -> Self {
        Self { list, generation: record::table_hash(list) }
    }
}

impl Catalog for Served<'_> {
    type Table = List;

    fn server(&self) -> ServerInfo<'_> {
        SERVER
    }

    fn count(&self) -> u16 {
        self.list.count()
    }

    fn tool(&self, index: u16) -> Option<(&List, u16)> {
        (index < self.list.count()).then_some((self.list, index))
    }

    fn name(&self, index: u16) -> Option<&str> {
        self.list.info(index).map(|info| info.name)
    }

    fn generation(&self) -> u64 {
        self.generation
    }

    fn can_change(&self) -> bool {
        true
    }
}

impl Client {
    pub(crate) const fn new() -> Self {
        Self { session: McpSession::new(), subscription: None, arguments: [0; CALL_MAX] }
    }

    /// A message of the client: what it can be answered with at once, or a call.
    ///
    /// # Errors
    /// When there is too little room for an answer.
    pub(crate) fn receive(
        &mut self,
        message: &[u8],
        host: &mut Host,
        (out, line): (&mut [u8], &mut dyn Line),
        now: u64,
    ) -> Result<usize, NeedBytes> {
        let served = Served::new(host.list());
        let step =
            McpEngine::new(&served).receive(message, &mut self.session, &mut self.arguments, out);
        match step {
            Step::Reply(len) => Ok(len),
            Step::Short(needed) => Err(needed),
            Step::Call(call) => {
                let request = Request::new(call.id, call.progress, call.version);
                let args = self.arguments.get(..call.arguments).unwrap_or_default();
                let sent = (call.tool, args, call.progress.is_some());
                let Err(failure) = host.call(request, sent, now, line) else { return Ok(0) };
                let served = Served::new(host.list());
                let outcome = Outcome::Failed(failure);
                McpEngine::new(&served).finish(call.id, call.version, call.tool, outcome, out)
            }
            Step::Cancel(id) => {
                if self.subscription.is_some_and(|request| request.is(id)) {
                    self.subscription = None;
                }
                host.cancel(id, now, line);
                Ok(0)
            }
            Step::Listen(listen) => {
                let version = trine_mcp::Version::V2026_07_28;
                self.subscription = listen.tools.then(|| Request::new(listen.id, None, version));
                Ok(listen.acknowledgement)
            }
            _ => Ok(0),
        }
    }

    /// Tells the client the device's news; answers whether there was room for them.
    pub(crate) fn tell(&self, news: News<'_>, out: &mut Answers) -> bool {
        match news {
            News::Quiet | News::Listed => true,
            News::Ended(ended) => out.put(Kind::Message, |out| finish(&ended, out)),
            News::Progress { request, done, total, text } => {
                let Some(token) = request.progress() else { return true };
                out.put(Kind::Message, |out| {
                    let counts = (done, (total > 0).then_some(total));
                    notify::progress(request.version, token, counts, text, out).ok()
                })
            }
        }
    }

    /// The list has changed.
    pub(crate) fn tell_of_list(&self, out: &mut Answers) {
        if let Some(request) = &self.subscription {
            out.put(Kind::Message, |out| notify::tools_changed(request.id(), out).ok());
        } else if self.session.is_initialized() {
            out.put(Kind::Message, |out| notify::tools_changed(None, out).ok());
        }
    }
}

/// Writes the answer to a call.
fn finish(ended: &Ended<'_>, out: &mut [u8]) -> Option<usize> {
    let Ended { request, tool, end, limit_ms, list } = ended;
    let served = Served::new(list);
    let id = request.id()?;
    let engine = McpEngine::new(&served);
    let mut done = |outcome: Outcome<'_>| engine.finish(id, request.version, *tool, outcome, out);
    let written = match end {
        End::Said(message::Outcome::Blocks { bytes }) => blocks(bytes, &mut done),
        End::Said(outcome) => done(said(*outcome, *limit_ms)),
        End::Content(content) => done(Outcome::Content(&[whole(content, &content.bytes())])),
        End::Wrong(fault) => done(Outcome::BadResult(*fault)),
        End::Words(words) => done(Outcome::Error(words)),
        End::Failed(failure) => done(Outcome::Failed(*failure)),
    };
    written.ok()
}

/// Content as one block: text where its media type says so and its bytes are.
fn whole<'a>(content: &'a Content, bytes: &'a &'a [u8]) -> Block<'a> {
    let mime = content.mime();
    let text = core::str::from_utf8(bytes).ok();
    match text.filter(|_| mime.starts_with("text/") || mime == "application/json") {
        Some(text) => Block::Text(text),
        None if mime.starts_with("audio/") => Block::Audio { mime, data: bytes },
        None => Block::Image { mime, data: bytes },
    }
}

/// The blocks of a result.
fn blocks(
    bytes: &[u8],
    done: &mut dyn FnMut(Outcome<'_>) -> Result<usize, NeedBytes>,
) -> Result<usize, NeedBytes> {
    let bad = Outcome::Failed(Failure::BadResult);
    let mut data: [&[u8]; BLOCKS_MAX] = [&[]; BLOCKS_MAX];
    for (number, one) in Blocks::new(bytes).enumerate() {
        match (one, data.get_mut(number)) {
            (Ok(block), Some(place)) => *place = bytes_of(&block),
            _ => return done(bad),
        }
    }
    let mut all = [Block::Text(""); BLOCKS_MAX];
    let mut count = 0;
    for (block, data) in Blocks::new(bytes).flatten().zip(&data) {
        let (Some(block), Some(place)) = (shown(&block, data), all.get_mut(count)) else {
            continue;
        };
        *place = block;
        count += 1;
    }
    done(Outcome::Content(all.get(..count).unwrap_or_default()))
}

fn bytes_of<'a>(block: &block::Block<'a>) -> &'a [u8] {
    match *block {
        block::Block::Image { bytes, .. }
        | block::Block::Audio { bytes, .. }
        | block::Block::Embedded { bytes, .. } => bytes,
        _ => &[],
    }
}

/// A block as the engine has it; those of later versions are left out.
fn shown<'a>(block: &block::Block<'a>, data: &'a &'a [u8]) -> Option<Block<'a>> {
    Some(match *block {
        block::Block::Text { text } => Block::Text(text),
        block::Block::Image { mime, .. } => Block::Image { mime, data },
        block::Block::Audio { mime, .. } => Block::Audio { mime, data },
        block::Block::Link { uri, name, mime, description } => {
            Block::Link { uri, name, mime, description }
        }
        block::Block::Embedded { uri, mime, what, bytes } => {
            let contents = match core::str::from_utf8(bytes) {
                Ok(text) if what == 0 => Contents::Text(text),
                _ => Contents::Blob(data),
            };
            Block::Embedded { uri, mime, contents }
        }
        block::Block::Structured { value } => Block::Structured(value),
        _ => return None,
    })
}

/// Any other end of a call.
fn said(outcome: message::Outcome<'_>, limit_ms: u32) -> Outcome<'_> {
    use message::Outcome as Said;
    Outcome::Failed(match outcome {
        Said::Done { value } => return Outcome::Value(value),
        Said::Failed { text } => return Outcome::Error(text),
        Said::Unauthenticated => return Outcome::Error(UNTAGGED),
        Said::Fault { code, node, bound } => {
            return Outcome::Fault(match FaultCode::from_u8(code) {
                Some(code) => Fault::bound(code, node, bound),
                None => Fault::new(FaultCode::Malformed, NO_NODE),
            });
        }
        Said::Stale | Said::UnknownTool => Failure::Stale,
        Said::NeedsPerson { consent } => Failure::NeedsPerson(Consent::from_u8(consent)),
        Said::Busy => Failure::Busy,
        Said::Expired => Failure::TimedOut(limit_ms),
        Said::Cancelled => Failure::Cancelled,
        Said::Forgotten => Failure::Forgotten,
        Said::NeedInput { .. } => Failure::NeedsInput,
        _ => Failure::BadResult,
    })
}

//! Sentences become calls on this chip: the model in flash reads them a step at a time, and between
//! two steps the loop turns. So calls are answered meanwhile, and the watchdog is fed.
//!
//! What a sentence comes to is told, with how sure the model is; nothing is called. Who wants the
//! call makes it, as any other.

use core::fmt::{self, Display, Write as _};
use core::hint::black_box;

use heapless::String;
use trine_ask::{
    AskError, CompileError, Decoding, Program, Progress, Sentence, SessionEngine, TableError,
    Vocabulary, compile,
};
use trine_board::tools::TOOLS;
use trine_bsp::place::Place;
use trine_descriptor::ValueWriter;
use trine_dispatch::{Answer, Asked, Block, CallId, Calls, NotNow, block, tokens};
use trine_infer::image::Image;
use trine_infer::{DecodeSession, Error, KvKind, Layer, Model, Options, arena_bytes};
use trine_ternary::Kernels;
use trine_ternary::parallel::Serial;

use crate::Loop;

/// Most bytes of a sentence.
const SENTENCE_MAX: usize = 256;
/// Most bytes of a message from the host: such a sentence, and what stands before it.
pub(crate) const MESSAGE_MAX: u16 = SENTENCE_MAX as u16 + 16;
/// Within so many milliseconds the loop has to turn, or the processor is restarted.
pub(crate) const WATCHDOG_MS: u32 = 1_000;
/// Rows of a matrix that a step takes: about a millisecond of a processor with 25 MHz.
const ROWS: usize = 256;
/// The most tokens of a sentence and its call that are read: what bounds how long a sentence takes.
/// One that fills them keeps the board's model just below 40 million instructions of a Cortex-M4.
const TOKENS: usize = 58;
/// Bytes of RAM for what the model keeps of a sentence. A larger model has room for fewer tokens.
const MEMORY: usize = 43 << 10;
/// Tokens that are computed together.
const BATCH: usize = 1;
/// The most blocks that a model may have here.
const LAYERS: usize = 4;
/// The most bytes of the program that the tools are compiled to.
const PROGRAM: usize = 1_024;
/// The most bytes of the arguments of a call.
const ARGS: usize = SENTENCE_MAX + 64;

/// The alignment that an image asks for.
#[repr(align(64))]
struct Aligned<T: ?Sized>(T);

/// The image, in flash: a constant is never copied to RAM.
static MODEL: &Aligned<[u8]> = &Aligned(*include_bytes!(env!("MODEL")));

static ARENA: Place<Aligned<[u8; MEMORY]>> = Place::new(Aligned([0; MEMORY]));
static BLOCKS: Place<[Layer<'static>; LAYERS]> = Place::new([Layer::EMPTY; LAYERS]);
static COMPILED: Place<[u8; PROGRAM]> = Place::new([0; PROGRAM]);

/// A sentence that waits for the loop, or is being read.
#[derive(Debug)]
pub(crate) struct Waiting {
    id: Option<CallId>,
    text: [u8; SENTENCE_MAX],
    len: usize,
    with_tokens: bool,
}

impl Waiting {
    pub(crate) const fn new() -> Self {
        Self { id: None, text: [0; SENTENCE_MAX], len: 0, with_tokens: false }
    }

    /// Keeps a sentence for the loop, if it is at none.
    pub(crate) fn keep(&mut self, asked: &Asked<'_>) -> Answer {
        if self.id.is_some() {
            return Answer::Failed("another sentence is being read: ask when it is answered");
        }
        let Some(place) = self.text.get_mut(..asked.sentence.len()) else {
            return Answer::Failed("the sentence is too long: at most 256 bytes are read here");
        };
        place.copy_from_slice(asked.sentence);
        self.len = asked.sentence.len();
        self.with_tokens = asked.with_tokens;
        self.id = Some(asked.id);
        Answer::Pending
    }

    /// No one waits for the answer any more.
    pub(crate) fn stop(&mut self, id: CallId) {
        if self.id == Some(id) {
            self.id = None;
        }
    }
}

/// The model with its tools.
pub(crate) struct SentenceModel {
    program: Program<'static>,
    vocabulary: Vocabulary<'static>,
    session: DecodeSession<'static, 'static>,
}

/// Why there is none.
pub(crate) enum Refused {
    /// The image is damaged, or does not fit.
    Model(Error),
    /// It is no model for sentences.
    Other,
    /// It is for other tools.
    Table(TableError),
    /// The tools are too many for a program.
    Tools(CompileError),
    /// This was called twice.
    Taken,
}

impl Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Model(error) => write!(f, "the model in flash: {error}"),
            Self::Other => f.write_str("the model in flash is none for sentences"),
            Self::Table(error) => error.fmt(f),
            Self::Tools(error) => error.fmt(f),
            Self::Taken => f.write_str("the model was started before"),
        }
    }
}

/// Looks at the model in flash, and whether it is for these tools. The tools work without it too.
#[inline(never)]
pub(crate) fn start() -> Result<SentenceModel, Refused> {
    let (Some(arena), Some(blocks), Some(compiled)) =
        (ARENA.take(), BLOCKS.take(), COMPILED.take())
    else {
        return Err(Refused::Taken);
    };
    let image = Image::parse(&MODEL.0).map_err(Refused::Model)?;
    image.check_crc().map_err(Refused::Model)?;
    let table = image.pieces().ok_or(Refused::Other)?;
    let vocabulary = Vocabulary::parse(table).map_err(Refused::Table)?;
    let program = compile(&TOOLS, vocabulary.tools, compiled).map_err(Refused::Tools)?;
    let config = *image.config();
    vocabulary.check(&program, config.vocab).map_err(Refused::Table)?;
    let blocks = blocks.get_mut(..config.layers).ok_or(Refused::Model(Error::TooLarge))?;
    let weights = image.weights(blocks).map_err(Refused::Model)?;
    let model = Model::new(config, weights, Kernels::best()).map_err(Refused::Model)?;
    let options = Options { batch: BATCH, kv: KvKind::I8, ..Options::new(&config) };
    let options = options.with_tables(model.weights());
    let options = fitting(&model, options).map_err(Refused::Model)?;
    let session = DecodeSession::new(&model, &options, &mut arena.0).map_err(Refused::Model)?;
    Ok(SentenceModel { program, vocabulary, session })
}

/// The same with as many positions as a sentence may have, or there is memory for.
fn fitting(model: &Model<'_>, mut options: Options) -> Result<Options, Error> {
    let config = model.config();
    options.context = options.context.min(TOKENS);
    while options.context > 1 && arena_bytes(config, &options)? > MEMORY {
        options.context -= 1;
    }
    Ok(options)
}

/// Why a sentence is not answered.
type ReadError = AskError<Error>;

/// Reads the sentence that waits, if one does, and answers it.
// This and the others are out of line, so that their stack is there only while they run.
#[inline(never)]
pub(crate) fn answer(reader: &mut Result<SentenceModel, Refused>, turns: &mut Loop<'_>) {
    let waiting = &turns.paced.sentence;
    let Some(id) = waiting.id else { return };
    let (text, len) = (waiting.text, waiting.len);
    let text = text.get(..len).unwrap_or_default();
    sentence_begins();
    match reader {
        Ok(reader) => {
            if let Err(trouble) = read(reader, text, id, turns) {
                fail(&trouble, id, turns);
            }
        }
        Err(refused) => fail(&*refused, id, turns),
    }
    sentence_ends();
    turns.paced.sentence.stop(id);
}

/// Reads a sentence, a step and a turn of the loop at a time.
#[inline(never)]
fn read(
    reader: &mut SentenceModel,
    text: &[u8],
    id: CallId,
    turns: &mut Loop<'_>,
) -> Result<(), ReadError> {
    let SentenceModel { program, vocabulary, session } = reader;
    let mut sentence = Sentence::empty();
    sentence.fill(text, program, vocabulary).map_err(AskError::Sentence)?;
    let mut decoding = Decoding::new(*program, vocabulary, &sentence);
    let mut engine = SessionEngine { session, pool: &Serial };
    while decoding.step(&mut engine, ROWS)? == Progress::More {
        turns.turn();
        if turns.paced.sentence.id != Some(id) {
            return Ok(());
        }
    }
    let with_tokens = turns.paced.sentence.with_tokens;
    until_sent(turns, |calls| calls.answer(id, |out| tell(&decoding, with_tokens, out)));
    Ok(())
}

/// Writes what a sentence came to.
#[inline(never)]
fn tell(decoding: &Decoding<'_>, with_tokens: bool, out: &mut ValueWriter<'_>) -> Answer {
    let Some(answer) = decoding.answer() else {
        return Answer::Failed("the sentence came to nothing");
    };
    let mut args = [0; ARGS];
    let mut args = ValueWriter::new(&mut args);
    if let Some(call) = answer.call() {
        call.encode(&mut args);
    }
    let outline = answer.outline();
    block(
        out,
        &Block::Call {
            verdict: outline.verdict,
            confidence: decoding.confidence().to_bits(),
            tool: outline.tool,
            node: outline.node,
            args: args.bytes(),
        },
    );
    if with_tokens {
        tokens(out, decoding.tokens());
    }
    Answer::Blocks
}

/// Answers with a failure, in words.
#[inline(never)]
fn fail(why: &dyn Display, id: CallId, turns: &mut Loop<'_>) {
    let mut words = String::<160>::new();
    // What does not fit is cut off.
    _ = write!(words, "{why}");
    until_sent(turns, |calls| calls.fail(id, &words));
}

/// Lets the loop turn until there is room for an answer.
fn until_sent(turns: &mut Loop<'_>, mut say: impl FnMut(&mut Calls<'_, '_>) -> Result<(), NotNow>) {
    while turns.device.with_calls(&mut say).is_err() {
        turns.turn();
    }
    // It is sent at once.
    turns.turn();
}

/// A sentence begins: what is counted begins where this returns.
#[inline(never)]
fn sentence_begins() {
    black_box(1);
}

/// A sentence was answered: what is counted ends where this returns.
#[inline(never)]
fn sentence_ends() {
    black_box(2);
}

//! The model that was trained for the tools of the board.

use core::fmt::{self, Display};

use trine_ask::{
    AskError, CompileError, Decoding, Program, Progress, Sentence, SessionEngine, TableError,
    Vocabulary, compile,
};
use trine_bsp::place::Place;
use trine_descriptor::ValueWriter;
use trine_dispatch::{Answer, Block, CallId, block, tokens};
use trine_infer::image::Image;
use trine_infer::{DecodeSession, Error, KvKind, Layer, Model, Options, arena_bytes};
use trine_ternary::Kernels;
use trine_ternary::parallel::Serial;

use super::{ARGS, Aligned, until_sent};
use crate::Loop;
use crate::tools::TOOLS;

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
/// The image, in flash: a constant is never copied to RAM.
static MODEL: &Aligned<[u8]> = &Aligned(*include_bytes!(env!("MODEL")));

static ARENA: Place<Aligned<[u8; MEMORY]>> = Place::new(Aligned([0; MEMORY]));
static BLOCKS: Place<[Layer<'static>; LAYERS]> = Place::new([Layer::EMPTY; LAYERS]);
static COMPILED: Place<[u8; PROGRAM]> = Place::new([0; PROGRAM]);

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
pub(super) type ReadError = AskError<Error>;

/// Reads a sentence, a step and a turn of the loop at a time.
#[inline(never)]
pub(super) fn read(
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

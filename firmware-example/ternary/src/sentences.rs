//! A model reads sentences and makes calls of them: no board, no wire, nothing but the model, so
//! that what it costs can be counted with models that are too large for a board's memory.

use core::fmt;

use trine_ask::{
    AskError, Decoding, Program, Progress, Sentence, SessionEngine, TableError, Vocabulary,
};
use trine_infer::image::Image;
use trine_infer::{DecodeSession, Error, KvKind, Layer, Model, Options, arena_bytes};
use trine_ternary::Kernels;
use trine_ternary::parallel::Serial;

use crate::{after, before};

/// Bytes of RAM that a session may take.
pub const MEMORY: usize = 512 << 10;
/// Tokens that there is memory for.
const CONTEXT: usize = 128;
/// The most blocks that a model may have here.
const LAYERS: usize = 8;
/// Rows of a matrix that a step takes at most, as in the firmware of a board.
const ROWS: usize = 256;

/// Why nothing is read.
#[derive(Debug)]
pub enum Refused {
    /// The image is damaged, or its model does not fit.
    Model(Error),
    /// It is no model for sentences, or the tools are no program.
    Other,
    /// It is for other tools.
    Table(TableError),
    /// A sentence cannot be read.
    Sentence(AskError<Error>),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Model(error)
    }
}

/// Reads each line of `text` and says what it comes to: the tool, the bits of the confidence, and
/// the tokens. `tools` is what the tools are compiled to.
///
/// # Errors
/// When the image is damaged, for other tools, or too large for `memory`, or a line is too long.
pub fn read(
    image: &[u8],
    tools: &[u8],
    text: &str,
    memory: &mut [u8],
    say: &mut dyn FnMut(fmt::Arguments<'_>),
) -> Result<(), Refused> {
    let image = Image::parse(image)?;
    image.check_crc()?;
    let config = *image.config();
    let program = Program::new(tools).ok_or(Refused::Other)?;
    let vocabulary = Vocabulary::parse(image.pieces().ok_or(Refused::Other)?);
    let vocabulary = vocabulary.map_err(Refused::Table)?;
    vocabulary.check(&program, config.vocab).map_err(Refused::Table)?;
    let mut layers = [Layer::EMPTY; LAYERS];
    let layers = layers.get_mut(..config.layers).ok_or(Error::TooLarge)?;
    let model = Model::new(config, image.weights(layers)?, Kernels::best())?;
    let context = CONTEXT.min(config.context);
    let options = Options { context, batch: 1, kv: KvKind::I8, ..Options::new(&config) };
    let options = options.with_tables(model.weights());
    let bytes = arena_bytes(&config, &options)?;
    let memory = memory.get_mut(..bytes).ok_or(Error::TooLarge)?;
    let mut session = DecodeSession::new(&model, &options, memory)?;
    for line in text.lines() {
        one(line, program, &vocabulary, &mut session, say).map_err(Refused::Sentence)?;
    }
    Ok(())
}

fn one(
    line: &str,
    program: Program<'_>,
    vocabulary: &Vocabulary<'_>,
    session: &mut DecodeSession<'_, '_>,
    say: &mut dyn FnMut(fmt::Arguments<'_>),
) -> Result<(), AskError<Error>> {
    before();
    let sentence = Sentence::read(line.as_bytes(), &program, vocabulary);
    let sentence = sentence.map_err(AskError::Sentence)?;
    let mut decoding = Decoding::new(program, vocabulary, &sentence);
    let mut engine = SessionEngine { session, pool: &Serial };
    while decoding.step(&mut engine, ROWS)? == Progress::More {}
    after();
    let tool = decoding.answer().and_then(|answer| answer.call().map(|call| call.tool()));
    let bits = decoding.confidence().to_bits();
    say(format_args!("{tool:?} {bits:08x} {:?}", decoding.tokens()));
    Ok(())
}

//! A board with a model: sentences are answered in steps, between which it does all its other work.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use trine_wire::message::block::{Block, Blocks, verdict};
use trine_wire::message::{Ask, HostMessage};

use crate::board::{Answer, Board, WAIT};
use crate::steps::{boot_text, hello};

/// Longer than the board's watchdog waits.
const STALL: &str = "stall 3000\n";
/// What the board says when its watchdog has bitten.
const BITTEN: &[u8] = b"restart by the watchdog\r\n";
/// A sentence that is longer than the board reads.
const TOO_LONG: usize = 257;
/// Words that have more tokens than there is room for, though they are no more than is read.
const WORDS: usize = 96;
/// Sentences that are cancelled until one is before it is answered.
const TRIES: usize = 20;
/// The longest pause between two calls that are made while a sentence is read.
const PAUSE: Duration = Duration::from_millis(1);

/// What a sentence came to.
struct SentenceResult {
    verdict: u8,
    tool: u16,
    args: Vec<u8>,
}

/// Asks for every sentence of the file, and looks at everything else.
pub(crate) fn main(file: &str, (board, person): (&str, &str), has_watchdog: bool) -> Result<()> {
    let text = std::fs::read_to_string(file).with_context(|| file.to_owned())?;
    let sentences: Vec<&str> = text.lines().collect();
    let mut board = Board::connect(board, person)?;
    boot_text(&mut board)?;
    hello(&mut board)?;
    board.list()?;
    let first = sentences.first().context("there is no sentence")?;
    if let Answer::Other(why) = board.ask(first.as_bytes())? {
        return refused(&mut board, &why);
    }
    let epoch = board.epoch;
    let mut meanwhile = Vec::new();
    let (mut made, mut refusals) = (0, 0);
    for sentence in &sentences {
        let (said, served) = asked(&mut board, sentence).with_context(|| (*sentence).to_owned())?;
        meanwhile.push(served);
        if said.verdict == verdict::CALL {
            made += 1;
            refusals += u32::from(executed(&mut board, &said)?);
        }
    }
    let all: usize = meanwhile.iter().sum();
    println!(
        "{} sentences; {all} calls answered meanwhile; {made} calls made of them, {refusals} \
         refused until a person agrees",
        sentences.len()
    );
    // On a busy computer the board may be through with one before this program is on again.
    ensure!(all >= sentences.len(), "calls had to wait while sentences were read: {meanwhile:?}");
    too_long(&mut board)?;
    cancelled(&mut board, first)?;
    hello(&mut board)?;
    ensure!(board.epoch == epoch, "the board has restarted");
    if let Ok(deepest) = board.person("stack\n") {
        println!("stack {deepest}");
    }
    if !has_watchdog {
        return Ok(());
    }
    println!("the watchdog has not bitten");
    bites(&mut board)
}

/// Asks for every sentence of the file and nothing else, for whoever counts. Only the
/// last of them may be too long.
pub(crate) fn each(file: &str, board: &str, person: &str) -> Result<()> {
    let text = std::fs::read_to_string(file).with_context(|| file.to_owned())?;
    let mut board = Board::connect(board, person)?;
    boot_text(&mut board)?;
    hello(&mut board)?;
    board.list()?;
    let mut sentences = text.lines().peekable();
    while let Some(sentence) = sentences.next() {
        let answer = board.ask(sentence.as_bytes())?;
        let is_long = sentences.peek().is_none()
            && matches!(&answer, Answer::Other(why) if why.contains("too long"));
        ensure!(is_long || matches!(answer, Answer::Blocks(_)), "{sentence}: {answer:?}");
    }
    Ok(())
}

/// A model for other tools, or none: the board says so, and its tools work.
fn refused(board: &mut Board, why: &str) -> Result<()> {
    let answer = board.call("fan_set", |out| out.int(0, 40))?;
    ensure!(matches!(answer, Answer::Done(_)), "{answer:?}");
    println!("refused: {why}; the tools work");
    Ok(())
}

/// What a sentence comes to, and how many calls were answered before it was.
fn asked(board: &mut Board, sentence: &str) -> Result<(SentenceResult, usize)> {
    let id = board.start_ask(sentence.as_bytes())?;
    board.reading = Some(id);
    let mut served = 0;
    loop {
        // One after another: each answer shows that the loop has turned.
        let call = board.start("fan_set", |out| out.int(0, served as i64 % 101))?;
        let answer = board.answer(call)?;
        ensure!(matches!(answer, Answer::Done(_)), "a call meanwhile: {answer:?}");
        if board.is_answered(id) {
            board.reading = None;
            let Answer::Blocks(bytes) = board.answer(id)? else { bail!("no blocks") };
            return Ok((said(&bytes)?, served));
        }
        served += 1;
        std::thread::sleep(PAUSE);
    }
}

fn said(bytes: &[u8]) -> Result<SentenceResult> {
    for block in Blocks::new(bytes) {
        if let Ok(Block::Call { verdict, tool, args, .. }) = block {
            return Ok(SentenceResult { verdict, tool, args: args.to_vec() });
        }
    }
    bail!("no call among the blocks {bytes:?}")
}

/// Makes the call as any host does. Answers whether it was refused for want of a person, which has
/// to be so for valves, and for nothing else.
fn executed(board: &mut Board, said: &SentenceResult) -> Result<bool> {
    let named = board.tools.iter().find(|(_, listed)| listed.number == said.tool);
    let tool = named.map(|(name, _)| name.clone()).context("a call of a tool that is not there")?;
    let answer = board.call(&tool, |out| {
        out.with_rest(|rest| {
            rest.get_mut(..said.args.len())?.copy_from_slice(&said.args);
            Some(said.args.len())
        });
    })?;
    let is_refused = answer == Answer::NeedsPerson { consent: 1 };
    let is_fault = matches!(answer, Answer::Fault { .. });
    ensure!(!is_fault, "the model\'s call of {tool} is not valid: {answer:?}");
    ensure!(is_refused == (tool == "valve_open"), "{tool}: {answer:?}");
    Ok(is_refused)
}

/// A sentence that is too long is told so, with the bound.
fn too_long(board: &mut Board) -> Result<()> {
    // Too many bytes, and few enough of them but too many words.
    for sentence in ["fan".repeat(TOO_LONG.div_ceil(3)), "a ".repeat(WORDS)] {
        let Answer::Other(why) = board.ask(sentence.as_bytes())? else {
            bail!("{} bytes are read", sentence.len());
        };
        ensure!(why.contains("too long"), "{why}");
        println!("{} bytes: {why}", sentence.len());
    }
    Ok(())
}

/// A sentence that no one waits for any more is left, and the next one is read.
fn cancelled(board: &mut Board, sentence: &str) -> Result<()> {
    for _ in 0..TRIES {
        let id = board.start_ask(sentence.as_bytes())?;
        board.link.send(&HostMessage::Cancel { id })?;
        match board.answer(id)? {
            // On a busy computer the board may be through before this program is on again.
            Answer::Blocks(_) => {}
            answer => {
                ensure!(answer == Answer::Other("Cancelled".to_owned()), "{answer:?}");
                return asked(board, sentence).map(drop);
            }
        }
    }
    bail!("{TRIES} sentences were answered although they were cancelled")
}

/// A loop that stands still is ended by the watchdog, so one was there.
fn bites(board: &mut Board) -> Result<()> {
    let since = Instant::now();
    board.tell_person(STALL)?;
    board.link.text(BITTEN, WAIT)?;
    boot_text(board)?;
    println!("a loop that stands still is restarted after {:.1} s", since.elapsed().as_secs_f64());
    Ok(())
}

impl Board {
    /// Sends a sentence and answers its id.
    fn start_ask(&mut self, sentence: &[u8]) -> Result<u32> {
        let id = self.next_id();
        self.link.send(&HostMessage::Ask(Ask { id, sentence, flags: 1, ..Ask::default() }))?;
        Ok(id)
    }

    fn ask(&mut self, sentence: &[u8]) -> Result<Answer> {
        let id = self.start_ask(sentence)?;
        self.answer(id)
    }
}

//! The functions of the page's module. It imports nothing and has no threads.
//!
//! What goes in is written to [`trine_input`], at most [`trine_input_max`] bytes; what comes out
//! lies at [`trine_output`] until the next call. Times are milliseconds that only rise.
#![no_std]

use core::cell::UnsafeCell;
use core::panic::PanicInfo;

use trine_arena::Ring;
use trine_browser::Page;
use trine_browser::board::{Board, DESCRIPTION_MAX, Memory, TOOL_COUNT, described};
use trine_descriptor::Tool;

/// The base model.
static BASE: &[u8] = include_bytes!("../../../models/base.bin");
/// Bytes that a page can hand over at a time.
const INPUT_MAX: usize = 64 << 10;
/// Bytes of the picture of the board.
const PICTURE_MAX: usize = 4 << 10;

/// What one thread has.
struct Alone<T>(UnsafeCell<T>);

// SAFETY: a module of WebAssembly without threads is called by one caller at a time.
unsafe impl<T> Sync for Alone<T> {}

impl<T> Alone<T> {
    const fn new(value: T) -> Self {
        Self(UnsafeCell::new(value))
    }

    /// The value, for one function at a time.
    ///
    /// # Safety
    /// No other reference to it may be used while this one is.
    #[expect(clippy::mut_from_ref, reason = "it is what an `UnsafeCell` is for")]
    unsafe fn get(&self) -> &mut T {
        // SAFETY: as the caller has promised.
        unsafe { &mut *self.0.get() }
    }
}

/// Descriptions of the board's tools in place of its own, with their lengths.
struct Texts([([u8; DESCRIPTION_MAX], usize); TOOL_COUNT]);

static PAGE: Alone<Page<'static>> = Alone::new(Page::new(BASE));
static INPUT: Alone<[u8; INPUT_MAX]> = Alone::new([0; INPUT_MAX]);
static PICTURE: Alone<[u8; PICTURE_MAX]> = Alone::new([0; PICTURE_MAX]);
static OUTPUT: Alone<*const u8> = Alone::new(core::ptr::null());
static TEXTS: Alone<Texts> = Alone::new(Texts([([0; DESCRIPTION_MAX], 0); TOOL_COUNT]));
// The board that is plugged in uses these three, and no one else.
static MEMORY: Alone<Memory> = Alone::new(Memory::new());
static RING: Alone<Option<Ring<'static>>> = Alone::new(None);
static TOOLS: Alone<Option<[Tool<'static>; TOOL_COUNT]>> = Alone::new(None);

fn page() -> &'static mut Page<'static> {
    // SAFETY: each function below takes it once, and no function of it comes back here.
    unsafe { PAGE.get() }
}

/// The first bytes of the input.
fn input(len: usize) -> &'static [u8] {
    // SAFETY: the page writes to it between two calls, and never during one.
    let input = unsafe { INPUT.get() };
    input.get(..len).unwrap_or_default()
}

/// Shows bytes to the page; answers how many.
fn show(bytes: &[u8]) -> usize {
    // SAFETY: it is used here and in `trine_output` alone.
    *unsafe { OUTPUT.get() } = bytes.as_ptr();
    bytes.len()
}

/// Where input goes.
#[unsafe(no_mangle)]
pub extern "C" fn trine_input() -> *mut u8 {
    INPUT.0.get().cast()
}

/// How many bytes of input there may be.
#[unsafe(no_mangle)]
pub const extern "C" fn trine_input_max() -> usize {
    INPUT_MAX
}

/// Where the bytes lie of which the last function has answered the count.
#[unsafe(no_mangle)]
pub extern "C" fn trine_output() -> *const u8 {
    // SAFETY: as in `show`.
    *unsafe { OUTPUT.get() }
}

/// Begins; `seed` has to be random.
#[unsafe(no_mangle)]
pub extern "C" fn trine_start(seed: u32) {
    page().start(seed);
}

/// Plugs in a board at its start, with the descriptions that were set; `random` tells its starts
/// apart. Answers whether it works.
#[unsafe(no_mangle)]
pub extern "C" fn trine_plug_board(random: u32, now: f64) -> bool {
    drop(page().plug(None, now as u64));
    // SAFETY: the board that borrowed it is gone.
    let memory = unsafe { MEMORY.get() };
    // SAFETY: as above.
    let ring = unsafe { RING.get() };
    // SAFETY: as above.
    let tools = unsafe { TOOLS.get() };
    // SAFETY: they change in `trine_describe` alone, before which the board is pulled.
    let Texts(texts) = unsafe { TEXTS.get() };
    let mut all = [""; TOOL_COUNT];
    for (text, (bytes, len)) in all.iter_mut().zip(&*texts) {
        *text = core::str::from_utf8(bytes.get(..*len).unwrap_or_default()).unwrap_or_default();
    }
    let (memory, new) = memory.split();
    let (ring, tools) = (ring.insert(new), tools.insert(described(&all)));
    let board = Board::new(memory, ring, tools, (random, now as u64)).ok();
    let works = board.is_some();
    drop(page().plug(board, now as u64));
    works
}

/// Pulls the board out: the device is at the page's own line from now on.
#[unsafe(no_mangle)]
pub extern "C" fn trine_plug_line(now: f64) {
    drop(page().plug(None, now as u64));
}

/// Sets the description of a tool of the board to the input, or to its own where that is empty, and
/// pulls the board out. Answers whether the text is taken.
#[unsafe(no_mangle)]
pub extern "C" fn trine_describe(tool: usize, len: usize, now: f64) -> bool {
    drop(page().plug(None, now as u64));
    let text = input(len);
    // SAFETY: the board that borrowed them is gone.
    let Texts(texts) = unsafe { TEXTS.get() };
    let is_text = text.len() == len && core::str::from_utf8(text).is_ok();
    let Some((bytes, kept)) = texts.get_mut(tool).filter(|_| is_text) else { return false };
    let Some(place) = bytes.get_mut(..len) else { return false };
    place.copy_from_slice(text);
    *kept = len;
    true
}

/// A message of the client: the input.
#[unsafe(no_mangle)]
pub extern "C" fn trine_message(len: usize, now: f64) {
    page().message(input(len), now as u64);
}

/// Bytes of the device at the page's own line: the input.
#[unsafe(no_mangle)]
pub extern "C" fn trine_receive(len: usize, now: f64) {
    page().receive(input(len), now as u64);
}

/// Lets time pass.
#[unsafe(no_mangle)]
pub extern "C" fn trine_poll(now: f64) {
    page().poll(now as u64);
}

/// A sentence: the input.
#[unsafe(no_mangle)]
pub extern "C" fn trine_sentence(len: usize) {
    page().sentence(input(len));
}

/// A person presses the board's button.
#[unsafe(no_mangle)]
pub extern "C" fn trine_press() {
    page().press();
}

/// The state of the board, as JSON; no bytes without a board.
#[unsafe(no_mangle)]
pub extern "C" fn trine_picture() -> usize {
    // SAFETY: it is used here alone.
    let out = unsafe { PICTURE.get() };
    let len = page().picture(out).unwrap_or_default();
    show(out.get(..len).unwrap_or_default())
}

/// The frames and notes since this was asked last, as records.
#[unsafe(no_mangle)]
pub extern "C" fn trine_trace() -> usize {
    show(page().trace())
}

/// The answers since this was asked last, as records.
#[unsafe(no_mangle)]
pub extern "C" fn trine_answers() -> usize {
    show(page().answers())
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

//! A model in llama.cpp, on the processor or on one of ggml's devices.

use std::ffi::{CStr, CString, c_char, c_void};
use std::fmt;
use std::path::Path;
use std::ptr::NonNull;
use std::sync::{Mutex, Once, PoisonError};

use llama_cpp_sys_2 as sys;

/// Why llama.cpp does not compute.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// A call failed.
    Failed {
        /// What failed.
        what: String,
        /// The errors that llama.cpp printed about it; may be empty.
        printed: String,
    },
    /// ggml has no device of this name.
    Device(String),
    /// A token is not in the vocabulary.
    Token {
        /// The token.
        token: u32,
        /// Tokens in the vocabulary.
        vocab: usize,
    },
    /// No token, or more than the batch or the context has room for.
    Count {
        /// Tokens to read.
        tokens: usize,
        /// Room in the batch and the context.
        room: u32,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed { what, printed } if printed.is_empty() => f.write_str(what),
            Self::Failed { what, printed } => write!(f, "{what}: {printed}"),
            Self::Device(name) => write!(f, "ggml has no device {name}"),
            Self::Token { token, vocab } => {
                write!(f, "{token} is no token of a vocabulary of {vocab}")
            }
            Self::Count { tokens, room } => {
                write!(f, "{tokens} tokens do not fit: give 1 to {room}")
            }
        }
    }
}

impl std::error::Error for Error {}

/// The embedding, by which llama.cpp finds it.
const EMBEDDING: &CStr = c"token_embd.weight";
/// What llama.cpp calls the logits in its graph.
const LOGITS: &CStr = c"result_output";
/// No tensor.
const NOWHERE: sys::llama_model_tensor_buft_override =
    sys::llama_model_tensor_buft_override { pattern: std::ptr::null(), buft: std::ptr::null_mut() };

/// How a model is opened.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Positions to keep.
    pub context: u32,
    /// The most tokens that are computed together.
    pub batch: u32,
    /// Threads.
    pub threads: u32,
    /// Use the file where the system maps it; else it is read into memory of the process.
    pub mapped: bool,
}

/// A model with keys and values of one text.
#[derive(Debug)]
pub struct Model {
    model: NonNull<sys::llama_model>,
    context: NonNull<sys::llama_context>,
    /// One for each number of threads that was asked for. A pool outlives the context: ggml pauses
    /// the one it had before when it is given another.
    pools: Vec<(u32, Threads)>,
    /// Which of them is used.
    pool: usize,
    vocab: usize,
    positions: u32,
    batch: u32,
    used: u32,
}

/// The threads of a model, which wait for work in a loop while the model works, as those of
/// llama.cpp's own programs do, and sleep when it is told to rest.
#[derive(Debug)]
struct Threads(NonNull<sys::ggml_threadpool>);

impl Threads {
    fn new(count: u32) -> Result<Self, Error> {
        let count = i32::try_from(count.max(1)).map_err(|_| failed("too many threads"))?;
        // SAFETY: it fills a structure and answers it by value.
        let mut wanted = unsafe { sys::ggml_threadpool_params_default(count) };
        // SAFETY: the structure lives through the call, which keeps no pointer to it.
        let made = unsafe { sys::ggml_threadpool_new(&raw mut wanted) };
        NonNull::new(made).map(Self).ok_or_else(|| failed("no more threads"))
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        // SAFETY: it was made by `ggml_threadpool_new`, and the context that had it is gone.
        unsafe { sys::ggml_threadpool_free(self.0.as_ptr()) };
    }
}

impl Model {
    /// Opens a GGUF file of an architecture that llama.cpp has, on the processor.
    ///
    /// # Errors
    /// What llama.cpp says against the file, or that there is not enough memory.
    pub fn open(path: &Path, options: &Options) -> Result<Self, Error> {
        start();
        Self::open_with(path, options, std::ptr::null_mut(), false)
    }

    /// The same, with all blocks on the device that ggml calls so: `Vulkan0`, `CUDA0`. The
    /// embedding, and with it the head that is multiplied with it, stays on the processor unless
    /// `has_head` says otherwise.
    ///
    /// # Errors
    /// As [`Self::open`], and when there is no such device.
    pub fn open_on(
        path: &Path,
        options: &Options,
        device: &str,
        has_head: bool,
    ) -> Result<Self, Error> {
        start();
        let name = CString::new(device).map_err(|_| failed("a name with a zero byte in it"))?;
        // SAFETY: the name ends with a zero and lives through the call.
        let found = unsafe { sys::ggml_backend_dev_by_name(name.as_ptr()) };
        if found.is_null() {
            return Err(Error::Device(device.to_owned()));
        }
        Self::open_with(path, options, found, has_head)
    }

    /// On a device, or on the processor for none.
    fn open_with(
        path: &Path,
        options: &Options,
        device: sys::ggml_backend_dev_t,
        has_head: bool,
    ) -> Result<Self, Error> {
        let name = CString::new(path.as_os_str().as_encoded_bytes())
            .map_err(|_| failed("a path with a zero byte in it"))?;
        let threads = Threads::new(options.threads)?;
        // SAFETY: it fills a structure and answers it by value.
        let mut wanted = unsafe { sys::llama_model_default_params() };
        wanted.load_mode =
            if options.mapped { sys::LLAMA_LOAD_MODE_MMAP } else { sys::LLAMA_LOAD_MODE_NONE };
        // A list that a null pointer ends. Without one it would take all devices that it finds,
        // where ggml was built with others.
        let mut devices = [device, std::ptr::null_mut()];
        wanted.devices = devices.as_mut_ptr();
        // A list that a null pattern ends, too.
        let mut places = [NOWHERE; 2];
        if let (true, [first, _]) = (has_head && !device.is_null(), &mut places) {
            // SAFETY: ggml has this device, and keeps its kinds of memory to the end.
            let buft = unsafe { sys::ggml_backend_dev_buffer_type(device) };
            *first = sys::llama_model_tensor_buft_override { pattern: EMBEDDING.as_ptr(), buft };
            wanted.tensor_buft_overrides = places.as_ptr();
        }
        wanted.n_gpu_layers = if device.is_null() { 0 } else { i32::MAX };
        // SAFETY: the name, which ends with a zero, and the lists live through the call.
        let model = unsafe { sys::llama_model_load_from_file(name.as_ptr(), wanted) };
        let model = NonNull::new(model).ok_or_else(|| failed("the model was not opened"))?;
        // SAFETY: it fills a structure and answers it by value.
        let mut wanted = unsafe { sys::llama_context_default_params() };
        wanted.n_ctx = options.context;
        wanted.n_batch = options.batch;
        wanted.n_ubatch = options.batch;
        // SAFETY: the model is one, and lives as long as the context: `Drop` frees it after that.
        let context = unsafe { sys::llama_init_from_model(model.as_ptr(), wanted) };
        let Some(context) = NonNull::new(context) else {
            // SAFETY: no one else has it.
            unsafe { sys::llama_model_free(model.as_ptr()) };
            return Err(failed("the model got no memory to work in"));
        };
        // SAFETY: the model is one, and has its vocabulary as long as it lives.
        let vocab = unsafe { sys::llama_model_get_vocab(model.as_ptr()) };
        // SAFETY: as above.
        let vocab = unsafe { sys::llama_vocab_n_tokens(vocab) };
        let (positions, batch) = (options.context, options.batch);
        let vocab = usize::try_from(vocab).unwrap_or(0);
        let pools = vec![(options.threads, threads)];
        let model = Self { model, context, pools, pool: 0, vocab, positions, batch, used: 0 };
        model.attach(options.threads);
        Ok(model)
    }

    fn attach(&self, count: u32) {
        let Some((_, threads)) = self.pools.get(self.pool) else { return };
        let (context, threads) = (self.context.as_ptr(), threads.0.as_ptr());
        // SAFETY: both live, and the pool does so for longer than the context.
        unsafe { sys::llama_attach_threadpool(context, threads, threads) };
        let count = i32::try_from(count.max(1)).unwrap_or(1);
        // SAFETY: the context lives.
        unsafe { sys::llama_set_n_threads(context, count, count) };
    }

    /// Works on so many threads from now on.
    ///
    /// # Errors
    /// When the system gives no more threads.
    pub fn set_threads(&mut self, count: u32) -> Result<(), Error> {
        let known = self.pools.iter().position(|(threads, _)| *threads == count);
        self.pool = match known {
            Some(at) => at,
            None => {
                self.pools.push((count, Threads::new(count)?));
                self.pools.len() - 1
            }
        };
        self.attach(count);
        Ok(())
    }

    /// Reads tokens after those that it has read, all at once, and computes the logits of what
    /// follows the last.
    ///
    /// # Errors
    /// When a token is none of the vocabulary, there are more than the batch or the context takes,
    /// or llama.cpp fails.
    pub fn read(&mut self, tokens: &[u32]) -> Result<(), Error> {
        let count = u32::try_from(tokens.len()).unwrap_or(u32::MAX);
        let room = self.batch.min(self.positions - self.used);
        if count == 0 || count > room {
            return Err(Error::Count { tokens: tokens.len(), room });
        }
        let number = |token: &u32| {
            let known = (*token as usize) < self.vocab;
            let number = i32::try_from(*token).ok().filter(|_| known);
            number.ok_or(Error::Token { token: *token, vocab: self.vocab })
        };
        let mut tokens = tokens.iter().map(number).collect::<Result<Vec<i32>, _>>()?;
        let length = i32::try_from(tokens.len()).map_err(|_| failed("too many tokens"))?;
        // SAFETY: the batch borrows the tokens, which live until it is decoded.
        let batch = unsafe { sys::llama_batch_get_one(tokens.as_mut_ptr(), length) };
        // SAFETY: context and tokens live through the call.
        match unsafe { sys::llama_decode(self.context.as_ptr(), batch) } {
            0 => {
                // With its head on a device it answers before that has computed anything.
                // SAFETY: the context lives.
                unsafe { sys::llama_synchronize(self.context.as_ptr()) };
                self.used += count;
                Ok(())
            }
            code => Err(failed(&format!("decoding failed with {code}"))),
        }
    }

    /// The logits of what follows the last token.
    ///
    /// # Errors
    /// When nothing was read.
    pub fn logits(&mut self) -> Result<&[f32], Error> {
        // SAFETY: the context lives; -1 is the last output.
        let logits = unsafe { sys::llama_get_logits_ith(self.context.as_ptr(), -1) };
        if logits.is_null() || self.used == 0 {
            return Err(failed("nothing was read"));
        }
        // SAFETY: there is one for each token of the vocabulary, and they stay as they are until
        // more is decoded, which takes this borrow's end.
        Ok(unsafe { std::slice::from_raw_parts(logits, self.vocab) })
    }

    /// Tokens of the vocabulary.
    #[must_use]
    pub fn vocab(&self) -> usize {
        self.vocab
    }

    /// Forgets all tokens.
    pub fn forget(&mut self) {
        // SAFETY: the context lives.
        let memory = unsafe { sys::llama_get_memory(self.context.as_ptr()) };
        // SAFETY: the context has it as long as it lives. What was written stays where it is, as
        // `false` says; only which cells are used is forgotten.
        unsafe { sys::llama_memory_clear(memory, false) };
        self.used = 0;
    }

    /// Where the head is multiplied, as ggml calls that memory: a device's name if it is there. A
    /// context of its own computes one token for it, so that the measured one sees no callback.
    ///
    /// # Errors
    /// When there is no memory for that, or decoding fails.
    pub fn head(&self) -> Result<String, Error> {
        let mut seen = String::new();
        // SAFETY: it fills a structure and answers it by value.
        let mut wanted = unsafe { sys::llama_context_default_params() };
        (wanted.n_ctx, wanted.n_batch, wanted.n_ubatch) = (1, 1, 1);
        wanted.cb_eval = Some(see);
        wanted.cb_eval_user_data = (&raw mut seen).cast();
        // SAFETY: the model lives, and so does the text, for longer than the context.
        let context = unsafe { sys::llama_init_from_model(self.model.as_ptr(), wanted) };
        let context =
            NonNull::new(context).ok_or_else(|| failed("no memory for a second context"))?;
        let mut token = 0;
        // SAFETY: the batch borrows the token, which lives until it is decoded.
        let batch = unsafe { sys::llama_batch_get_one(&raw mut token, 1) };
        // SAFETY: context and token live through the call.
        let code = unsafe { sys::llama_decode(context.as_ptr(), batch) };
        // SAFETY: no one else has the context; it waits for what it computes.
        unsafe { sys::llama_free(context.as_ptr()) };
        match code {
            0 if seen.is_empty() => Err(failed("no tensor of its graph is called as logits are")),
            0 => Ok(seen),
            code => Err(failed(&format!("decoding failed with {code}"))),
        }
    }

    /// Sends the threads to sleep until there is work.
    pub fn rest(&mut self) {
        let Some((_, threads)) = self.pools.get(self.pool) else { return };
        // SAFETY: the pool lives, and nothing is being computed.
        unsafe { sys::ggml_threadpool_pause(threads.0.as_ptr()) };
    }
}

impl Drop for Model {
    fn drop(&mut self) {
        // SAFETY: no one else has the context, which is freed before the model and the threads.
        unsafe { sys::llama_detach_threadpool(self.context.as_ptr()) };
        // SAFETY: as above.
        unsafe { sys::llama_free(self.context.as_ptr()) };
        // SAFETY: no one else has the model.
        unsafe { sys::llama_model_free(self.model.as_ptr()) };
    }
}

/// Keeps the name of the memory that the logits are in; the scheduler asks it about each tensor.
unsafe extern "C" fn see(tensor: *mut sys::ggml_tensor, ask: bool, seen: *mut c_void) -> bool {
    // SAFETY: the scheduler gives a tensor of its graph.
    let tensor = unsafe { &*tensor };
    // SAFETY: a tensor's name ends with a zero.
    let is_logits = unsafe { CStr::from_ptr(tensor.name.as_ptr()) } == LOGITS;
    if ask && is_logits && !tensor.buffer.is_null() {
        // SAFETY: it has memory by now, which lives as long as the graph.
        let name = unsafe { sys::ggml_backend_buffer_name(tensor.buffer) };
        // SAFETY: that is a text that ends with a zero.
        let name = unsafe { CStr::from_ptr(name) };
        // SAFETY: `Model::head` gave a text that lives for longer than its context, and reads it
        // when that is gone.
        unsafe { *seen.cast::<String>() = name.to_string_lossy().into_owned() };
    }
    // It asks for no tensor's numbers, and stops nothing.
    !ask
}

/// What ggml can use of this processor, as llama.cpp prints it: `CPU : AVX2 = 1 | ...`.
#[must_use]
pub fn flags() -> String {
    start();
    // SAFETY: it has no arguments.
    let text = unsafe { sys::llama_print_system_info() };
    // SAFETY: the text is the library's own, ends with a zero, and stays while it is copied.
    let text = unsafe { CStr::from_ptr(text) };
    text.to_string_lossy().trim().trim_end_matches('|').trim().to_owned()
}

/// ggml's version.
#[must_use]
pub fn version() -> String {
    // SAFETY: it has no arguments.
    let text = unsafe { sys::ggml_version() };
    // SAFETY: the text is a constant that ends with a zero.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}

/// The last errors that llama.cpp has printed.
static LAST: Mutex<String> = Mutex::new(String::new());

/// Once in a process: the library, and its messages, of which only errors are kept.
fn start() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: the function lives for ever and takes any thread's calls.
        unsafe { sys::llama_log_set(Some(keep), std::ptr::null_mut()) };
        // SAFETY: called once, before anything else of the library but that.
        unsafe { sys::llama_backend_init() };
    });
}

unsafe extern "C" fn keep(level: sys::ggml_log_level, text: *const c_char, _: *mut c_void) {
    if level != sys::GGML_LOG_LEVEL_ERROR || text.is_null() {
        return;
    }
    // SAFETY: the library gives a text that ends with a zero and lives through the call.
    let text = unsafe { CStr::from_ptr(text) };
    *LAST.lock().unwrap_or_else(PoisonError::into_inner) += &text.to_string_lossy();
}

/// What failed, with what llama.cpp has printed about it.
fn failed(what: &str) -> Error {
    let printed = std::mem::take(&mut *LAST.lock().unwrap_or_else(PoisonError::into_inner));
    let lines: Vec<&str> = printed.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    Error::Failed { what: what.to_owned(), printed: lines.join("; ") }
}

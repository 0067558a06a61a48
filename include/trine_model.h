/**
 * \file trine_model.h
 * \brief Trine: ternary language models on anything that has a C compiler.
 *
 * Made from ffi/model by `cargo xtask header`; edit that. Licence: MIT OR Apache-2.0.
 *
 * A model is weights and a tokenizer, where they lie; it does not change once it is open. A session
 * is what a model has read so far, and the memory to go on. Rules that hold for every function:
 *
 * - Memory is the program's: the library takes none. Handles are opaque.
 * - An answer is a trine_status or a count: 0 or more is success, a negative number is an error
 *   (TRINE_E_..., in trine.h but for TRINE_E_MODEL). Outputs are written on success only, but for a
 *   trine_model_problem, which says what is wrong and how many bytes are needed.
 * - Every pointer is checked for NULL. A size counts bytes, a count elements; (NULL, 0) is empty.
 *   Texts are UTF-8 with their size; none is expected to end with a zero byte.
 * - Structures with a `struct_size` grow at their end.
 * - Callbacks get their `user_data` first. What they get dies when they return. A function of the
 *   same session that is called from a callback answers TRINE_E_BUSY, but for trine_model_cancel.
 *
 * Who may call, at the end of each comment:
 *
 * - `isr-safe`: any context, also an interrupt; it never waits.
 * - `owner-only`: the one context that owns the session. Another thread that calls meanwhile gets
 *   TRINE_E_BUSY.
 * - `init-only`: the owner, before other contexts use the object.
 *
 * `any` says that many threads may call at the same time: a model does not change.
 */


#ifndef TRINE_MODEL_H
#define TRINE_MODEL_H

#include <stddef.h>
#include <stdint.h>
/* Statuses, and where the functions are. */
#include "trine.h"


/**
 * The binary interface of models. Structures only grow at their end and functions are only added,
 * so this stays 1 for as long as programs that were compiled with an older header run.
 */
#define TRINE_MODEL_ABI_VERSION 1

/**
 * The bytes are no model that this library computes: `trine_model_error_text` says which key or
 * tensor is wrong, and why.
 */
#define TRINE_E_MODEL (-16)

/**
 * Reads every byte of an image once and compares its checksum; a GGUF file has none.
 */
#define TRINE_MODEL_CHECK 1

/**
 * Keys and values in half precision.
 */
#define TRINE_MODEL_KV_F16 0

/**
 * Keys and values in single precision: twice the memory.
 */
#define TRINE_MODEL_KV_F32 1

/**
 * Keys and values as bytes: half the memory, and other results.
 */
#define TRINE_MODEL_KV_I8 2

/**
 * Takes no memory for the tables that speed up matrices packed for microcontrollers.
 */
#define TRINE_MODEL_NO_TABLES 1

/**
 * Alignment of a model and of a session; enough for each on any target.
 */
#define TRINE_MODEL_ALIGN 8

/**
 * Stands for no token.
 */
#define TRINE_MODEL_NONE 4294967295

/**
 * Puts the token that begins a text first, if the model was trained so.
 */
#define TRINE_MODEL_BEGIN 1

/**
 * Takes names of control tokens in the text, such as `<|eot_id|>`, for those tokens. Not for the
 * text of strangers.
 */
#define TRINE_MODEL_SPECIAL 2

/**
 * Writes the names of control tokens; else they add nothing.
 */
#define TRINE_MODEL_CONTROL 4

/**
 * Nothing has ended: no text was generated, or one is under way.
 */
#define TRINE_MODEL_END_NONE 0

/**
 * The model chose a token at which a text ends.
 */
#define TRINE_MODEL_END_STOP 1

/**
 * As many tokens as were asked for were written.
 */
#define TRINE_MODEL_END_LIMIT 2

/**
 * The context is full.
 */
#define TRINE_MODEL_END_FULL 3

/**
 * `on_text` or `trine_model_cancel` broke it off.
 */
#define TRINE_MODEL_END_CANCELLED 4

/**
 * When the context is full, forgets the older half of what comes after the first `keep` tokens and
 * goes on.
 */
#define TRINE_MODEL_SHIFT 1

/**
 * A call that the model is sure of.
 */
#define TRINE_ASK_CALL 0

/**
 * The likeliest call, which the model is not sure of: to be shown and asked about.
 */
#define TRINE_ASK_UNSURE 1

/**
 * No tool does that.
 */
#define TRINE_ASK_NO_TOOL 2

/**
 * What a parameter needs was not said.
 */
#define TRINE_ASK_MISSING 3

/**
 * What was said is out of the bounds of a parameter.
 */
#define TRINE_ASK_OUT_OF_RANGE 4

/**
 * The call would be longer than a call may be.
 */
#define TRINE_ASK_TOO_LONG 5

/**
 * Most bytes of a sentence.
 */
#define TRINE_ASK_SENTENCE_MAX 1024

/**
 * Bytes of the blocks of an answer at most.
 */
#define TRINE_BASE_TOLD_MAX 696

/**
 * There is one call.
 */
#define TRINE_WHY_NONE 0

/**
 * No call: the sentence says not to do it.
 */
#define TRINE_WHY_NEGATED 1

/**
 * No call: it tells of something that was.
 */
#define TRINE_WHY_PAST 2

/**
 * No call: it asks for something only if something else holds.
 */
#define TRINE_WHY_CONDITIONAL 3

/**
 * No call: it asks for something at another time.
 */
#define TRINE_WHY_LATER 4

/**
 * No call: it repeats the words of another.
 */
#define TRINE_WHY_QUOTED 5

/**
 * No call: what a parameter needs was not said.
 */
#define TRINE_WHY_MISSING 6

/**
 * No call: what was said is out of the bounds of a parameter.
 */
#define TRINE_WHY_RANGE 7

/**
 * No call: what was said has a unit that a parameter does not take.
 */
#define TRINE_WHY_UNIT 8

/**
 * No call: no tool does that, or one that needs what no sentence fills in.
 */
#define TRINE_WHY_CANNOT 9

/**
 * No call: it is about something that no tool has.
 */
#define TRINE_WHY_OTHER 10

/**
 * No call: it may mean more than one.
 */
#define TRINE_WHY_AMBIGUOUS 11

/**
 * No call: it asks for nothing.
 */
#define TRINE_WHY_CHAT 12

/**
 * No call: it asks about the tools, not for them.
 */
#define TRINE_WHY_ABOUT 13

/**
 * No call: it gives orders about orders.
 */
#define TRINE_WHY_ATTACK 14

/**
 * No call: it has no words that mean something here.
 */
#define TRINE_WHY_NOISE 15

/**
 * There are two calls, one after the other.
 */
#define TRINE_WHY_TWO 16

/**
 * What turns sentences into calls. Opaque: it lives in memory that the program gives to
 * `trine_ask_open`.
 */
typedef struct trine_ask trine_ask;

/**
 * A base model that turns sentences into calls of the tools of a table. Opaque: it lives in memory
 * that the program gives to `trine_base_open`.
 */
typedef struct trine_base trine_base;

/**
 * A model: its weights where they lie, its tokenizer, and nothing that changes. Opaque: it lives
 * in memory that the program gives to `trine_model_open`. Any number of sessions use it.
 */
typedef struct trine_model trine_model;

/**
 * A session: what a model has read so far, and the memory to go on. Opaque: it lives in memory
 * that the program gives to `trine_model_session_open`.
 */
typedef struct trine_model_session trine_model_session;

/**
 * What was wrong with a model, its memory or its file. Functions that take one write it, also when
 * all is well; `trine_model_error_text` makes a sentence of it.
 */
typedef struct trine_model_problem {
    /**
     * Bytes of memory that are needed; 0 when that is not known.
     */
    size_t bytes_needed;
    /**
     * Alignment that the memory needs.
     */
    size_t alignment_needed;
    /**
     * The library's own.
     */
    uint64_t details[26];
} trine_model_problem;

/**
 * What a model is told. Set it to zero, then the first four members.
 */
typedef struct trine_model_config {
    /**
     * `sizeof(trine_model_config)`.
     */
    uint32_t struct_size;
    /**
     * `TRINE_MODEL_ABI_VERSION`.
     */
    uint32_t abi_version;
    /**
     * The model where it lies: a GGUF file of version 3, or an image of `trine model pack`, in
     * flash or in memory. It is read in place and must stay as it is until `trine_model_close`.
     * Any address will do; one that is a multiple of 64 is the fastest.
     */
    const void *data;
    /**
     * How many bytes. An image may be followed by others, so that this may be a whole partition.
     */
    size_t size;
    /**
     * 0 or `TRINE_MODEL_CHECK`.
     */
    uint32_t flags;
    /**
     * Must be 0.
     */
    uint32_t reserved;
} trine_model_config;

/**
 * What a model is. Texts end with a zero byte and live for ever.
 */
typedef struct trine_model_info {
    /**
     * `sizeof(trine_model_info)`, set by the program.
     */
    uint32_t struct_size;
    /**
     * Blocks.
     */
    uint32_t layers;
    /**
     * Width of the residual stream.
     */
    uint32_t width;
    /**
     * Width inside the feed-forward network.
     */
    uint32_t ffn;
    /**
     * Query heads.
     */
    uint32_t heads;
    /**
     * Key and value heads.
     */
    uint32_t kv_heads;
    /**
     * Tokens, and so logits.
     */
    uint32_t vocabulary;
    /**
     * Tokens that it was trained for at a time.
     */
    uint32_t context;
    /**
     * The token that begins a text, or `TRINE_MODEL_NONE`.
     */
    uint32_t begin;
    /**
     * The first token at which a text ends, or `TRINE_MODEL_NONE`.
     */
    uint32_t end;
    /**
     * Most bytes that a token adds to a text, for `trine_model_detokenize`.
     */
    uint32_t piece_bytes_max;
    /**
     * 0.
     */
    uint32_t reserved;
    /**
     * Weights, of all tensors together.
     */
    uint64_t parameters;
    /**
     * Bytes of the file.
     */
    uint64_t bytes;
    /**
     * The family, as a GGUF file names it.
     */
    const char *architecture;
    /**
     * The instruction set that multiplies.
     */
    const char *kernels;
} trine_model_info;

/**
 * The beginning of a character whose other bytes are in tokens to come. All zero at the start of a
 * text.
 */
typedef struct trine_model_decoder {
    /**
     * How many bytes, and those.
     */
    uint8_t held[8];
} trine_model_decoder;

/**
 * What a session is told. Zero is the default of every member but the first two.
 */
typedef struct trine_model_session_config {
    /**
     * `sizeof(trine_model_session_config)`.
     */
    uint32_t struct_size;
    /**
     * `TRINE_MODEL_ABI_VERSION`.
     */
    uint32_t abi_version;
    /**
     * Tokens that a session can hold; 0 is as many as the model was trained for.
     */
    uint32_t context;
    /**
     * Tokens of a prompt that are computed together, at most `context`; 0 is 1. More take more
     * memory and are faster: 128 on a desktop.
     */
    uint32_t batch;
    /**
     * `TRINE_MODEL_KV_...`.
     */
    uint32_t kv;
    /**
     * Tokens among which `trine_model_sample` can draw, 8 bytes each; 0 is 40.
     */
    uint32_t candidates;
    /**
     * 0 or `TRINE_MODEL_NO_TABLES`.
     */
    uint32_t flags;
    /**
     * Must be 0.
     */
    uint32_t reserved;
} trine_model_session_config;

/**
 * What a session has done.
 */
typedef struct trine_model_session_info {
    /**
     * `sizeof(trine_model_session_info)`, set by the program.
     */
    uint32_t struct_size;
    /**
     * Tokens that were read.
     */
    uint32_t tokens;
    /**
     * Tokens that there is room for.
     */
    uint32_t context;
    /**
     * Tokens that the last `trine_model_generate` wrote.
     */
    uint32_t written;
    /**
     * Why it ended: `TRINE_MODEL_END_...`.
     */
    uint32_t end;
    /**
     * 1 while there is more to do for `trine_model_step`, else 0.
     */
    uint32_t is_pending;
    /**
     * Bytes of the memory that the session takes. It takes no more later.
     */
    size_t memory_used;
} trine_model_session_info;

/**
 * What `trine_model_generate` is told. Zero is the default of every member but the first.
 */
typedef struct trine_model_generation {
    /**
     * `sizeof(trine_model_generation)`.
     */
    uint32_t struct_size;
    /**
     * Most tokens to write; 0 is as many as there is room for.
     */
    uint32_t tokens_max;
    /**
     * 0 or `TRINE_MODEL_SHIFT`.
     */
    uint32_t flags;
    /**
     * Tokens at the start that a shift never forgets.
     */
    uint32_t keep;
    /**
     * Gets each token with what it adds to the text, whole characters and perhaps none; with
     * `TRINE_MODEL_NONE` what is left of a character at the end. Any answer but 0 ends the text.
     * Runs inside `trine_model_generate` or `trine_model_step`; the text dies when it returns. May
     * be NULL.
     */
    int32_t (*on_text)(void *user_data, uint32_t token, const char *text, size_t size);
    /**
     * Passed to `on_text`.
     */
    void *user_data;
} trine_model_generation;

/**
 * How the next token is chosen. Zero is the default of every member but the first; with all of
 * them zero it is the likeliest token, always. The filters work in the order repetition, `top_k`,
 * `top_p`, `min_p`, then the temperature on what is left; none takes the likeliest token away.
 */
typedef struct trine_model_sampling {
    /**
     * `sizeof(trine_model_sampling)`.
     */
    uint32_t struct_size;
    /**
     * What logits are divided by; 0 takes the likeliest token.
     */
    float temperature;
    /**
     * Draw from so many of the likeliest tokens; 0 is as many as the session has candidates.
     */
    uint32_t top_k;
    /**
     * Draw from the likeliest tokens that together have this probability, up to 1; 0 is 1, all.
     */
    float top_p;
    /**
     * Draw from tokens at least so likely, as a share of the likeliest, up to 1; 0 is all.
     */
    float min_p;
    /**
     * What logits of repeated tokens are divided by, or multiplied where they are negative; 0 is
     * 1, which changes nothing.
     */
    float repetition;
    /**
     * How many of the last tokens count as repeated; 0 is 64.
     */
    uint32_t window;
    /**
     * Must be 0.
     */
    uint32_t reserved;
    /**
     * Where random numbers start: the same seed draws the same tokens on every machine.
     */
    uint64_t seed;
} trine_model_sampling;

/**
 * What `trine_ask_open` is told. Set it to zero, then the first six members.
 */
typedef struct trine_ask_config {
    /**
     * `sizeof(trine_ask_config)`.
     */
    uint32_t struct_size;
    /**
     * `TRINE_MODEL_ABI_VERSION`.
     */
    uint32_t abi_version;
    /**
     * The model where it lies: an image of `trine model pack`, read in place.
     */
    const void *data;
    /**
     * How many bytes, or more.
     */
    size_t size;
    /**
     * The tools, as `trine gen TOOLS.json --sentences` writes them; read in place.
     */
    const uint8_t *tools;
    /**
     * How many bytes.
     */
    size_t tools_size;
    /**
     * Tokens that there is room for, of a sentence and its call; 0 is as many as the model was
     * trained for.
     */
    uint32_t context;
    /**
     * 0 or `TRINE_MODEL_CHECK`.
     */
    uint32_t flags;
} trine_ask_config;

/**
 * What a sentence came to.
 */
typedef struct trine_ask_answer {
    /**
     * `sizeof(trine_ask_answer)`.
     */
    uint32_t struct_size;
    /**
     * `TRINE_ASK_...`.
     */
    uint32_t verdict;
    /**
     * Number of the tool in its list; 0 where none is meant.
     */
    uint32_t tool;
    /**
     * Number of the parameter that TRINE_ASK_MISSING and TRINE_ASK_OUT_OF_RANGE are about.
     */
    uint32_t node;
    /**
     * How sure the model is, from 0 to 1: the same on every machine, to the bit.
     */
    float confidence;
    /**
     * How many tokens there are at `tokens`.
     */
    uint32_t tokens_count;
    /**
     * The arguments as a call carries them (`docs/wire.md`, section 5). They and the tokens live
     * until the next sentence.
     */
    const uint8_t *args;
    /**
     * How many bytes.
     */
    size_t args_size;
    /**
     * What the model read and chose.
     */
    const uint16_t *tokens;
} trine_ask_answer;

/**
 * A base model and the tools of the program. Set it to zero, then the members that are needed.
 */
typedef struct trine_base_config {
    /**
     * `sizeof(trine_base_config)`.
     */
    uint32_t struct_size;
    /**
     * `TRINE_MODEL_ABI_VERSION`.
     */
    uint32_t abi_version;
    /**
     * The base model where it lies, such as `models/base.bin`; read in place.
     */
    const void *data;
    /**
     * How many bytes.
     */
    size_t size;
    /**
     * The tools, as a device has them: of the macros of `trine.h`, or of `trine gen`. To open a
     * table without looking whether it is of these tools: NULL.
     */
    const trine_tool *tools;
    /**
     * How many tools.
     */
    size_t tools_count;
    /**
     * The table of `trine_tools_compile` or of `trine tools compile`; read in place. To compile:
     * NULL.
     */
    const uint8_t *table;
    /**
     * How many bytes.
     */
    size_t table_size;
    /**
     * 0 or `TRINE_MODEL_CHECK`, which reads each byte of the base model once. One that was packed
     * anew for another processor is not checked so.
     */
    uint32_t flags;
    /**
     * Must be 0.
     */
    uint32_t reserved;
} trine_base_config;

/**
 * A call that a sentence asks for.
 */
typedef struct trine_base_call {
    /**
     * The arguments as a call carries them (`docs/wire.md`, section 5). They live until the next
     * sentence.
     */
    const uint8_t *args;
    /**
     * How many bytes.
     */
    size_t args_size;
    /**
     * Number of the tool in its list.
     */
    uint32_t tool;
    /**
     * 0.
     */
    uint32_t reserved;
} trine_base_call;

/**
 * What a sentence came to.
 */
typedef struct trine_base_answer {
    /**
     * `sizeof(trine_base_answer)`.
     */
    uint32_t struct_size;
    /**
     * `TRINE_WHY_...`: why there is no call, or two.
     */
    uint32_t why;
    /**
     * How many calls there are: 0, 1 or 2.
     */
    uint32_t calls_count;
    /**
     * 1, or 0 for calls that the model is not sure of: to be shown and asked about.
     */
    uint32_t is_sure;
    /**
     * How sure the model is of the calls, from 0 to 1: the same on every machine, to the bit.
     */
    float confidence;
    /**
     * Number of the tool that TRINE_WHY_MISSING, TRINE_WHY_RANGE and TRINE_WHY_UNIT are about;
     * else `TRINE_MODEL_NONE`.
     */
    uint32_t tool;
    /**
     * Number of its parameter, or `TRINE_MODEL_NONE`.
     */
    uint32_t node;
    /**
     * Two tools of which it may be either: the likelier one first. Else `TRINE_MODEL_NONE` twice.
     */
    uint32_t between[2];
    /**
     * 0.
     */
    uint32_t reserved;
    /**
     * The calls, in the order in which they were said.
     */
    struct trine_base_call calls[2];
} trine_base_answer;

/**
 * What is called between two steps, and where the answer goes as a device tells it to a host. Set
 * it to zero, then `struct_size` and the members that are needed.
 */
typedef struct trine_base_steps {
    /**
     * `sizeof(trine_base_steps)`.
     */
    uint32_t struct_size;
    /**
     * Must be 0.
     */
    uint32_t reserved;
    /**
     * Called before each step; 0 goes on, any other number ends it. It may use the program's
     * devices, and not this base model. NULL for nothing.
     */
    int32_t (*on_step)(void *user_data);
    /**
     * Passed to `on_step`.
     */
    void *user_data;
    /**
     * Where the blocks go that `trine_sentence_answer` of `trine_sentences.h` takes, once the
     * sentence was read; NULL for none.
     */
    uint8_t *told;
    /**
     * Bytes of room; `TRINE_BASE_TOLD_MAX` are always enough.
     */
    size_t told_max;
    /**
     * How many bytes were written there: set on success.
     */
    size_t told_size;
} trine_base_steps;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The binary interface that the library speaks: compare it with `TRINE_MODEL_ABI_VERSION`.
 *
 * @return 1 for this header.
 *
 * Context: isr-safe.
 */
TRINE_API uint32_t trine_model_abi_version(void);

/**
 * What the library was built with: its version and the kinds of files that it reads, ended by a
 * zero byte.
 *
 * @return A text that lives for ever.
 *
 * Context: isr-safe.
 */
TRINE_API const char *trine_model_build_info(void);

/**
 * One sentence on what went wrong, in English: the key or tensor of the model and what is wrong
 * with it, the bytes that are missing, or what the status means.
 *
 * @param status What a function answered.
 * @param problem What the same function wrote; NULL when it takes none.
 * @param text Where the sentence goes, ended by a zero byte and cut where there is no more room.
 * @param size Bytes of room; 160 are enough for all but the longest names.
 * @return Bytes written, the zero byte not counted; TRINE_E_NULL, or TRINE_E_NO_SPACE when there
 *         is no room at all.
 *
 * Context: isr-safe.
 */
TRINE_API
int32_t trine_model_error_text(trine_status status,
                               const struct trine_model_problem *problem,
                               char *text,
                               size_t size);

/**
 * Bytes of memory that a model needs besides its file, for `trine_model_open`: some hundred, some
 * hundred more for each block, and the index of a vocabulary, which for 128,256 tokens takes 3.6
 * million.
 *
 * @param config The configuration.
 * @param problem What is wrong with it or with the model; may be NULL.
 * @return Bytes; 0 when there is no such model.
 *
 * Context: init-only.
 */
TRINE_API
size_t trine_model_sizeof(const struct trine_model_config *config,
                          struct trine_model_problem *problem);

/**
 * Alignment of the memory of a model or of a session.
 *
 * @return Bytes, a power of two; never more than 8.
 *
 * Context: init-only.
 */
TRINE_API size_t trine_model_alignof(void);

/**
 * Opens a model: reads its header, finds its tensors and makes the index of its tokenizer. Weights
 * are used where they lie; nothing of the file is copied.
 *
 * @param memory `trine_model_sizeof` bytes at least, aligned to `trine_model_alignof`. It belongs
 *               to the model until `trine_model_close`.
 * @param size Bytes of the memory.
 * @param config What the model is told.
 * @param model Where the handle goes, on success only.
 * @param problem Where it is said what is wrong, and how many bytes are needed; may be NULL.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_VERSION, TRINE_E_UNSUPPORTED, TRINE_E_ALIGNMENT,
 *         TRINE_E_NO_SPACE, or TRINE_E_MODEL when the file is damaged or not one that this library
 *         computes.
 *
 * Context: init-only.
 */
TRINE_API
trine_status trine_model_open(void *memory,
                              size_t size,
                              const struct trine_model_config *config,
                              struct trine_model **model,
                              struct trine_model_problem *problem);

/**
 * Closes a model: its memory and its file are the program's again.
 *
 * @param model The model.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_ALIGNMENT, TRINE_E_STATE, or TRINE_E_BUSY while a
 *         session of it is open.
 *
 * Context: init-only.
 */
TRINE_API trine_status trine_model_close(struct trine_model *model);

/**
 * Reads a model file into memory, for programs that cannot show it where it lies: from a card, an
 * external flash, or a file. All of it is copied, once, since weights are used in place: give
 * `into` and what was loaded to `trine_model_open`, and keep them as long as the model. Of an
 * image only its own length is read, and its checksum is compared.
 *
 * @param read Writes `bytes` bytes of the file, from `offset` on, to `into`, and answers 0; any
 *             other number breaks it off. It is asked for pieces of at most 65,536 bytes, in
 *             rising order, and may wait; its arguments die when it returns.
 * @param user_data Passed to `read`.
 * @param size Bytes of the file. Of an image it may be 0: then its header says how many.
 * @param into Memory for the file, of any alignment; a multiple of 64 is the fastest.
 * @param room Bytes of it.
 * @param loaded Where the bytes of the model go, on success only.
 * @param problem What is wrong, and how many bytes are needed; may be NULL.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_ARGUMENT when the size is 0 and the file no image,
 *         TRINE_E_NO_SPACE, TRINE_E_FAILED when `read` broke it off, or TRINE_E_MODEL when an
 *         image is cut off or damaged.
 *
 * Context: init-only.
 */
TRINE_API
trine_status trine_model_load(int32_t (*read)(void *user_data,
                                              uint64_t offset,
                                              void *into,
                                              size_t bytes),
                              void *user_data,
                              uint64_t size,
                              void *into,
                              size_t room,
                              size_t *loaded,
                              struct trine_model_problem *problem);

/**
 * Says what a model is.
 *
 * @param model The model.
 * @param info Where it goes; its `struct_size` is set.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_ALIGNMENT, TRINE_E_STATE or TRINE_E_VERSION.
 *
 * Context: isr-safe, any; the model does not change.
 */
TRINE_API
trine_status trine_model_get_info(const struct trine_model *model,
                                  struct trine_model_info *info);

/**
 * The tokens of a text.
 *
 * @param model The model.
 * @param text UTF-8.
 * @param size Bytes of the text.
 * @param flags `TRINE_MODEL_BEGIN`, `TRINE_MODEL_SPECIAL`.
 * @param tokens Where they go. What lies behind them is scratch memory.
 * @param slots Room at `tokens`: `TRINE_MODEL_SLOTS(size)` is always enough; with less, half of it
 *              is for tokens and half is scratch.
 * @return How many tokens, TRINE_E_NULL, TRINE_E_ALIGNMENT, TRINE_E_STATE, TRINE_E_UNSUPPORTED for
 *         other flags, TRINE_E_UTF8, TRINE_E_NO_SPACE, or TRINE_E_MODEL when no token stands for a
 *         byte.
 *
 * Context: owner-only of `tokens`; any for the model, which does not change.
 */
TRINE_API
int32_t trine_model_tokenize(const struct trine_model *model,
                             const char *text,
                             size_t size,
                             uint32_t flags,
                             uint32_t *tokens,
                             size_t slots);

/**
 * What a token adds to a text, in whole characters: the bytes of one that is not whole yet wait in
 * the decoder.
 *
 * @param model The model.
 * @param decoder Where the text is; all zero at its start.
 * @param token The token; `TRINE_MODEL_NONE` ends the text, and what is left of a character
 *              becomes U+FFFD.
 * @param flags 0 or `TRINE_MODEL_CONTROL`.
 * @param text Where the bytes go; no zero byte ends them.
 * @param size Room for them: `piece_bytes_max` of the model's `trine_model_info` is enough.
 * @return Bytes written, 0 or more; TRINE_E_NULL, TRINE_E_ALIGNMENT, TRINE_E_STATE,
 *         TRINE_E_UNSUPPORTED for other flags, TRINE_E_ARGUMENT when there is no such token or the
 *         decoder was never zero, or TRINE_E_NO_SPACE; then the decoder stays as it was.
 *
 * Context: owner-only of the decoder; any for the model, which does not change.
 */
TRINE_API
int32_t trine_model_detokenize(const struct trine_model *model,
                               struct trine_model_decoder *decoder,
                               uint32_t token,
                               uint32_t flags,
                               char *text,
                               size_t size);

/**
 * Bytes of memory that a session needs, for `trine_model_session_open`: mostly keys and values,
 * `trine size` shows how much for which context.
 *
 * @param model The model.
 * @param config The configuration.
 * @param problem What is wrong with it; may be NULL.
 * @return Bytes; 0 when there is no such session.
 *
 * Context: init-only.
 */
TRINE_API
size_t trine_model_session_sizeof(const struct trine_model *model,
                                  const struct trine_model_session_config *config,
                                  struct trine_model_problem *problem);

/**
 * Opens an empty session of a model. It draws tokens greedily until `trine_model_set_sampling`
 * says otherwise.
 *
 * @param memory `trine_model_session_sizeof` bytes at least, aligned to `trine_model_alignof`. It
 *               belongs to the session until `trine_model_session_close`.
 * @param size Bytes of the memory.
 * @param model The model; it cannot be closed before the session.
 * @param config What the session is told.
 * @param session Where the handle goes, on success only.
 * @param problem What is wrong, and how many bytes are needed; may be NULL.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_VERSION, TRINE_E_UNSUPPORTED, TRINE_E_ARGUMENT,
 *         TRINE_E_ALIGNMENT, TRINE_E_NO_SPACE, or TRINE_E_STATE when the model is not open.
 *
 * Context: init-only.
 */
TRINE_API
trine_status trine_model_session_open(void *memory,
                                      size_t size,
                                      const struct trine_model *model,
                                      const struct trine_model_session_config *config,
                                      struct trine_model_session **session,
                                      struct trine_model_problem *problem);

/**
 * Closes a session: its memory is the program's again.
 *
 * @param session The session.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_ALIGNMENT, TRINE_E_STATE or TRINE_E_BUSY.
 *
 * Context: owner-only.
 */
TRINE_API trine_status trine_model_session_close(struct trine_model_session *session);

/**
 * Says what a session has done.
 *
 * @param session The session.
 * @param info Where it goes; its `struct_size` is set.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_ALIGNMENT, TRINE_E_STATE, TRINE_E_BUSY or
 *         TRINE_E_VERSION.
 *
 * Context: owner-only.
 */
TRINE_API
trine_status trine_model_get_session_info(struct trine_model_session *session,
                                          struct trine_model_session_info *info);

/**
 * Reads tokens after those that were read before; then `trine_model_logits` has what follows.
 *
 * @param session The session.
 * @param tokens The tokens, one at least. They must stay as they are until all are read.
 * @param count How many.
 * @param budget 0 reads all of them before it returns. Else it works on about so many rows of a
 *               matrix and returns: `trine_model_step` goes on. The results are the same.
 * @return TRINE_OK when all are read, TRINE_PENDING, TRINE_E_NULL, TRINE_E_ALIGNMENT,
 *         TRINE_E_STATE, TRINE_E_BUSY also while something is under way, TRINE_E_ARGUMENT when
 *         there are none or one is not in the vocabulary, or TRINE_E_FULL when there is no room
 *         for all of them. After an error nothing was read.
 *
 * Context: owner-only.
 */
TRINE_API
trine_status trine_model_eval(struct trine_model_session *session,
                              const uint32_t *tokens,
                              size_t count,
                              uint32_t budget);

/**
 * Reads a prompt after what was read before and writes what follows, to `on_text`, until the model
 * ends the text, there are enough tokens, the context is full, or somebody wants no more;
 * `trine_model_get_session_info` says which. The last token that was written is read by the next
 * call if the text is to go on.
 *
 * @param session The session.
 * @param tokens The prompt. It must stay as it is until the text ends. NULL with count 0 goes on
 *               after what was read.
 * @param count How many tokens it has.
 * @param generation How long, and who gets the text; it may die when the function returns.
 * @param budget As for `trine_model_eval`.
 * @return TRINE_OK when the text has ended, TRINE_PENDING, TRINE_E_NULL, TRINE_E_ALIGNMENT,
 *         TRINE_E_STATE, TRINE_E_BUSY also while something is under way, TRINE_E_VERSION,
 *         TRINE_E_UNSUPPORTED, TRINE_E_ARGUMENT when a token is not in the vocabulary or there is
 *         nothing to go on from, or TRINE_E_FULL when there is no room for the prompt. After an
 *         error nothing was read.
 *
 * Context: owner-only.
 */
TRINE_API
trine_status trine_model_generate(struct trine_model_session *session,
                                  const uint32_t *tokens,
                                  size_t count,
                                  const struct trine_model_generation *generation,
                                  uint32_t budget);

/**
 * Goes on with what `trine_model_eval` or `trine_model_generate` left under way.
 *
 * @param session The session.
 * @param budget As for `trine_model_eval`.
 * @return TRINE_OK when nothing is under way any more, TRINE_PENDING, TRINE_E_NULL,
 *         TRINE_E_ALIGNMENT, TRINE_E_STATE or TRINE_E_BUSY.
 *
 * Context: owner-only.
 */
TRINE_API trine_status trine_model_step(struct trine_model_session *session, uint32_t budget);

/**
 * Breaks off what is under way, at its next step; with a budget of 0, at the next matrix. Tokens
 * of a pass that was not finished count as not read.
 *
 * @param session The session.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_ALIGNMENT or TRINE_E_STATE.
 *
 * Context: isr-safe, any.
 */
TRINE_API trine_status trine_model_cancel(struct trine_model_session *session);

/**
 * The logits after the last token that was read.
 *
 * @param session The session.
 * @param logits Where the pointer goes: one number for each token of the vocabulary. It dies at
 *               the next call of a function that takes the session, but for
 *               `trine_model_get_session_info` and `trine_model_cancel`.
 * @return How many, TRINE_E_NULL, TRINE_E_ALIGNMENT, TRINE_E_STATE, TRINE_E_BUSY, or
 *         TRINE_E_NOT_FOUND when there are none: before the first token, while something is under
 *         way, after it was cancelled, and after `trine_model_truncate`.
 *
 * Context: owner-only.
 */
TRINE_API int32_t trine_model_logits(struct trine_model_session *session, const float **logits);

/**
 * Forgets what was read from a position on: 0 forgets all, so that another text can begin.
 *
 * @param session The session.
 * @param tokens How many of the first tokens stay; more than there are changes nothing.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_ALIGNMENT, TRINE_E_STATE, TRINE_E_BUSY, also while
 *         something is under way, or TRINE_E_ARGUMENT when a part would stay of a prompt that the
 *         model has seen whole.
 *
 * Context: owner-only.
 */
TRINE_API trine_status trine_model_truncate(struct trine_model_session *session, uint32_t tokens);

/**
 * Tells a session how to choose tokens from now on.
 *
 * @param session The session.
 * @param sampling How.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_ALIGNMENT, TRINE_E_STATE, TRINE_E_BUSY also while
 *         something is under way, TRINE_E_VERSION, TRINE_E_UNSUPPORTED, TRINE_E_ARGUMENT, or
 *         TRINE_E_NO_SPACE when `top_k` is more than the session's candidates.
 *
 * Context: owner-only.
 */
TRINE_API
trine_status trine_model_set_sampling(struct trine_model_session *session,
                                      const struct trine_model_sampling *sampling);

/**
 * Chooses a token after those that were read. It is not read itself: pass it to
 * `trine_model_eval`. A penalty on repetition changes the logits.
 *
 * @param session The session.
 * @param token Where it goes.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_ALIGNMENT, TRINE_E_STATE, TRINE_E_BUSY, or
 *         TRINE_E_NOT_FOUND when there are no logits, as for `trine_model_logits`.
 *
 * Context: owner-only.
 */
TRINE_API trine_status trine_model_sample(struct trine_model_session *session, uint32_t *token);

/**
 * Bytes of memory that turning sentences into calls takes, for `trine_ask_open`: all that is ever
 * taken.
 *
 * @param config The configuration.
 * @param problem What is wrong with it, with the model or with the tools; may be NULL.
 * @return Bytes; 0 when there is no such asker.
 *
 * Context: init-only.
 */
TRINE_API
size_t trine_ask_sizeof(const struct trine_ask_config *config,
                        struct trine_model_problem *problem);

/**
 * Opens what turns sentences into calls of the tools. A model that was made for other tools is
 * refused: `trine_model_error_text` says so.
 *
 * @param memory `trine_ask_sizeof` bytes at least, aligned to `trine_model_alignof`. It belongs to
 *               the asker until `trine_ask_close`.
 * @param size Bytes of the memory.
 * @param config Model and tools.
 * @param ask Where the handle goes, on success only.
 * @param problem What is wrong, and how many bytes are needed; may be NULL.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_VERSION, TRINE_E_UNSUPPORTED, TRINE_E_ARGUMENT when the
 *         bytes are no tools, TRINE_E_ALIGNMENT, TRINE_E_NO_SPACE, or TRINE_E_MODEL when the image
 *         is damaged, none for sentences, or for other tools.
 *
 * Context: init-only.
 */
TRINE_API
trine_status trine_ask_open(void *memory,
                            size_t size,
                            const struct trine_ask_config *config,
                            struct trine_ask **ask,
                            struct trine_model_problem *problem);

/**
 * Closes an asker: its memory, the image and the tools are the program's again.
 *
 * @param ask The asker.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_ALIGNMENT, TRINE_E_STATE or TRINE_E_BUSY.
 *
 * Context: owner-only.
 */
TRINE_API trine_status trine_ask_close(struct trine_ask *ask);

/**
 * Begins with a sentence; one that was under way is given up. The sentence is copied.
 *
 * @param ask The asker.
 * @param sentence UTF-8.
 * @param size Its bytes, at most `TRINE_ASK_SENTENCE_MAX`.
 * @return TRINE_PENDING, TRINE_E_NULL, TRINE_E_ALIGNMENT, TRINE_E_STATE, TRINE_E_BUSY,
 *         TRINE_E_ARGUMENT when it has no words, TRINE_E_UTF8, or TRINE_E_FULL when it is too
 *         long: in bytes, in words (96), or in tokens. After an error no sentence is under way.
 *
 * Context: owner-only.
 */
TRINE_API trine_status trine_ask_begin(struct trine_ask *ask, const char *sentence, size_t size);

/**
 * Goes on with the sentence, so that a main loop does its other work in between.
 *
 * @param ask The asker.
 * @param budget 0 goes on until there is an answer. Else it works on about so many rows of a
 *               matrix and returns. The answer is the same.
 * @return TRINE_OK when there is an answer, TRINE_PENDING, TRINE_E_NULL, TRINE_E_ALIGNMENT,
 *         TRINE_E_STATE, TRINE_E_BUSY, TRINE_E_NOT_FOUND when no sentence is under way, or
 *         TRINE_E_FULL when it is too long for the context. After an error none is.
 *
 * Context: owner-only.
 */
TRINE_API trine_status trine_ask_step(struct trine_ask *ask, uint32_t budget);

/**
 * Says what the sentence came to. Nothing is called: the arguments are those of a call by the
 * wire.
 *
 * @param ask The asker.
 * @param answer Where it goes; its `struct_size` is set.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_ALIGNMENT, TRINE_E_STATE, TRINE_E_BUSY, TRINE_E_VERSION,
 *         or TRINE_E_NOT_FOUND when there is no answer, or not yet.
 *
 * Context: owner-only.
 */
TRINE_API trine_status trine_ask_result(struct trine_ask *ask, struct trine_ask_answer *answer);

/**
 * Bytes of memory that compiling tools takes while it goes on, whatever the tools are.
 *
 * @return Bytes.
 *
 * Context: init-only.
 */
TRINE_API size_t trine_tools_sizeof(void);

/**
 * Bytes that the table of the tools has.
 *
 * @param config The base model and the tools.
 * @param problem What is wrong with them; may be NULL.
 * @return Bytes; 0 when there is no such table.
 *
 * Context: init-only.
 */
TRINE_API
size_t trine_tools_compile_size(const struct trine_base_config *config,
                                struct trine_model_problem *problem);

/**
 * Makes a table of the program's own tools for a base model. The same tools and base give the same
 * bytes on every machine: a chip may have them in its flash, and not compile at all.
 *
 * @param memory `trine_tools_sizeof` bytes at least, aligned to `trine_model_alignof`: the
 *               program's again when this returns.
 * @param size Bytes of the memory.
 * @param config The base model and the tools.
 * @param out Where the table goes. When it is too small, it is worthless after this.
 * @param out_size Bytes of `out`.
 * @param written Where it goes how many bytes the table has, on success only.
 * @param problem What is wrong, and how many bytes the memory or the table needs; may be NULL.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_VERSION, TRINE_E_UNSUPPORTED, TRINE_E_ARGUMENT when
 *         there is no tool or the labels of one take too much, TRINE_E_ALIGNMENT,
 *         TRINE_E_NO_SPACE, or TRINE_E_MODEL when the base model is damaged or none.
 *
 * Context: init-only.
 */
TRINE_API
trine_status trine_tools_compile(void *memory,
                                 size_t size,
                                 const struct trine_base_config *config,
                                 uint8_t *out,
                                 size_t out_size,
                                 size_t *written,
                                 struct trine_model_problem *problem);

/**
 * Bytes of memory that a base model takes besides it and the table of the tools, for
 * `trine_base_open`: all that is ever taken, whatever the tools are.
 *
 * @return Bytes.
 *
 * Context: init-only.
 */
TRINE_API size_t trine_base_sizeof(void);

/**
 * Opens a base model with a table of tools. A table of another base model is refused, and where
 * the configuration names tools, one of other tools: `trine_model_error_text` says so.
 *
 * @param memory `trine_base_sizeof` bytes at least, aligned to `trine_model_alignof`. It belongs
 *               to the base model until `trine_base_close`.
 * @param size Bytes of the memory.
 * @param config The base model, the table, and the tools.
 * @param base Where the handle goes, on success only.
 * @param problem What is wrong, and how many bytes are needed; may be NULL.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_VERSION, TRINE_E_UNSUPPORTED, TRINE_E_ARGUMENT,
 *         TRINE_E_ALIGNMENT, TRINE_E_NO_SPACE, or TRINE_E_MODEL when the base model or the table
 *         is damaged or none, or the table is of another base model or of other tools.
 *
 * Context: init-only.
 */
TRINE_API
trine_status trine_base_open(void *memory,
                             size_t size,
                             const struct trine_base_config *config,
                             struct trine_base **base,
                             struct trine_model_problem *problem);

/**
 * Closes a base model: its memory, its bytes and the table are the program's again.
 *
 * @param base The base model.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_ALIGNMENT, TRINE_E_STATE or TRINE_E_BUSY.
 *
 * Context: owner-only.
 */
TRINE_API trine_status trine_base_close(struct trine_base *base);

/**
 * Says what a sentence asks for: the likeliest calls, which are always valid, or why there is
 * none. Nothing is called: the arguments are those of a call by the wire. The sentence is copied.
 *
 * @param base The base model.
 * @param sentence UTF-8.
 * @param size Its bytes, at most `TRINE_ASK_SENTENCE_MAX`.
 * @param answer Where it goes; its `struct_size` is set.
 * @return TRINE_OK, TRINE_E_NULL, TRINE_E_ALIGNMENT, TRINE_E_STATE, TRINE_E_BUSY, TRINE_E_VERSION,
 *         TRINE_E_ARGUMENT when the sentence has no words, TRINE_E_UTF8, or TRINE_E_FULL when it
 *         is too long: in bytes, in words and marks (32), or in its arguments.
 *
 * Context: owner-only.
 */
TRINE_API
trine_status trine_base_ask(struct trine_base *base,
                            const char *sentence,
                            size_t size,
                            struct trine_base_answer *answer);

/**
 * The same in steps, between which the program does its other work: a device's main loop polls
 * there, feeds its watchdog and answers calls. The answer is that of `trine_base_ask`, to the bit.
 *
 * @param base The base model.
 * @param sentence UTF-8; copied.
 * @param size Its bytes, at most `TRINE_ASK_SENTENCE_MAX`.
 * @param steps What is called between two steps, and where the blocks for a host go; NULL for
 *              neither.
 * @param answer Where it goes; its `struct_size` is set.
 * @return As of `trine_base_ask`; TRINE_E_STALE when `on_step` ended it, TRINE_E_UNSUPPORTED, or
 *         TRINE_E_NO_SPACE when there is no room for the blocks.
 *
 * Context: owner-only.
 */
TRINE_API
trine_status trine_base_ask_steps(struct trine_base *base,
                                  const char *sentence,
                                  size_t size,
                                  struct trine_base_steps *steps,
                                  struct trine_base_answer *answer);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

/** \name Memory */
/** @{ */

/** Room for the tokens of a text of `bytes` bytes that is always enough, scratch memory included:
    `uint32_t tokens[TRINE_MODEL_SLOTS(200)];` */
#define TRINE_MODEL_SLOTS(bytes) (6u * (bytes) + 1u)

/** Static memory for `trine_base_open` of libtrine_model, whatever the tools are:
    `TRINE_STORAGE(memory, TRINE_BASE_BYTES);`. `trine_base_sizeof` says how many bytes it takes of
    them; libtrine_host reads longer sentences, and takes three times as many. */
#define TRINE_BASE_BYTES ((sizeof(void *) > 4u) ? 73728u : 70400u)

/** @} */

#endif  /* TRINE_MODEL_H */

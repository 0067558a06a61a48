/* count.c - a TCG plug-in of QEMU that counts what one call costs on an emulated board.
 *
 * It counts guest instructions from the last byte that was read out of a UART's data register to
 * the first byte that is written to it: from "the request is here" to "the answer is on its way".
 * Instructions, not cycles: no wait states, no cache, no dual issue.
 *
 * Build:  cc -O2 -fPIC -shared -DPLUGIN_VERSION=1 -o count.so count.c     (QEMU 7 and 8)
 *         ... -DPLUGIN_VERSION=4                                           (QEMU 10)
 * Use:    qemu-system-arm ... -plugin count.so,data=0x40004000,skip=0x4d1,irq=0x62f,out=FILE
 *         (or qemu-system-riscv32)
 *
 * data    address of the UART's data register
 * sent    the same for writing, where that is another one
 * skip    address of a function whose instructions, callees included, are counted apart: the
 *         user's own code. It may be given several times, as the next two
 * irq     address of an interrupt handler: what runs from its first instruction to its return is
 *         counted apart, all through the request
 * lib     address of a function of the library; how many of the others are inside of these is
 *         counted too
 * out     where a line of five numbers is written for each answer: all but the user's own code and
 *         the handlers, what of that is in the library, what the user's own code takes, what of
 *         that is in the library, and the handlers
 *
 * A function that is called ends where its caller goes on. A handler, and what is jumped to, is
 * followed by the depth of calls: BL and BLX go one deeper, a return comes back. That does not do
 * for all, since in code for Armv6-M a far jump is a BL too. On RISC-V all interrupts are handled
 * from where a trap enters, which is what `irq` names there.
 *
 * Debian's QEMU has plug-ins enabled but ships no qemu-plugin.h, so the few declarations needed
 * stand here. They are the C interface documented in QEMU's docs/devel/tcg-plugins.rst.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef PLUGIN_VERSION
#define PLUGIN_VERSION 1
#endif
#define EXPORT __attribute__((visibility("default")))

typedef uint64_t plugin_id;
typedef uint32_t mem_info;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct plugin_info {
    const char *target_name; /* what stands behind is not looked into */
};

enum { CB_NO_REGS = 0 };
enum { MEM_READ_WRITE = 3 };

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
#if PLUGIN_VERSION < 3
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
#else
size_t qemu_plugin_insn_data(const struct qemu_plugin_insn *insn, void *to, size_t len);
#endif
bool qemu_plugin_mem_is_store(mem_info info);
void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id,
                                           void (*cb)(plugin_id, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
                                            void (*cb)(unsigned, void *), int flags, void *data);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn,
                                      void (*cb)(unsigned, mem_info, uint64_t, void *), int flags,
                                      int access, void *data);

EXPORT int qemu_plugin_version = PLUGIN_VERSION;

enum { ENTRIES_MAX = 128, FRAMES_MAX = 32 };
enum kind { NONE, USER, HANDLER, LIBRARY, KINDS };
enum flow { STRAIGHT, CALL, RETURN };

/* A function that is followed. */
struct entry {
    uint64_t address;
    enum kind kind;
};

struct known;

/* A function that runs: where its caller goes on, or 0 and how many calls deep it is. */
struct frame {
    uint64_t address;
    enum kind kind;
    uint64_t resume;
    uint64_t depth;
    const struct known *interrupted; /* a handler's: `last` when it began */
};

/* What is known of an instruction before it runs. */
struct known {
    uint64_t address;
    uint64_t behind;
    enum flow flow;
    enum kind entered;
};

static uint64_t received_register;
static uint64_t sent_register;
static bool is_riscv;
static struct entry entries[ENTRIES_MAX];
static size_t entries_count;
static FILE *out;

static struct frame frames[FRAMES_MAX];
static size_t frames_count;
static uint64_t running[KINDS];      /* of the frames, how many are of each kind */
static const struct known *last;     /* a call or return, until it is seen where it went */

static uint64_t counted;    /* since the last byte was read, neither in a handler nor the user's */
static uint64_t library;    /* of these, inside the library */
static uint64_t skipped;    /* since then, the user's */
static uint64_t lent;       /* of these, inside the library */
static uint64_t interrupts; /* since the last answer, inside a handler */
static bool waiting;        /* a byte was read and none written since */

static enum kind entered(uint64_t address)
{
    for (size_t i = 0; i < entries_count; i++) {
        if (entries[i].address == address) {
            return entries[i].kind;
        }
    }
    return NONE;
}

/* What an instruction of RISC-V does to the depth of calls (unprivileged manual, 2.5.1 and table
 * 3): JAL and JALR that keep where to go on in x1 or x5, and JALR back to what is in one of these,
 * each in its short form too; and MRET, the end of a trap. */
static enum flow riscv_flow(const uint16_t half[2], size_t size)
{
    if (size == 2) {
        const bool is_jal = (half[0] & 0xe003) == 0x2001;
        const bool is_jalr = (half[0] & 0xf07f) == 0x9002 && (half[0] & 0x0f80) != 0;
        const bool is_return = half[0] == 0x8082 || half[0] == 0x8282;
        return is_jal || is_jalr ? CALL : is_return ? RETURN : STRAIGHT;
    }
    const uint32_t word = half[0] | (uint32_t)half[1] << 16;
    const uint32_t opcode = word & 0x7f;
    const uint32_t kept = word >> 7 & 0x1f;
    const uint32_t base = word >> 15 & 0x1f;
    if ((opcode == 0x6f || opcode == 0x67) && (kept == 1 || kept == 5)) {
        return CALL;
    }
    const bool is_return = opcode == 0x67 && (base == 1 || base == 5);
    return is_return || word == 0x30200073 ? RETURN : STRAIGHT;
}

/* What an instruction of Thumb does to the depth of calls (Armv7-M manual, A7.7.18 and A7.7.19; of
 * returns B1.5.8): BL and BLX; POP with PC, BX LR, LDM or LDR from the stack with PC. */
static enum flow thumb_flow(const uint16_t half[2], size_t size)
{
    if (size == 2) {
        bool is_return = half[0] == 0x4770 || (half[0] & 0xff00) == 0xbd00;
        return is_return ? RETURN : (half[0] & 0xff87) == 0x4780 ? CALL : STRAIGHT;
    }
    if ((half[0] & 0xf800) == 0xf000 && (half[1] & 0xd000) == 0xd000) {
        return CALL;
    }
    bool is_return = (half[0] == 0xe8bd && (half[1] & 0x8000) != 0)
                     || (half[0] == 0xf85d && (half[1] & 0xff00) == 0xfb00);
    return is_return ? RETURN : STRAIGHT;
}

static enum flow flow_of(const struct qemu_plugin_insn *insn)
{
    uint16_t half[2] = {0, 0};
    size_t size = qemu_plugin_insn_size(insn);
#if PLUGIN_VERSION < 3
    memcpy(half, qemu_plugin_insn_data(insn), size < sizeof half ? size : sizeof half);
#else
    qemu_plugin_insn_data(insn, half, size < sizeof half ? size : sizeof half);
#endif
    return is_riscv ? riscv_flow(half, size) : thumb_flow(half, size);
}

static struct frame *top_frame(void)
{
    return frames_count > 0 ? &frames[frames_count - 1] : NULL;
}

static void pop(void)
{
    running[frames[--frames_count].kind]--;
}

static void push(const struct known *at, uint64_t resume)
{
    if (frames_count == FRAMES_MAX) {
        fprintf(stderr, "count: functions that are followed are nested too deep\n");
        exit(1);
    }
    frames[frames_count++] = (struct frame){at->address, at->entered, resume, 0, last};
    running[at->entered]++;
    last = NULL;
}

/* A function returns: one of those that a followed one has called, or that one itself, and then the
 * one below has its callee back. What a handler has interrupted goes on behind it. */
static void come_back(void)
{
    struct frame *top = top_frame();
    while (top != NULL && top->resume == 0 && top->depth == 0) {
        const bool is_handler = top->kind == HANDLER;
        last = is_handler ? top->interrupted : last;
        pop();
        top = is_handler ? NULL : top_frame();
    }
    if (top != NULL && top->resume == 0) {
        top->depth--;
    }
}

/* Looks where the last call or return has led: to the instruction behind it, which is no function's
 * first, if its condition did not hold. Answers where a caller of this one goes on; 0 if none is. */
static uint64_t follow(const struct known *at)
{
    uint64_t resume = 0;
    while (last != NULL) {
        const struct known *done = last;
        last = NULL;
        if (at->address == done->behind && at->entered == NONE) {
            continue;
        }
        if (done->flow == RETURN) {
            come_back();
        } else if (at->entered != NONE) {
            resume = done->behind;
        } else if (top_frame() != NULL) {
            top_frame()->depth++;
        }
    }
    while (frames_count > 0 && top_frame()->resume == at->address) {
        pop();
    }
    return resume;
}

static void step(const struct known *at)
{
    struct frame *top = top_frame();
    if (at->entered == HANDLER) {
        /* Right behind the return of another one, or in the middle of anything. */
        if (top != NULL && top->kind == HANDLER && top->depth == 0 && last != NULL
            && last->flow == RETURN) {
            come_back();
        }
        push(at, 0);
        return;
    }
    const uint64_t resume = follow(at);
    top = top_frame();
    if (at->entered == NONE || (resume == 0 && top != NULL && top->address == at->address)) {
        /* A jump of a function to its own start is a loop. */
        return;
    }
    /* What is jumped to returns to where the function that jumped would have. */
    push(at, resume != 0 || top == NULL ? resume : top->resume);
}

/* An instruction is about to run. */
static void on_instruction(unsigned cpu, void *data)
{
    const struct known *at = data;
    (void)cpu;
    step(at);
    if (at->flow != STRAIGHT) {
        last = at;
    }
    const bool in_library = frames_count > 0 && frames[frames_count - 1].kind == LIBRARY;
    if (running[HANDLER] > 0) {
        interrupts++;
    } else if (running[USER] > 0) {
        skipped++;
        lent += in_library;
    } else {
        counted++;
        library += in_library;
    }
}

static void on_access(unsigned cpu, mem_info info, uint64_t address, void *unused)
{
    (void)cpu;
    (void)unused;
    const bool is_store = qemu_plugin_mem_is_store(info);
    if (!is_store && address == received_register) {
        counted = 0;
        library = 0;
        skipped = 0;
        lent = 0;
        waiting = true;
    } else if (is_store && address == sent_register && waiting) {
        fprintf(out, "%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", counted,
                library, skipped, lent, interrupts);
        fflush(out);
        waiting = false;
        interrupts = 0;
    }
}

static void on_translation(plugin_id id, struct qemu_plugin_tb *tb)
{
    (void)id;
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        /* Kept as long as QEMU runs, as the translation may be. */
        struct known *known = malloc(sizeof *known);
        if (known == NULL) {
            fprintf(stderr, "count: no memory\n");
            exit(1);
        }
        known->address = qemu_plugin_insn_vaddr(insn);
        known->behind = known->address + qemu_plugin_insn_size(insn);
        known->flow = flow_of(insn);
        known->entered = entered(known->address);
        qemu_plugin_register_vcpu_insn_exec_cb(insn, on_instruction, CB_NO_REGS, known);
        qemu_plugin_register_vcpu_mem_cb(insn, on_access, CB_NO_REGS, MEM_READ_WRITE, NULL);
    }
}

/* Reads one argument; false where it is unknown. */
static bool read_argument(const char *name, size_t size, const char *value)
{
    static const struct {
        const char *name;
        enum kind kind;
    } kinds[] = {{"skip", USER}, {"irq", HANDLER}, {"lib", LIBRARY}};
    const uint64_t number = strtoull(value, NULL, 0);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strlen(kinds[i].name) == size && strncmp(name, kinds[i].name, size) == 0) {
            if (entries_count == ENTRIES_MAX) {
                return false;
            }
            /* The lowest bit of a Thumb function's address is no part of it. */
            entries[entries_count++] = (struct entry){number & ~UINT64_C(1), kinds[i].kind};
            return true;
        }
    }
    if (size == 4 && strncmp(name, "data", size) == 0) {
        received_register = number;
        sent_register = sent_register == 0 ? number : sent_register;
    } else if (size == 4 && strncmp(name, "sent", size) == 0) {
        sent_register = number;
    } else if (size == 3 && strncmp(name, "out", size) == 0) {
        out = fopen(value, "w");
    } else {
        return false;
    }
    return true;
}

EXPORT int qemu_plugin_install(plugin_id id, const struct plugin_info *info, int argc, char **argv)
{
    is_riscv = strncmp(info->target_name, "riscv", strlen("riscv")) == 0;
    for (int i = 0; i < argc; i++) {
        char *value = strchr(argv[i], '=');
        if (value == NULL || !read_argument(argv[i], (size_t)(value - argv[i]), value + 1)) {
            fprintf(stderr, "count: unknown argument, or one too many: `%s`\n", argv[i]);
            return 1;
        }
    }
    if (received_register == 0 || out == NULL) {
        fprintf(stderr, "count: data=ADDRESS and out=FILE are needed\n");
        return 1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    return 0;
}

/* count.c - a TCG plug-in of QEMU that counts what one call costs on an emulated board.
 *
 * It counts guest instructions from the last byte that was read out of a UART's data register to
 * the first byte that is written to it: from "the request is here" to "the answer is on its way".
 * Instructions, not cycles: no wait states, no cache, no dual issue.
 *
 * Build:  cc -O2 -fPIC -shared -DPLUGIN_VERSION=1 -o count.so count.c     (QEMU 7 and 8)
 *         ... -DPLUGIN_VERSION=4                                           (QEMU 10)
 * Use:    qemu-system-arm ... -plugin count.so,data=0x40004000,skip=0x4d1,irq=0x62f+0x62,out=FILE
 *
 * data    address of the UART's data register
 * skip    address of a function whose instructions, callees included, are counted apart: the
 *         user's own code. Give it up to eight times. It must be called by BL.
 * irq     first address and size of an interrupt handler, as 0x4d1+0x62: what runs from its first
 *         instruction to its return is counted apart, all through the request. Up to eight times
 * tail    the same of a function that a handler ends with, by a jump
 * out     where a line "dispatcher=N skipped=N interrupts=N" is written for each answer
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
struct plugin_info; /* not looked into */

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

enum { SKIP_MAX = 8 };

static uint64_t data_register;
static uint64_t skip[SKIP_MAX];
static size_t skip_count;
static uint64_t irq[SKIP_MAX];
static uint64_t irq_end[SKIP_MAX];
static bool irq_is_tail[SKIP_MAX];
static size_t irq_count;
static FILE *out;

static uint64_t counted;  /* since the last byte was read */
static uint64_t skipped;  /* of these, inside a skipped function */
static bool waiting;      /* a byte was read and none written since */
static uint64_t interrupts; /* since the last answer, inside a handler */
static bool handling;     /* a handler runs */
static uint64_t resume;   /* where a skipped function returns to; 0 outside of one */

static bool is_skipped(uint64_t address)
{
    for (size_t i = 0; i < skip_count; i++) {
        if (skip[i] == address) {
            return true;
        }
    }
    return false;
}

/* Where a Thumb BL at `address` goes (Armv7-M manual, A7.7.18, encoding T1); 0 for all else. An
 * interrupt may come between the BL and its target, so the pair cannot be told by adjacency. */
static uint64_t call_target(const struct qemu_plugin_insn *insn, uint64_t address)
{
    uint16_t half[2] = {0, 0};
    if (qemu_plugin_insn_size(insn) != sizeof half) {
        return 0;
    }
#if PLUGIN_VERSION < 3
    memcpy(half, qemu_plugin_insn_data(insn), sizeof half);
#else
    qemu_plugin_insn_data(insn, half, sizeof half);
#endif
    if ((half[0] & 0xf800) != 0xf000 || (half[1] & 0xd000) != 0xd000) {
        return 0;
    }
    uint32_t s = half[0] >> 10 & 1;
    uint32_t i1 = ~(half[1] >> 13 ^ s) & 1;
    uint32_t i2 = ~(half[1] >> 11 ^ s) & 1;
    uint32_t offset = s << 24 | i1 << 23 | i2 << 22 | (half[0] & 0x3ffu) << 12
                      | (half[1] & 0x7ffu) << 1;
    if (s) {
        offset |= UINT32_C(0xfe000000);
    }
    return (uint32_t)(address + 4 + offset);
}

/* The first instruction of a handler is about to run. */
static void on_handler(unsigned cpu, void *unused)
{
    (void)cpu;
    (void)unused;
    handling = true;
}

/* A handler's last instruction is about to run, and was counted: callbacks of one instruction come
 * in the order of their registration. */
static void on_handler_return(unsigned cpu, void *unused)
{
    (void)cpu;
    (void)unused;
    handling = false;
}

/* Whether an instruction of a handler itself returns from it: POP with PC, BX LR, or LDM or LDR
 * from the stack with PC (Armv7-M manual, B1.5.8). Functions that it calls lie elsewhere. */
static bool is_return(const struct qemu_plugin_insn *insn)
{
    uint16_t half[2] = {0, 0};
    size_t size = qemu_plugin_insn_size(insn);
#if PLUGIN_VERSION < 3
    memcpy(half, qemu_plugin_insn_data(insn), size < sizeof half ? size : sizeof half);
#else
    qemu_plugin_insn_data(insn, half, sizeof half);
#endif
    if (size == 2) {
        return half[0] == 0x4770 || (half[0] & 0xff00) == 0xbd00;
    }
    return (half[0] == 0xe8bd && (half[1] & 0x8000) != 0) || (half[0] == 0xf85d && half[1] == 0xfb04);
}

/* The instruction at this address is about to run. */
static void on_instruction(unsigned cpu, void *address)
{
    (void)cpu;
    if (handling) {
        interrupts++;
        return;
    }
    if (resume == (uintptr_t)address) {
        resume = 0;
    }
    counted++;
    skipped += resume != 0;
}

/* A call of a skipped function is about to run; it returns to this address. */
static void on_call(unsigned cpu, void *behind)
{
    (void)cpu;
    if (resume == 0) {
        resume = (uintptr_t)behind;
    }
}

static void on_access(unsigned cpu, mem_info info, uint64_t address, void *unused)
{
    (void)cpu;
    (void)unused;
    if (address != data_register) {
        return;
    }
    if (!qemu_plugin_mem_is_store(info)) {
        counted = 0;
        skipped = 0;
        waiting = true;
    } else if (waiting) {
        fprintf(out, "dispatcher=%" PRIu64 " skipped=%" PRIu64 " interrupts=%" PRIu64 "\n",
                counted - skipped, skipped, interrupts);
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
        uint64_t address = qemu_plugin_insn_vaddr(insn);
        for (size_t at = 0; at < irq_count; at++) {
            if (address == irq[at] && !irq_is_tail[at]) {
                qemu_plugin_register_vcpu_insn_exec_cb(insn, on_handler, CB_NO_REGS, NULL);
            }
        }
        qemu_plugin_register_vcpu_insn_exec_cb(insn, on_instruction, CB_NO_REGS,
                                               (void *)(uintptr_t)address);
        for (size_t at = 0; at < irq_count; at++) {
            if (address >= irq[at] && address < irq_end[at] && is_return(insn)) {
                qemu_plugin_register_vcpu_insn_exec_cb(insn, on_handler_return, CB_NO_REGS, NULL);
            }
        }
        if (is_skipped(call_target(insn, address))) {
            qemu_plugin_register_vcpu_insn_exec_cb(insn, on_call, CB_NO_REGS,
                                                   (void *)(uintptr_t)(address + 4));
        }
        qemu_plugin_register_vcpu_mem_cb(insn, on_access, CB_NO_REGS, MEM_READ_WRITE, NULL);
    }
}

EXPORT int qemu_plugin_install(plugin_id id, const struct plugin_info *info, int argc, char **argv)
{
    (void)info;
    for (int i = 0; i < argc; i++) {
        char *value = strchr(argv[i], '=');
        size_t name = value ? (size_t)(value - argv[i]) : 0;
        if (name == 4 && strncmp(argv[i], "data", name) == 0) {
            data_register = strtoull(value + 1, NULL, 0);
        } else if (name == 4 && strncmp(argv[i], "skip", name) == 0 && skip_count < SKIP_MAX) {
            /* The lowest bit of a Thumb function's address is no part of it. */
            skip[skip_count++] = strtoull(value + 1, NULL, 0) & ~UINT64_C(1);
        } else if (((name == 3 && strncmp(argv[i], "irq", name) == 0)
                    || (name == 4 && strncmp(argv[i], "tail", name) == 0))
                   && irq_count < SKIP_MAX) {
            char *size = NULL;
            irq_is_tail[irq_count] = name == 4;
            irq[irq_count] = strtoull(value + 1, &size, 0) & ~UINT64_C(1);
            irq_end[irq_count] = irq[irq_count] + strtoull(size + (*size == '+'), NULL, 0);
            irq_count++;
        } else if (name == 3 && strncmp(argv[i], "out", name) == 0) {
            out = fopen(value + 1, "w");
        } else {
            fprintf(stderr, "count: unknown argument `%s`\n", argv[i]);
            return 1;
        }
    }
    if (data_register == 0 || out == NULL) {
        fprintf(stderr, "count: data=ADDRESS and out=FILE are needed\n");
        return 1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    return 0;
}

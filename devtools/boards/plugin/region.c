/* region.c - a TCG plug-in of QEMU that counts the guest instructions between two calls.
 *
 * It counts from the return of one function to the return of another, each time, and writes a line
 * with the count. The processor may be any that QEMU emulates. Instructions, not cycles: no wait
 * states, no cache, no dual issue.
 *
 * Build:  cc -O2 -fPIC -shared -DPLUGIN_VERSION=1 -o region.so region.c     (QEMU 7 and 8)
 *         ... -DPLUGIN_VERSION=4                                             (QEMU 10)
 * Use:    qemu-system-arm ... -plugin region.so,before=0x4d1,after=0x62f,out=FILE
 *
 * before, after   addresses of the two functions, which call nothing
 * out             where a line "N" is written for each pair of calls
 *
 * Blocks of instructions are counted whole when they begin. A function is the first of its block,
 * since it is jumped to; so what is counted is all blocks from the one behind `before` to the one
 * that `after` is, whose few instructions are part of the count.
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
struct qemu_plugin_tb;
struct plugin_info; /* not looked into */

enum { CB_NO_REGS = 0 };

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id,
                                           void (*cb)(plugin_id, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb, void (*cb)(unsigned, void *),
                                          int flags, void *data);

EXPORT int qemu_plugin_version = PLUGIN_VERSION;

static uint64_t before;
static uint64_t after;
static FILE *out;
static uint64_t counted;

static void on_block(unsigned cpu, void *instructions)
{
    (void)cpu;
    counted += (uintptr_t)instructions;
}

static void on_before(unsigned cpu, void *unused)
{
    (void)cpu;
    (void)unused;
    counted = 0;
}

static void on_after(unsigned cpu, void *unused)
{
    (void)cpu;
    (void)unused;
    fprintf(out, "%" PRIu64 "\n", counted);
    fflush(out);
}

static void on_translation(plugin_id id, struct qemu_plugin_tb *tb)
{
    (void)id;
    uint64_t address = qemu_plugin_tb_vaddr(tb);
    qemu_plugin_register_vcpu_tb_exec_cb(tb, on_block, CB_NO_REGS,
                                         (void *)(uintptr_t)qemu_plugin_tb_n_insns(tb));
    if (address == before) {
        qemu_plugin_register_vcpu_tb_exec_cb(tb, on_before, CB_NO_REGS, NULL);
    } else if (address == after) {
        qemu_plugin_register_vcpu_tb_exec_cb(tb, on_after, CB_NO_REGS, NULL);
    }
}

EXPORT int qemu_plugin_install(plugin_id id, const struct plugin_info *info, int argc, char **argv)
{
    (void)info;
    for (int i = 0; i < argc; i++) {
        char *value = strchr(argv[i], '=');
        size_t name = value ? (size_t)(value - argv[i]) : 0;
        /* The lowest bit of a Thumb function's address is no part of it. */
        if (name == 6 && strncmp(argv[i], "before", name) == 0) {
            before = strtoull(value + 1, NULL, 0) & ~UINT64_C(1);
        } else if (name == 5 && strncmp(argv[i], "after", name) == 0) {
            after = strtoull(value + 1, NULL, 0) & ~UINT64_C(1);
        } else if (name == 3 && strncmp(argv[i], "out", name) == 0) {
            out = fopen(value + 1, "w");
        } else {
            fprintf(stderr, "region: unknown argument `%s`\n", argv[i]);
            return 1;
        }
    }
    if (before == 0 || after == 0 || out == NULL) {
        fprintf(stderr, "region: before=ADDRESS, after=ADDRESS and out=FILE are needed\n");
        return 1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    return 0;
}

/* span.c - a TCG plug-in of QEMU that counts the instructions of one call of a function.
 *
 * It counts from the first instruction of the function to the next one of its caller, callees
 * included, writes the number and ends QEMU. Instructions, not cycles: no wait states, no cache.
 *
 * Build:  as count.c
 * Use:    qemu-system-arm ... -plugin span.so,from=0x4d0,caller=0x62e+0x62,out=FILE
 *
 * from    address of the function
 * caller  first address and size of the function that calls it
 * out     where the number is written
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
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct plugin_info; /* not looked into */

enum { CB_NO_REGS = 0 };

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id,
                                           void (*cb)(plugin_id, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
                                            void (*cb)(unsigned, void *), int flags, void *data);

EXPORT int qemu_plugin_version = PLUGIN_VERSION;

static uint64_t from;
static uint64_t caller;
static uint64_t caller_end;
static FILE *out;

static uint64_t counted;
static bool inside;

/* An instruction is about to run; `data` is its address. */
static void on_instruction(unsigned cpu, void *data)
{
    const uint64_t address = (uint64_t)(uintptr_t)data;
    (void)cpu;
    if (address == from) {
        inside = true;
    }
    if (!inside) {
        return;
    }
    if (address >= caller && address < caller_end) {
        fprintf(out, "%" PRIu64 "\n", counted);
        fclose(out);
        exit(0);
    }
    counted++;
}

static void on_translation(plugin_id id, struct qemu_plugin_tb *tb)
{
    (void)id;
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        void *address = (void *)(uintptr_t)qemu_plugin_insn_vaddr(insn);
        qemu_plugin_register_vcpu_insn_exec_cb(insn, on_instruction, CB_NO_REGS, address);
    }
}

EXPORT int qemu_plugin_install(plugin_id id, const struct plugin_info *info, int argc, char **argv);
EXPORT int qemu_plugin_install(plugin_id id, const struct plugin_info *info, int argc, char **argv)
{
    (void)info;
    for (int i = 0; i < argc; i++) {
        const char *value = strchr(argv[i], '=');
        char *rest = NULL;
        if (value == NULL) {
            return -1;
        }
        value++;
        if (strncmp(argv[i], "from=", 5) == 0) {
            from = strtoull(value, NULL, 0);
        } else if (strncmp(argv[i], "caller=", 7) == 0) {
            caller = strtoull(value, &rest, 0);
            caller_end = caller + strtoull(*rest == '+' ? rest + 1 : rest, NULL, 0);
        } else if (strncmp(argv[i], "out=", 4) == 0) {
            out = fopen(value, "w");
        } else {
            return -1;
        }
    }
    if (from == 0 || caller_end <= caller || out == NULL) {
        return -1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    return 0;
}

/* Loaded before a software driver (LD_PRELOAD), this has LLVM 15 compile its kernels in less than
 * half the time. The driver turns each kernel with barriers into a coroutine; that is most of it.
 *
 * - Blocks are merged first (LLVM's pass simplifycfg), so that a coroutine has fewer of them.
 * - What lives across a barrier is found by passing over all blocks, in the order of their
 *   addresses, until nothing changes. Where addresses follow the order in which blocks are made,
 *   a few times are enough: so no address of a block is given twice.
 * - The driver is started with GALLIVM_PERF=nopt. Its code generator then does little, and its only
 *   pass is replaced by a few that leave less to generate.
 *
 * docs/decisions/0032 has the figures. Types are those of llvm-c/Transforms/PassBuilder.h. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

typedef void *(*RunPasses)(void *, const char *, void *, void *);

enum { BLOCK = 64 };

static const size_t ROOM = (size_t)16 << 30;
static _Atomic(uintptr_t) room, used;

/* Address space for blocks, of which the system gives memory as it is used. */
static uintptr_t reserve(void) {
    uintptr_t found = atomic_load(&room);
    if (found) {
        return found;
    }
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    void *made = mmap(NULL, ROOM, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (made == MAP_FAILED) {
        abort();
    }
    if (atomic_compare_exchange_strong(&room, &found, (uintptr_t)made)) {
        return (uintptr_t)made;
    }
    munmap(made, ROOM);
    return found;
}

static int is_block(const void *memory) {
    return (uintptr_t)memory - atomic_load(&room) < ROOM;
}

/* operator new(unsigned long) */
void *_Znwm(size_t size) {
    if (size == BLOCK) {
        uintptr_t at = atomic_fetch_add(&used, BLOCK);
        if (at < ROOM) {
            return (void *)(reserve() + at);
        }
    }
    void *memory = malloc(size);
    if (!memory) {
        abort();
    }
    return memory;
}

/* operator delete(void *) */
void _ZdlPv(void *memory) {
    if (!is_block(memory)) {
        free(memory);
    }
}

/* operator delete(void *, unsigned long) */
void _ZdlPvm(void *memory, size_t size) {
    (void)size;
    _ZdlPv(memory);
}

/* The driver may have been loaded for itself alone, so that its LLVM is in no scope of ours. */
static int find_llvm(struct dl_phdr_info *library, size_t size, void *found) {
    (void)size;
    void *handle = NULL;
    if (strstr(library->dlpi_name, "libLLVM")) {
        handle = dlopen(library->dlpi_name, RTLD_LAZY | RTLD_NOLOAD);
    }
    if (handle) {
        *(RunPasses *)found = (RunPasses)dlsym(handle, "LLVMRunPasses");
    }
    return handle != NULL;
}

void *LLVMRunPasses(void *module, const char *passes, void *machine, void *options) {
    static RunPasses next;
    if (!next) {
        dl_iterate_phdr(find_llvm, &next);
    }
    if (strcmp(passes, "default<O0>") == 0) {
        void *error = next(module, "function(simplifycfg)", machine, options);
        if (error) {
            return error;
        }
    }
    if (strcmp(passes, "mem2reg") == 0) {
        passes = "sroa,early-cse,simplifycfg,instsimplify";
    }
    return next(module, passes, machine, options);
}

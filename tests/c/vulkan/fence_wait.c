/* Loaded before Vulkan's loader (LD_PRELOAD), this makes tests on a software driver cheaper.
 *
 * A program that polls its device for the end of a graph waits instead. ggml polls, which on a real
 * device is the quickest way; where the device is this processor, it takes a core from the work.
 *
 * The driver has LLVM turn each kernel with barriers into a coroutine before it optimizes it. That
 * takes most of the time to compile a kernel, and less where blocks are merged first (LLVM's pass
 * simplifycfg). docs/decisions/0032 has the figures.
 *
 * Types are those of vulkan_core.h on 64 bits and of llvm-c/Transforms/PassBuilder.h. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <stdint.h>
#include <string.h>

enum { NOT_READY = 1, TIMEOUT = 2, A_MILLISECOND = 1000000 };

typedef void (*Function)(void);
typedef void *(*RunPasses)(void *, const char *, void *, void *);
typedef Function (*Find)(void *, const char *);
typedef int (*Wait)(void *, uint32_t, void *const *, uint32_t, uint64_t);

static Wait wait_for;

static int status(void *device, void *fence) {
    int answer = wait_for(device, 1, &fence, 1, A_MILLISECOND);
    return answer == TIMEOUT ? NOT_READY : answer;
}

static Function found_by(Find next, void *of, const char *name) {
    if (strcmp(name, "vkGetFenceStatus") != 0) {
        return next(of, name);
    }
    Wait found = (Wait)next(of, "vkWaitForFences");
    if (!found) {
        return next(of, name);
    }
    wait_for = found;
    return (Function)status;
}

Function vkGetDeviceProcAddr(void *device, const char *name) {
    static Find next;
    next = next ? next : (Find)dlsym(RTLD_NEXT, __func__);
    return found_by(next, device, name);
}

Function vkGetInstanceProcAddr(void *instance, const char *name) {
    static Find next;
    next = next ? next : (Find)dlsym(RTLD_NEXT, __func__);
    if (strcmp(name, "vkGetDeviceProcAddr") == 0) {
        return (Function)vkGetDeviceProcAddr;
    }
    return found_by(next, instance, name);
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
    return next(module, passes, machine, options);
}

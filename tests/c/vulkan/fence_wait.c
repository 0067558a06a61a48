/* Loaded before Vulkan's loader (LD_PRELOAD), this makes tests on a software driver cheaper: who
 * polls the device for the end of a graph waits instead. ggml polls, which on a real device is the
 * quickest way; where the device is this processor, it takes a core from the work.
 *
 * Types are those of vulkan_core.h on 64 bits. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <string.h>

enum { NOT_READY = 1, TIMEOUT = 2, A_MILLISECOND = 1000000 };

typedef void (*Function)(void);
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

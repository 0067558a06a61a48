/* A Vulkan device that fails: loaded before Vulkan's loader (LD_PRELOAD), this stands between a
 * program and its driver, which computes as ever until then.
 *
 * FAILS_AT     `submit`: a submission is refused, and the device is lost from then on;
 *              `wait`: it is taken and comes to nothing, and who waits for it is told;
 *              `memory`: there is no more memory of the device's
 * FAILS_AFTER  how often that goes well before
 * FAILS_TIMES  how often there is no more memory then, and after that there is some; else for ever
 * FAILS_NAME   what the device is called: software passes for a graphics processor by it
 *
 * When the program ends, it is said how often each was asked for. Types are those of vulkan_core.h
 * on 64 bits, as far as they are looked at here. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SUCCESS = 0, OUT_OF_DEVICE_MEMORY = -2, DEVICE_LOST = -4 };
/* Bytes before the name in VkPhysicalDeviceProperties, room for it, and what stands before these
 * in VkPhysicalDeviceProperties2. */
enum { NAME = 20, ROOM = 256, HEAD = 16 };

typedef void (*Function)(void);
typedef Function (*Find)(void *, const char *);

static atomic_long submissions, allocations;
static atomic_int is_lost;

static struct {
    Function submit, submit2, wait, status, idle, device_idle, allocate, properties, properties2;
} real;

static int is_at(const char *place) {
    const char *at = getenv("FAILS_AT");
    return at && strcmp(at, place) == 0;
}

static long after(void) {
    const char *count = getenv("FAILS_AFTER");
    return count ? atol(count) : 0;
}

/* What becomes of one more submission: what was taken before is done when the device is lost, so
 * that the driver reads nothing that the program then gives back. */
static int taken(void *queue, int *answer) {
    *answer = DEVICE_LOST;
    if (atomic_load(&is_lost)) {
        return 0;
    }
    long before = atomic_fetch_add(&submissions, 1);
    if (before < after() || !(is_at("submit") || is_at("wait"))) {
        return 1;
    }
    ((int (*)(void *))real.idle)(queue);
    atomic_store(&is_lost, 1);
    *answer = is_at("wait") ? SUCCESS : DEVICE_LOST;
    return 0;
}

static int submit(void *queue, uint32_t count, const void *infos, void *fence) {
    int answer;
    if (!taken(queue, &answer)) {
        return answer;
    }
    return ((int (*)(void *, uint32_t, const void *, void *))real.submit)(queue, count, infos, fence);
}

static int submit2(void *queue, uint32_t count, const void *infos, void *fence) {
    int answer;
    if (!taken(queue, &answer)) {
        return answer;
    }
    return ((int (*)(void *, uint32_t, const void *, void *))real.submit2)(queue, count, infos, fence);
}

static int wait_for(void *device, uint32_t count, const void *fences, uint32_t all, uint64_t limit) {
    if (atomic_load(&is_lost)) {
        return DEVICE_LOST;
    }
    return ((int (*)(void *, uint32_t, const void *, uint32_t, uint64_t))real.wait)(
        device, count, fences, all, limit);
}

/* Functions of a device or a queue, and at most of a fence with it. */
#define TOLD(name, of)                                                          \
    static int name(void *what, void *fence) {                                  \
        if (atomic_load(&is_lost)) {                                            \
            return DEVICE_LOST;                                                 \
        }                                                                       \
        return ((int (*)(void *, void *))real.of)(what, fence);                 \
    }
TOLD(status, status)
TOLD(idle, idle)
TOLD(device_idle, device_idle)

static int allocate(void *device, const void *info, const void *allocator, void *memory) {
    const char *times = getenv("FAILS_TIMES");
    long past = atomic_fetch_add(&allocations, 1) - after();
    if (past >= 0 && (!times || past < atol(times)) && is_at("memory")) {
        return OUT_OF_DEVICE_MEMORY;
    }
    return ((int (*)(void *, const void *, const void *, void *))real.allocate)(
        device, info, allocator, memory);
}

static void rename_to(char *name) {
    const char *wanted = getenv("FAILS_NAME");
    if (wanted) {
        snprintf(name, ROOM, "%s", wanted);
    }
}

static void properties(void *device, char *out) {
    ((void (*)(void *, char *))real.properties)(device, out);
    rename_to(out + NAME);
}

static void properties2(void *device, char *out) {
    ((void (*)(void *, char *))real.properties2)(device, out);
    rename_to(out + HEAD + NAME);
}

static Function in_place_of(const char *name, Function found) {
    static const struct {
        const char *name;
        Function *real, own;
    } all[] = {
        {"vkQueueSubmit", &real.submit, (Function)submit},
        {"vkQueueSubmit2", &real.submit2, (Function)submit2},
        {"vkQueueSubmit2KHR", &real.submit2, (Function)submit2},
        {"vkWaitForFences", &real.wait, (Function)wait_for},
        {"vkGetFenceStatus", &real.status, (Function)status},
        {"vkQueueWaitIdle", &real.idle, (Function)idle},
        {"vkDeviceWaitIdle", &real.device_idle, (Function)device_idle},
        {"vkAllocateMemory", &real.allocate, (Function)allocate},
        {"vkGetPhysicalDeviceProperties", &real.properties, (Function)properties},
        {"vkGetPhysicalDeviceProperties2", &real.properties2, (Function)properties2},
        {"vkGetPhysicalDeviceProperties2KHR", &real.properties2, (Function)properties2},
    };
    for (size_t at = 0; found && at < sizeof all / sizeof *all; at++) {
        if (strcmp(name, all[at].name) == 0) {
            *all[at].real = found;
            return all[at].own;
        }
    }
    return found;
}

Function vkGetDeviceProcAddr(void *device, const char *name) {
    static Find next;
    next = next ? next : (Find)dlsym(RTLD_NEXT, __func__);
    return in_place_of(name, next(device, name));
}

Function vkGetInstanceProcAddr(void *instance, const char *name) {
    static Find next;
    next = next ? next : (Find)dlsym(RTLD_NEXT, __func__);
    if (strcmp(name, "vkGetDeviceProcAddr") == 0) {
        return (Function)vkGetDeviceProcAddr;
    }
    return in_place_of(name, next(instance, name));
}

__attribute__((destructor)) static void tell(void) {
    fprintf(stderr, "%ld submissions, %ld allocations\n", submissions, allocations);
}

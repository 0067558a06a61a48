/* A tool that does what ends a process, or what its process may not say. It writes "began" into
   the file LEDGER at each call. */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "trine_plugin.h"

#ifndef CALLS
#define CALLS 1u
#endif
#ifndef DEADLINE
#define DEADLINE 0
#endif
#ifndef NAME
#define NAME "wild"
#endif
#ifndef TOOL
#define TOOL "wild"
#endif
#ifndef VERSION
#define VERSION "1.0.0"
#endif

static void tell(const char *what) {
    FILE *ledger = fopen(LEDGER, "a");
    if (ledger != NULL) {
        fprintf(ledger, "%s\n", what);
        fclose(ledger);
    }
}

/* The socket that the program reads. */
static int the_socket(void) {
    int at;
    for (at = 3; at < 64; ++at) {
        int kind = 0;
        socklen_t size = sizeof kind;
        if (getsockopt(at, SOL_SOCKET, SO_TYPE, &kind, &size) == 0) {
            return at;
        }
    }
    return -1;
}

static void say(const void *bytes, size_t size) {
    const char *from = (const char *)bytes;
    while (size > 0) {
        ssize_t sent = write(the_socket(), from, size);
        if (sent <= 0) {
            return;
        }
        from += sent;
        size -= (size_t)sent;
    }
}

/* A message of up to 200 bytes as a frame: its CRC-32, in COBS, between zeros. */
static void frame(const uint8_t *message, size_t size) {
    uint8_t raw[256], out[300];
    uint32_t crc = 0xffffffffu;
    size_t at, code = 1, to = 2;
    memcpy(raw, message, size);
    for (at = 0; at < size; ++at) {
        int bit;
        crc ^= message[at];
        for (bit = 0; bit < 8; ++bit) {
            crc = crc & 1u ? crc >> 1 ^ 0xedb88320u : crc >> 1;
        }
    }
    crc = ~crc;
    for (at = 0; at < 4; ++at) {
        raw[size++] = (uint8_t)(crc >> (8 * at));
    }
    out[0] = 0;
    out[1] = 1;
    for (at = 0; at < size; ++at) {
        if (raw[at] == 0) {
            out[code] = (uint8_t)(to - code);
            code = to++;
        } else {
            out[to++] = raw[at];
        }
    }
    out[code] = (uint8_t)(to - code);
    out[to++] = 0;
    say(out, to);
}

#define FRAME(...)                                                                                 \
    do {                                                                                           \
        const uint8_t bytes_[] = {__VA_ARGS__};                                                    \
        frame(bytes_, sizeof bytes_);                                                              \
    } while (0)

static volatile int never;

static void burn(int64_t milliseconds) {
    clock_t until = clock() + (clock_t)(milliseconds * (CLOCKS_PER_SEC / 1000));
    while (clock() < until) {
    }
}

static void hog(int is_careful) {
    size_t size = 1u << 20;
    for (;;) {
        char *more = (char *)malloc(size);
        if (more == NULL && is_careful) {
            return;
        }
        memset(more, 1, size);
    }
}

static int descriptors(void) {
    DIR *all = opendir("/proc/self/fd");
    int count = 0;
    if (all != NULL) {
        while (readdir(all) != NULL) {
            ++count;
        }
        closedir(all);
    }
    /* Without ".", ".." and that of the list. */
    return count - 3;
}

/* The id of this call, where one call runs at a time. */
static uint8_t calls;

static trine_status wild(void *state, trine_call *call) {
    int64_t n = trine_get_int(call, 1);
    (void)state;
    tell("began");
    ++calls;
    switch (trine_get_choice(call, 0)) {
    case 0: return trine_put_int(call, 0, n);
    case 1:
        while (!never) {
        }
        break;
    case 2: hog(0); break;
    case 3: hog(1); return trine_fail(call, TRINE_TEXT("no memory is left"));
    case 4:
        while (!never) {
            sleep(1);
        }
        break;
    case 5: abort();
    case 6: *(volatile int *)16 = 1; break;
    case 7: {
        /* Over its stack, and on. */
        volatile char here = 0;
        size_t at;
        for (at = 0; at < (64u << 20); ++at) {
            (&here)[at] = (char)at;
        }
        break;
    }
    case 8: exit(0);
    case 9: exit(3);
    case 10: {
        char noise[4096];
        size_t at;
        for (at = 0; at < sizeof noise; ++at) {
            noise[at] = (char)(at * 7919u >> 3);
        }
        say(noise, sizeof noise);
        break;
    }
    case 11: {
        /* 256 MiB without an end of a frame. */
        static char much[1 << 20];
        int times;
        memset(much, 0xff, sizeof much);
        for (times = 0; times < 256; ++times) {
            say(much, sizeof much);
        }
        break;
    }
    case 12: {
        static char zeros[1 << 20];
        int times;
        for (times = 0; times < 256; ++times) {
            say(zeros, sizeof zeros);
        }
        break;
    }
    case 13: FRAME(2, 99, 0, 0); break;
    case 14: FRAME(2, calls, 10, 0, 0xff, 0xff, 0xff, 0xff, 0x0f); break;
    case 15: FRAME(3, calls, 0, 1, 7); break;
    case 16:
        FRAME(2, calls, 10, 0, 8);
        FRAME(3, calls, 4, 2, 1, 1);
        break;
    case 17: FRAME(7, 99, 1, 2, 0); break;
    case 18: FRAME(9, 1, 1, 1, 1, 1); break;
    case 19: FRAME(77, 1, 2, 3); break;
    case 20: FRAME(2, calls, 13, 5, 1, 200, 200, 200, 200); break;
    case 21: FRAME(2, calls, 3); break;
    case 22: FRAME(2, calls, 0, 4, 0, 9, 9, 9); return TRINE_E_FAILED;
    case 23: FRAME(2, calls, 2, 3, 0xff, 0xfe, 0xfd); break;
    case 24: {
        int times;
        for (times = 0; times < 200000; ++times) {
            FRAME(8, 1, 2, 'h', 'i', calls);
        }
        return trine_put_int(call, 0, n);
    }
    case 25: shutdown(the_socket(), SHUT_RDWR); break;
    case 26: raise(SIGKILL); break;
    case 27: burn(n); return trine_put_int(call, 0, n);
    case 28: return trine_put_int(call, 0, descriptors());
    case 29:
        while (!trine_plugin_is_cancelled(call)) {
        }
        tell("cancelled");
        return trine_put_int(call, 0, 1);
    case 30: {
        struct timespec pause = {n / 1000, n % 1000 * 1000000};
        nanosleep(&pause, NULL);
        return trine_put_int(call, 0, n);
    }
    case 31:
        printf("printed\n");
        fflush(stdout);
        return trine_put_int(call, 0, getpid());
    case 32: return trine_put_int(call, 0, (int64_t)trine_get_string(call, 2, NULL));
    default:
        /* A process of its own that keeps the socket. */
        if (fork() == 0) {
            sleep(600);
            _exit(0);
        }
        abort();
    }
    /* What was wrong ends this process. */
    sleep(60);
    return TRINE_E_FAILED;
}

static const trine_node params[] = {
    TRINE_CHOICE(TRINE_REQUIRED, "what", "What it does.",
                 "fine|loop|hog|careful|never|abort|null|scribble|exit|exit3|noise|endless|zeros|"
                 "stranger|huge|piece|hole|progress|pong|kind|blocks|stale|value|utf8|logs|deaf|"
                 "killed|burn|descriptors|cancel|pause|print|long|fork"),
    TRINE_INT(TRINE_DEFAULT(1), "n", "", "A number.", 0, 1000000),
    TRINE_STRING(TRINE_OPTIONAL, "text", "A text.", 0, 60000),
};
static const trine_node results[] = {TRINE_INT(TRINE_REQUIRED, "n", "", "A number.", 0,
                                               TRINE_OPEN_MAX)};
static const trine_tool_more more = {
    sizeof(trine_tool_more), DEADLINE, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL};
static const trine_tool tools[] = {TRINE_TOOL_MORE(TOOL, "", "", "Do something wild.", 0,
                                                   TRINE_CONSENT_NONE, 0u, params, results, wild,
                                                   NULL, &more)};

static void hang(void) {
    while (!never) {
        sleep(1);
    }
}

static trine_status init(void **state) {
    (void)state;
    (void)hang;
    tell("init");
#ifdef EXIT_HANGS
    atexit(hang);
#endif
#ifdef IGNORES_CPU
    signal(SIGXCPU, SIG_IGN);
#endif
#ifdef INIT_ABORTS
    abort();
#endif
    return TRINE_OK;
}

static void shutdown_(void *state) {
    (void)state;
    tell("shutdown");
#ifdef SHUTDOWN_HANGS
    while (!never) {
        sleep(1);
    }
#endif
}

static trine_status self_test(void *state) {
    (void)state;
#ifdef TEST_ABORTS
    abort();
#elif defined(TEST_FAILS)
    return TRINE_E_FAILED;
#elif defined(TEST_HANGS)
    while (!never) {
        sleep(1);
    }
#endif
    return TRINE_OK;
}

#ifdef MAPPING_ABORTS
__attribute__((constructor)) static void begin(void) {
    abort();
}
#endif

static const trine_plugin table = {TRINE_PLUGIN_HEAD(0u, NAME, VERSION, "", "", "", "", NULL, tools),
                                   CALLS,
                                   init,
                                   shutdown_,
                                   NULL,
                                   self_test};
TRINE_PLUGIN_TABLE(table);

// What a device leaves open and a seed decides here: in which order threads and blocks run, and what
// memory holds before it is written.
//
// A kernel that is right gives the same bits with every seed. One that lacks a barrier or reads
// what nothing wrote gives other bits with nearly every one.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <string>
#include <vector>

namespace machine {

// Random numbers (SplitMix64).
inline uint64_t &chance() {
    static uint64_t state = 0;
    return state;
}

inline uint64_t random_word() {
    uint64_t x = chance() += 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

inline unsigned random_below(unsigned count) { return unsigned((random_word() >> 32) * count >> 32); }

// A random order of the numbers below `count`.
struct Order {
    uint64_t count, first, step;

    explicit Order(unsigned count) : count(count), first(random_below(count)), step(1) {
        do {
            step = 1 + random_below(count);
        } while (std::gcd(step, this->count) != 1);
    }
    unsigned at(unsigned place) const { return unsigned((first + place * step) % count); }
};

// Fills memory with what no kernel should read: no numbers at all, great ones, or any ones.
inline void poison(void *memory, size_t count) {
    char *bytes = static_cast<char *>(memory);
    uint64_t how = random_word(), word = random_word();
    if (how % 4 != 0) {
        std::memset(bytes, how % 4 == 1 ? 0x7b : 0xff, count);
        return;
    }
    for (size_t at = 0; at < count; at += sizeof word) {
        std::memcpy(bytes + at, &word, count - at < sizeof word ? count - at : sizeof word);
        word = word * 6364136223846793005u + 1442695040888963407u;
    }
}

// Blocks that have run, by which memory that a block shares is known to be of another one.
inline uint64_t &blocks_run() {
    static uint64_t count = 0;
    return count;
}

// Memory that the threads of a block share. There is one for each place in a kernel that declares
// it, since `Place` is the type of an expression there; each block finds it poisoned.
template <typename T, typename Place>
T &shared(Place) {
    alignas(16) static char room[sizeof(T)];
    static uint64_t owner = 0;
    if (owner != blocks_run()) {
        owner = blocks_run();
        poison(room, sizeof room);
    }
    return *reinterpret_cast<T *>(room);
}

// A place in a kernel at which threads wait for each other, or for copies.
struct Place {
    std::string text;
    Place(const char *file, int line) : text(file) {
        text = text.substr(text.find_last_of('/') + 1) + ':' + std::to_string(line);
    }
};

// Those that were come to, by their numbers.
inline std::vector<std::string> &places() {
    static std::vector<std::string> all;
    return all;
}

inline int number_of(const Place &place) {
    std::vector<std::string> &all = places();
    auto found = std::find(all.begin(), all.end(), place.text);
    if (found == all.end()) {
        return all.push_back(place.text), int(all.size()) - 1;
    }
    return int(found - all.begin());
}

// The one at which nothing waits, as in a kernel that lacks it; below zero, none.
inline int &left_out() {
    static int number = -1;
    return number;
}

} // namespace machine

#define SHARED(type, name, count) auto &name = machine::shared<type[count]>([] {})
#define SHARED_ONE(type, name) auto &name = machine::shared<type>([] {})

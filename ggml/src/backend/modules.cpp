// Calls that load ggml's modules, at which C++ exceptions end. The second one is not ggml's: of
// several modules for one kind of device, ggml lets each say how well it suits this machine.

#include <cstddef>
#include <cstdio>
#include <exception>

#include <dlfcn.h>

extern "C" {
struct ggml_backend_reg;
ggml_backend_reg *ggml_backend_load(const char *path);
}

namespace {

constexpr size_t SAID = 256;

int score(const char *path) {
    void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (module == nullptr) {
        return 0;
    }
    const auto asked = reinterpret_cast<int (*)()>(dlsym(module, "ggml_backend_score"));
    // What does not say suits every machine, and less than what was made for this one.
    const int found = asked == nullptr ? 1 : asked();
    dlclose(module);
    return found;
}

} // namespace

extern "C" {

ggml_backend_reg *trine_ggml_load(const char *path, char *said) {
    try {
        return ggml_backend_load(path);
    } catch (const std::exception &thrown) {
        std::snprintf(said, SAID, "%s", thrown.what());
    } catch (...) {
        std::snprintf(said, SAID, "an exception without a text");
    }
    return nullptr;
}

int trine_ggml_score(const char *path) {
    try {
        return score(path);
    } catch (...) {
        return 0;
    }
}

} // extern "C"

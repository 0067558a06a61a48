/* Loads a library for all to see, then a plug-in by itself, and calls its function `run`. */
#include <dlfcn.h>
#include <stdio.h>

int main(int count, char **arguments)
{
    int (*run)(void);
    void *plugin;
    if (count != 3 || dlopen(arguments[1], RTLD_NOW | RTLD_GLOBAL) == NULL) {
        puts("the first library does not load");
        return 1;
    }
    plugin = dlopen(arguments[2], RTLD_NOW | RTLD_LOCAL);
    if (plugin == NULL) {
        puts(dlerror());
        return 1;
    }
    *(void **)&run = dlsym(plugin, "run");
    return run == NULL ? 1 : run();
}

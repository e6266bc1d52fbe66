/* A host may unload the library while a thread that used it lives on; the thread then has to end without a crash.
 * Usage: unload LIBRARY. Prints "1 passed, 0 failed" as its last line. */
#define _XOPEN_SOURCE 700

#include <trustdir.h>

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static void *use_and_unload(void *path)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        return path;
    }
    trustdir_status (*generate)(int32_t, trustdir_key **, trustdir_error **);
    void (*release)(trustdir_key *);
    /* ISO C has no cast from an object pointer to a function pointer. */
    void *symbol = dlsym(library, "trustdir_key_generate");
    memcpy(&generate, &symbol, sizeof symbol);
    symbol = dlsym(library, "trustdir_key_free");
    memcpy(&release, &symbol, sizeof symbol);

    trustdir_key *key;
    if (generate(TRUSTDIR_KEY_TYPE_P256, &key, NULL) != TRUSTDIR_STATUS_OK)
        return path;
    release(key);
    return dlclose(library) == 0 ? NULL : path;
}

int main(int argc, char **argv)
{
    pthread_t thread;
    void *bad = NULL;
    if (argc != 2 || pthread_create(&thread, NULL, use_and_unload, argv[1]) != 0)
        return 2;
    if (pthread_join(thread, &bad) != 0 || bad != NULL) {
        puts("0 passed, 1 failed");
        return 1;
    }
    puts("1 passed, 0 failed");
    return 0;
}

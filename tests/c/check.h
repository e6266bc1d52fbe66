/* What the C programs share: checks that count, and a directory of their own. The program's last line is
 * "N passed, M failed". Include it first. */
#ifndef CHECK_H
#define CHECK_H
#define _XOPEN_SOURCE 700

#include <trustdir.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int passed, failed;

#define CHECK(condition) check((condition), #condition, __LINE__, NULL)
/* The call must return `status`; whatever error it made is shown on failure, and freed. */
#define STATUS(status, call) check_status((status), (call), #call, __LINE__, &error)
#define OK(call) STATUS(TRUSTDIR_STATUS_OK, call)
#define TEXT(a, b) check_text((a), (b), #a, __LINE__)

static inline void check(bool condition, const char *what, int line, const char *detail)
{
    if (condition) {
        passed++;
        return;
    }
    failed++;
    printf("line %d: FAILED: %s%s%s\n", line, what, detail ? ": " : "", detail ? detail : "");
}

static inline void check_status(trustdir_status wanted, trustdir_status found, const char *what, int line,
                                trustdir_error **error)
{
    check(found == wanted, what, line, found == wanted ? NULL : trustdir_error_message(*error));
    /* The object and the status go together. */
    bool no_error = found == TRUSTDIR_STATUS_OK || found == TRUSTDIR_STATUS_AGAIN;
    check((*error == NULL) == no_error, "an error object exactly for failures", line, NULL);
    check(*error == NULL || trustdir_error_status(*error) == (trustdir_status)found, "its status", line, NULL);
    trustdir_error_free(*error);
    *error = NULL;
}

static inline void check_text(const char *found, const char *wanted, const char *what, int line)
{
    check(found != NULL && strcmp(found, wanted) == 0, what, line, found ? found : "NULL");
}

static char root[] = "/tmp/trustdir-c-XXXXXX";

static inline const char *in_root(const char *name)
{
    static char paths[4][256];
    static unsigned turn;
    char *path = paths[turn++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", root, name);
    return path;
}

static inline int remove_one(const char *path, const struct stat *info, int type, struct FTW *place)
{
    (void)info, (void)type, (void)place;
    return remove(path);
}

static inline void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0) {
        perror(path);
        exit(2);
    }
}

#define BYTES(text) (const uint8_t *)(text), strlen(text)
#define NO_PASSPHRASE NULL, 0

static trustdir_error *error;

/* A command of the shell, such as openssl's, which must succeed in the program's directory. */
static inline void run(const char *command)
{
    char line[1024];
    snprintf(line, sizeof line, "cd %s && { %s; } >out.txt 2>&1 || { cat out.txt; false; }", root, command);
    check(system(line) == 0, command, __LINE__, NULL);
}

static inline void start(void)
{
    if (mkdtemp(root) == NULL) {
        perror(root);
        exit(2);
    }
}

/* The exit status of the program. */
static inline int finish(void)
{
    CHECK(nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0);
    printf("%d passed, %d failed\n", passed, failed);
    return failed != 0;
}

#endif

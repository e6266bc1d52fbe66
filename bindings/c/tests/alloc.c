/* Memory that runs out at one allocation after the other, each in a process of its own. There are three ends, and a crash
 * is none of them: the call fails, the library does without, or the process is aborted, as Rust does it.
 * Prints "N passed, M failed" as its last line. */
#define _GNU_SOURCE

#include <trustdir.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *pointer, size_t size);

/* How many allocations may still succeed; those after that one do again. */
static long left = -1;

static int runs_out(void)
{
    return left >= 0 && left-- == 0;
}

void *malloc(size_t size)
{
    return runs_out() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return runs_out() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *pointer, size_t size)
{
    return runs_out() ? NULL : __libc_realloc(pointer, size);
}

static trustdir_identity *identity;
static int failures;

static int ok(trustdir_status status)
{
    failures += status != TRUSTDIR_STATUS_OK && status != TRUSTDIR_STATUS_AGAIN;
    return status == TRUSTDIR_STATUS_OK;
}

static size_t carry(trustdir_connection *from, trustdir_connection *to)
{
    static uint8_t wire[16384];
    size_t count = 0;
    return ok(trustdir_connection_write_tls(from, wire, sizeof wire, &count, NULL)) && count > 0 &&
                   ok(trustdir_connection_read_tls(to, wire, count, NULL))
               ? count
               : 0;
}

/* Makes both ends of a connection, and connects them. */
static void work(void)
{
    trustdir_acceptor_builder *settings = NULL;
    trustdir_acceptor *acceptor = NULL;
    trustdir_connector_builder *trusts = NULL;
    trustdir_connector *connector = NULL;
    trustdir_connection *near = NULL, *far = NULL;
    if (ok(trustdir_acceptor_builder_new(identity, &settings, NULL)) &&
        ok(trustdir_acceptor_builder_build(settings, &acceptor, NULL)) &&
        ok(trustdir_connector_builder_new(&trusts, NULL)) &&
        ok(trustdir_connector_builder_add_pin(trusts, trustdir_identity_certificate(identity, 0), NULL)) &&
        ok(trustdir_connector_builder_build(trusts, &connector, NULL)) &&
        ok(trustdir_connector_connect(connector, "localhost", &near, NULL)) &&
        ok(trustdir_acceptor_accept(acceptor, &far, NULL))) {
        while (carry(near, far) + carry(far, near) > 0)
            ;
        failures += trustdir_connection_is_handshaking(near);
    }
    trustdir_connection_free(near);
    trustdir_connection_free(far);
    trustdir_connector_free(connector);
    trustdir_connector_builder_free(trusts);
    trustdir_acceptor_free(acceptor);
    trustdir_acceptor_builder_free(settings);
}

enum { DONE, FAILED, NEVER };

/* Works with the allocation after `many` failing; the status of the process. */
static int try(long many)
{
    pid_t child = fork();
    if (child == 0) {
        /* Neither what an abort says nor what it leaves is of interest. */
        struct rlimit none = {0, 0};
        setrlimit(RLIMIT_CORE, &none);
        if (freopen("/dev/null", "w", stderr) == NULL)
            _exit(99);
        left = many;
        work();
        _exit(left >= 0 ? NEVER : failures > 0 ? FAILED : DONE);
    }
    int status = 0;
    return child > 0 && waitpid(child, &status, 0) == child ? status : -1;
}

int main(int argc, char **argv)
{
    static const char *const names[] = {"localhost"};
    trustdir_authority *authority;
    if (argc != 2 || trustdir_authority_create(argv[1], NULL, &authority, NULL) != TRUSTDIR_STATUS_OK ||
        trustdir_authority_issue_server(authority, names, 1, NULL, &identity, NULL) != TRUSTDIR_STATUS_OK)
        return 2;
    trustdir_authority_free(authority);
    /* What is made once for the process is made now. */
    work();
    int passed = 0, failed = failures, aborted = 0, status = -1;
    for (long many = 0; status != NEVER << 8 && many < 1000000; many += 1 + many / 24) {
        status = try(many);
        int done = WIFEXITED(status) && WEXITSTATUS(status) <= NEVER;
        int abort = WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
        if (!done && !abort)
            printf("allocation %ld: wait status %d\n", many, status);
        aborted += abort;
        passed += done || abort;
        failed += !done && !abort;
    }
    failed += aborted == 0 || passed < 50 || status != NEVER << 8;
    printf("%d of them aborted\n%d passed, %d failed\n", aborted, passed, failed);
    return failed != 0;
}

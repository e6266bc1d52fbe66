/* Makes a private authority with a server's and a client's files, and a directory that admits the client:
 *
 *   cc -std=c99 examples/make_ca.c -ltrustdir -o make_ca
 *   ./make_ca DIR SERVER-NAME CLIENT-NAME
 *
 * DIR, which must be there, then holds ca (keep it safe; it says which certificate the clients trust), server.pem and
 * server.key, client.pem and client.key, and the directory clients. */
#include <trustdir.h>

#include <stdio.h>

static trustdir_error *error;
static const char *dir;

static bool ok(trustdir_status status)
{
    return status == TRUSTDIR_STATUS_OK;
}

/* The text lasts until the third call after this one. */
static const char *in_dir(const char *name)
{
    static char paths[3][1024];
    static unsigned turn;
    char *path = paths[turn++ % 3];
    snprintf(path, sizeof paths[0], "%s/%s", dir, name);
    return path;
}

/* What is there is never overwritten. */
static bool make_server(const trustdir_authority *authority, const char *name)
{
    trustdir_identity *server = NULL;
    bool made = ok(trustdir_authority_issue_server(authority, &name, 1, NULL, &server, &error)) &&
                ok(trustdir_identity_save(server, in_dir("server.pem"), in_dir("server.key"), NULL, 0, &error));
    trustdir_identity_free(server);
    return made;
}

static bool make_client(const trustdir_authority *authority, const char *name)
{
    trustdir_identity *client = NULL;
    trustdir_directory_options *options = NULL;
    trustdir_directory *clients = NULL;
    bool made = ok(trustdir_authority_issue_client(authority, name, NULL, 0, NULL, &client, &error)) &&
                ok(trustdir_identity_save(client, in_dir("client.pem"), in_dir("client.key"), NULL, 0, &error)) &&
                ok(trustdir_directory_options_new(&options, &error)) &&
                ok(trustdir_directory_options_set_create(options, true, &error)) &&
                ok(trustdir_directory_open_with(in_dir("clients"), options, &clients, &error)) &&
                ok(trustdir_directory_install(clients, trustdir_identity_certificate(client, 0), NULL, &error));
    trustdir_directory_free(clients);
    trustdir_directory_options_free(options);
    trustdir_identity_free(client);
    return made;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: %s DIR SERVER-NAME CLIENT-NAME\n", argv[0]);
        return 2;
    }
    dir = argv[1];
    trustdir_authority *authority = NULL;
    bool made = ok(trustdir_authority_create(in_dir("ca"), NULL, &authority, &error)) &&
                make_server(authority, argv[2]) && make_client(authority, argv[3]);
    if (made)
        printf("clients trust %s\n", trustdir_authority_trust_anchor_path(authority));
    else
        fprintf(stderr, "%s\n", trustdir_error_message(error));
    trustdir_error_free(error);
    trustdir_authority_free(authority);
    return !made;
}

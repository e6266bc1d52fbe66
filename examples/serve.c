/* Serves the clients whose certificates are in a directory, all in one thread around poll(2), and sends each back what
 * it says:
 *
 *   cc -std=c99 examples/serve.c -ltrustdir -o serve
 *   ./serve PORT SERVER.pem SERVER.key CLIENTS-DIR
 *
 * PORT 0 takes a free one; "listening on port N" is the first line. When a client's file goes, so does its connection,
 * also an idle one. */
#define _XOPEN_SOURCE 700

#include <trustdir.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST = 64 };

/* A connection, and what it has to send that the socket has not taken yet. */
typedef struct {
    int socket;
    trustdir_connection *connection;
    bool ending;
    uint8_t wire[16384];
    size_t from, to;
} client;

static trustdir_error *error;
static client *clients[MOST];

static void say(const char *what, const char *detail)
{
    printf("%s: %s\n", what, detail);
    fflush(stdout);
}

/* A failed connection still has to tell its peer, by what is sent last. */
static bool good(client *one, trustdir_status status)
{
    if (status == TRUSTDIR_STATUS_OK || status == TRUSTDIR_STATUS_AGAIN)
        return true;
    say("ended", trustdir_error_message(error));
    trustdir_error_free(error);
    error = NULL;
    one->ending = true;
    return false;
}

/* Whether the last call on a socket is to be made again, when poll says so. */
static bool later(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

/* Sends what waits; false when the socket is done with. */
static bool send_waiting(client *one)
{
    for (;;) {
        if (one->from == one->to) {
            one->from = 0;
            if (trustdir_connection_write_tls(one->connection, one->wire, sizeof one->wire, &one->to, NULL) !=
                    TRUSTDIR_STATUS_OK ||
                one->to == 0)
                return !one->ending;
        }
        ssize_t sent = send(one->socket, one->wire + one->from, one->to - one->from, 0);
        if (sent < 0)
            return later() && !one->ending; /* who does not take the end as it comes misses it */
        one->from += (size_t)sent;
    }
}

static void take_arrived(client *one)
{
    uint8_t wire[16384];
    ssize_t count = recv(one->socket, wire, sizeof wire, 0);
    if (count < 0 && later())
        return;
    good(one, count > 0 ? trustdir_connection_read_tls(one->connection, wire, (size_t)count, &error)
                        : trustdir_connection_received_eof(one->connection, &error));
}

/* Sends back what was said, a piece at a time: whoever does not listen is not read from either. False when the socket is
 * done with. */
static bool answer(client *one)
{
    uint8_t text[4096];
    size_t count = 0, taken;
    for (;;) {
        bool open = send_waiting(one);
        if (!open || one->from < one->to)
            return open;
        trustdir_status status = trustdir_connection_read(one->connection, text, sizeof text, &count, &error);
        if (status == TRUSTDIR_STATUS_AGAIN)
            return true;
        if (!good(one, status))
            continue; /* what it tells its peer is sent yet */
        if (count == 0) {
            good(one, trustdir_connection_close_notify(one->connection, &error));
            one->ending = true;
        } else {
            /* All of it: nothing waits to be sent, and a piece is smaller than what may. */
            good(one, trustdir_connection_write(one->connection, text, count, &taken, &error));
        }
    }
}

static void end(client **slot)
{
    close((*slot)->socket);
    trustdir_connection_free((*slot)->connection);
    free(*slot);
    *slot = NULL;
}

/* Whatever poll said about a client, and whether its time is over. */
static void attend(client **slot, int events)
{
    client *one = *slot;
    bool handshaking = trustdir_connection_is_handshaking(one->connection);
    if (events & (POLLIN | POLLHUP | POLLERR))
        take_arrived(one);
    if (trustdir_connection_deadline(one->connection) == 0)
        good(one, trustdir_connection_expire(one->connection, &error));
    if (handshaking && !one->ending && !trustdir_connection_is_handshaking(one->connection))
        say("admitted", trustdir_decision_subject(trustdir_connection_decision(one->connection)));
    if (!answer(one))
        end(slot);
}

static void welcome(const trustdir_acceptor *acceptor, int listener)
{
    int socket_fd = accept(listener, NULL, NULL);
    client **slot = clients;
    while (slot < clients + MOST && *slot != NULL)
        slot++;
    client *one = socket_fd >= 0 && slot < clients + MOST ? calloc(1, sizeof *one) : NULL;
    if (one == NULL || fcntl(socket_fd, F_SETFL, O_NONBLOCK) != 0 ||
        trustdir_acceptor_accept(acceptor, &one->connection, NULL) != TRUSTDIR_STATUS_OK) {
        if (socket_fd >= 0)
            close(socket_fd);
        free(one);
        return;
    }
    one->socket = socket_fd;
    *slot = one;
}

/* Somebody's file has gone: whose connection stands on it learns it now, not with its next byte. */
static void removed(trustdir_removals *removals)
{
    while (trustdir_removals_next(removals))
        say("removed", trustdir_removals_file(removals));
    (void)trustdir_removals_missed(removals);
    for (int i = 0; i < MOST; i++) {
        if (clients[i] != NULL && trustdir_connection_is_revoked(clients[i]->connection)) {
            good(clients[i], trustdir_connection_recheck(clients[i]->connection, &error));
            if (!send_waiting(clients[i]))
                end(&clients[i]);
        }
    }
}

static void serve(const trustdir_acceptor *acceptor, trustdir_removals *removals, int listener)
{
    for (;;) {
        struct pollfd watched[MOST + 2] = {{listener, POLLIN, 0}, {trustdir_removals_fd(removals), POLLIN, 0}};
        int64_t patience = 60000;
        for (int i = 0; i < MOST; i++) {
            client *one = clients[i];
            int64_t left = one != NULL ? trustdir_connection_deadline(one->connection) : -1;
            bool waits = one != NULL && one->from < one->to;
            watched[i + 2] = (struct pollfd){one != NULL ? one->socket : -1, waits ? POLLOUT : POLLIN, 0};
            if (left >= 0 && left < patience)
                patience = left;
        }
        if (poll(watched, MOST + 2, (int)patience) < 0 && errno != EINTR)
            return;
        for (int i = 0; i < MOST; i++) {
            if (clients[i] != NULL)
                attend(&clients[i], watched[i + 2].revents);
        }
        if (watched[1].revents != 0)
            removed(removals);
        if (watched[0].revents != 0)
            welcome(acceptor, listener);
    }
}

/* Any failure means that nobody is listened to. */
static trustdir_status prepare(char **files, trustdir_acceptor **acceptor, trustdir_removals **removals)
{
    trustdir_identity *own = NULL;
    trustdir_directory *directory = NULL;
    trustdir_acceptor_builder *builder = NULL;
    trustdir_status status = trustdir_identity_load(files[0], files[1], NULL, 0, &own, &error);
    if (status == TRUSTDIR_STATUS_OK)
        status = trustdir_directory_open(files[2], TRUSTDIR_ENTRY_NAMES_ANY, &directory, &error);
    if (status == TRUSTDIR_STATUS_OK)
        status = trustdir_directory_removals(directory, removals, &error);
    if (status == TRUSTDIR_STATUS_OK)
        status = trustdir_acceptor_builder_new(own, &builder, &error);
    if (status == TRUSTDIR_STATUS_OK)
        status = trustdir_acceptor_builder_set_directory(builder, directory, &error);
    if (status == TRUSTDIR_STATUS_OK)
        status = trustdir_acceptor_builder_build(builder, acceptor, &error);
    trustdir_acceptor_builder_free(builder);
    trustdir_directory_free(directory);
    trustdir_identity_free(own);
    return status;
}

static int listening(const char *port)
{
    struct sockaddr_in address;
    socklen_t len = sizeof address;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((uint16_t)atoi(port));
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    /* Who has gone before being accepted is not waited for. */
    if (listener < 0 || fcntl(listener, F_SETFL, O_NONBLOCK) != 0 ||
        bind(listener, (struct sockaddr *)&address, len) != 0 || listen(listener, 16) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &len) != 0)
        return -1;
    printf("listening on port %d\n", ntohs(address.sin_port));
    fflush(stdout);
    return listener;
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: %s PORT SERVER.pem SERVER.key CLIENTS-DIR\n", argv[0]);
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    trustdir_acceptor *acceptor = NULL;
    trustdir_removals *removals = NULL;
    if (prepare(argv + 2, &acceptor, &removals) != TRUSTDIR_STATUS_OK) {
        fprintf(stderr, "%s\n", trustdir_error_message(error));
        return 1;
    }
    int listener = listening(argv[1]);
    if (listener < 0) {
        perror(argv[1]);
        return 1;
    }
    serve(acceptor, removals, listener);
    return 1;
}

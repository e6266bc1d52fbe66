/* Calls a TLS server and trusts it by its pinned certificate, over a blocking socket and poll(2):
 *
 *   cc -std=c99 examples/call.c -ltrustdir -o call
 *   echo hello | ./call HOST PORT SERVER.pem [CERTIFICATE.pem KEY.pem]
 *
 * Standard input goes to the server, and what the server sends to standard output. CERTIFICATE.pem and KEY.pem are
 * shown to a server that asks who calls. */
#define _XOPEN_SOURCE 700

#include <trustdir.h>

#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static trustdir_error *error;

/* Sends what waits; false when the server takes no more. */
static bool send_waiting(trustdir_connection *connection, int socket)
{
    uint8_t wire[16384];
    size_t count;
    while (trustdir_connection_write_tls(connection, wire, sizeof wire, &count, NULL) == TRUSTDIR_STATUS_OK &&
           count > 0) {
        ssize_t sent = 0;
        for (size_t done = 0; done < count; done += (size_t)sent) {
            sent = send(socket, wire + done, count - done, 0);
            if (sent < 0)
                return false;
        }
    }
    return true;
}

/* Takes what has arrived. */
static trustdir_status receive(trustdir_connection *connection, int socket)
{
    uint8_t wire[16384];
    ssize_t count = recv(socket, wire, sizeof wire, 0);
    /* A reset is an end too, and no proper one. */
    if (count <= 0)
        return trustdir_connection_received_eof(connection, &error);
    return trustdir_connection_read_tls(connection, wire, (size_t)count, &error);
}

/* Prints what the server has said; `*closed` when that was all. */
static trustdir_status print(trustdir_connection *connection, bool *closed)
{
    for (;;) {
        uint8_t text[4096];
        size_t count;
        trustdir_status status = trustdir_connection_read(connection, text, sizeof text, &count, &error);
        if (status != TRUSTDIR_STATUS_OK)
            return status == TRUSTDIR_STATUS_AGAIN ? TRUSTDIR_STATUS_OK : status;
        *closed = count == 0;
        if (*closed || fwrite(text, 1, count, stdout) != count || fflush(stdout) != 0)
            return TRUSTDIR_STATUS_OK;
    }
}

/* Gives the server a piece of standard input, and a goodbye after the last one. */
static trustdir_status speak(trustdir_connection *connection, bool *more)
{
    uint8_t text[4096];
    ssize_t count = read(STDIN_FILENO, text, sizeof text);
    *more = count > 0;
    if (!*more)
        return trustdir_connection_close_notify(connection, &error);
    size_t taken;
    /* All of it: nothing waits to be sent, and a piece is smaller than what may. */
    return trustdir_connection_write(connection, text, (size_t)count, &taken, &error);
}

/* The whole call, until either side has ended it. */
static trustdir_status converse(trustdir_connection *connection, int socket)
{
    trustdir_status status = TRUSTDIR_STATUS_OK;
    bool more = true, closed = false;
    while (status == TRUSTDIR_STATUS_OK && !closed && send_waiting(connection, socket)) {
        bool ready = !trustdir_connection_is_handshaking(connection);
        struct pollfd watched[] = {{socket, POLLIN, 0}, {ready && more ? STDIN_FILENO : -1, POLLIN, 0}};
        /* -1 when the handshake is over: then there is no hurry. */
        int64_t left = trustdir_connection_deadline(connection);
        poll(watched, 2, (int)(left < 60000 ? left : 60000));
        if (watched[0].revents != 0)
            status = receive(connection, socket);
        else if (watched[1].revents != 0)
            status = speak(connection, &more);
        else
            status = trustdir_connection_expire(connection, &error);
        if (status == TRUSTDIR_STATUS_OK)
            status = print(connection, &closed);
    }
    /* The goodbye, or the alert that tells the server what was wrong with it. */
    send_waiting(connection, socket);
    return status;
}

static int connected(const char *host, const char *port)
{
    struct addrinfo hints, *found;
    memset(&hints, 0, sizeof hints);
    hints.ai_socktype = SOCK_STREAM;
    if (getaddrinfo(host, port, &hints, &found) != 0)
        return -1;
    int socket_fd = -1;
    for (struct addrinfo *each = found; each != NULL && socket_fd < 0; each = each->ai_next) {
        socket_fd = socket(each->ai_family, each->ai_socktype, each->ai_protocol);
        if (socket_fd >= 0 && connect(socket_fd, each->ai_addr, each->ai_addrlen) != 0) {
            close(socket_fd);
            socket_fd = -1;
        }
    }
    freeaddrinfo(found);
    return socket_fd;
}

/* Each step frees what the one before has made: what is built keeps alive what it needs. */
static trustdir_status connector(char **files, trustdir_connector **made)
{
    trustdir_connector_builder *builder = NULL;
    trustdir_certificate *pin = NULL;
    trustdir_identity *own = NULL;
    trustdir_status status = trustdir_connector_builder_new(&builder, &error);
    if (status == TRUSTDIR_STATUS_OK)
        status = trustdir_certificate_load(files[0], &pin, &error);
    if (status == TRUSTDIR_STATUS_OK)
        status = trustdir_connector_builder_add_pin(builder, pin, &error);
    if (status == TRUSTDIR_STATUS_OK && files[1] != NULL)
        status = trustdir_identity_load(files[1], files[2], NULL, 0, &own, &error);
    if (status == TRUSTDIR_STATUS_OK && own != NULL)
        status = trustdir_connector_builder_set_identity(builder, own, &error);
    if (status == TRUSTDIR_STATUS_OK)
        status = trustdir_connector_builder_build(builder, made, &error);
    trustdir_identity_free(own);
    trustdir_certificate_free(pin);
    trustdir_connector_builder_free(builder);
    return status;
}

int main(int argc, char **argv)
{
    if (argc != 4 && argc != 6) {
        fprintf(stderr, "usage: %s HOST PORT SERVER.pem [CERTIFICATE.pem KEY.pem]\n", argv[0]);
        return 2;
    }
    /* A server that goes away ends the call, not the program. */
    signal(SIGPIPE, SIG_IGN);
    trustdir_connector *servers = NULL;
    trustdir_connection *connection = NULL;
    trustdir_status status = connector(argv + 3, &servers);
    if (status == TRUSTDIR_STATUS_OK)
        status = trustdir_connector_connect(servers, argv[1], &connection, &error);
    trustdir_connector_free(servers);
    int socket_fd = status == TRUSTDIR_STATUS_OK ? connected(argv[1], argv[2]) : -1;
    if (socket_fd >= 0) {
        status = converse(connection, socket_fd);
        close(socket_fd);
    } else if (status == TRUSTDIR_STATUS_OK) {
        fprintf(stderr, "%s port %s cannot be reached\n", argv[1], argv[2]);
        status = TRUSTDIR_STATUS_IO;
    }
    if (error != NULL)
        fprintf(stderr, "%s\n", trustdir_error_message(error));
    trustdir_error_free(error);
    trustdir_connection_free(connection);
    return status != TRUSTDIR_STATUS_OK;
}

/* Second part of the program that tests/garbage.rs writes: arguments as no caller means them, by the dice. */

static uint64_t dice;

static size_t below(size_t limit)
{
    dice ^= dice << 13;
    dice ^= dice >> 7;
    dice ^= dice << 17;
    return (size_t)(dice % limit);
}

#define ONE_OF(array) (array)[below(sizeof(array) / sizeof(array)[0])]
/* Now and then there is no object. */
#define SOME(handle) (below(16) == 0 ? NULL : (handle))

/* What the readers read when it is whole. */
static trustdir_slice whole[10];

static trustdir_slice buffer_slice(const trustdir_buffer *buffer)
{
    return (trustdir_slice){trustdir_buffer_data(buffer), trustdir_buffer_len(buffer)};
}

static trustdir_slice text_slice(const char *text)
{
    return (trustdir_slice){(const uint8_t *)text, strlen(text)};
}

/* Nothing, noise, or a thing that was cut short or altered. */
static trustdir_slice some_bytes(void)
{
    static uint8_t rooms[8][16384];
    static unsigned turn;
    uint8_t *room = rooms[turn++ % 8];
    if (below(8) == 0)
        return (trustdir_slice){NULL, below(2)};
    if (below(4) == 0) {
        size_t len = below(200);
        for (size_t i = 0; i < len; i++)
            room[i] = (uint8_t)below(256);
        return (trustdir_slice){room, len};
    }
    trustdir_slice thing = ONE_OF(whole);
    if (thing.len > sizeof rooms[0])
        exit(2);
    memcpy(room, thing.data, thing.len);
    for (size_t i = below(4); i > 0; i--)
        room[below(thing.len)] = (uint8_t)below(256);
    return (trustdir_slice){room, below(3) == 0 ? below(thing.len) : thing.len};
}

static const char *some_text(void)
{
    static char long_text[5001];
    static const char *const texts[] = {
        "", "alice", "CN=alice", "CN=alice,CN", "O=\"", "\\", "\xff\xfe", "a\nb", "*.example.org", "192.0.2.1", "::1/129", "DNS:",
        "email:@", "URI:", "DNS:b\xc3\xbc", "localhost", "https://a:0", "h2", "00", "trustdir.toml", "../..", "localhost:443",
        "99999999999999999999", long_text,
    };
    memset(long_text, 'a', sizeof long_text - 1);
    return ONE_OF(texts);
}

static const char *some_path(void)
{
    static char long_name[301];
    static const char *const names[] = {"", "nothing", "no/thing", "clients", "ca", "\xff", "a\nb", "garbage", long_name};
    memset(long_name, 'a', sizeof long_name - 1);
    const char *name = ONE_OF(names);
    if (strcmp(name, "garbage") == 0) {
        trustdir_slice bytes = some_bytes();
        FILE *file = fopen(in_dir(name), "wb");
        if (file == NULL || fwrite(bytes.data ? bytes.data : the_bytes, 1, bytes.len, file) != bytes.len || fclose(file) != 0)
            exit(2);
    }
    return in_dir(name);
}

static const char *const *some_names(void)
{
    static const char *lists[2][4];
    static unsigned turn;
    const char **list = lists[turn++ % 2];
    for (size_t i = 0; i < 4; i++)
        list[i] = below(16) == 0 ? NULL : some_text();
    return list;
}

static const trustdir_slice *some_slices(void)
{
    static trustdir_slice list[4];
    for (size_t i = 0; i < 4; i++)
        list[i] = i == 2 ? the_slice[0] : some_bytes();
    return list;
}

static int64_t some_number(void)
{
    /* Not the numbers of RSA keys, which take a second to make. */
    static const int64_t numbers[] = {INT64_MIN, INT32_MIN,  -1,        0,           1,        2,
                                      3,         99,         INT32_MAX, UINT32_MAX,  SIZE_MAX, 1700000000,
                                      16389,     4294967297, INT64_MAX, 253402300800};
    return ONE_OF(numbers);
}

static trustdir_slice read_file(const char *path)
{
    static uint8_t room[4096];
    FILE *file = fopen(path, "rb");
    size_t len = file == NULL ? 0 : fread(room, 1, sizeof room, file);
    if (len == 0 || len == sizeof room || fclose(file) != 0)
        exit(2);
    return (trustdir_slice){room, len};
}

static void make_garbage(const char *seed)
{
    static trustdir_buffer *key, *archive, *list;
    dice = strtoull(seed, NULL, 10);
    must(trustdir_key_to_der(the_key, TRUSTDIR_KEY_DERIVATION_PBKDF2, NULL, 0, &key, &error));
    must(trustdir_identity_to_pkcs12(the_identity, "secret", NULL, &archive, &error));
    must(trustdir_authority_crl(the_authority, 30, &list, &error));
    trustdir_slice things[] = {
        trustdir_certificate_der(the_certificate),
        text_slice(trustdir_certificate_pem(the_certificate)),
        trustdir_request_der(the_request),
        text_slice(trustdir_request_pem(the_request)),
        buffer_slice(the_buffer),
        buffer_slice(key),
        buffer_slice(archive),
        text_slice(trustdir_identity_chain_pem(the_identity)),
        read_file((const char *)trustdir_buffer_data(list)),
        text_slice("[secure]\nenable = true\nserver_cert_path = 'c'\nserver_key_path = 'k'\n"),
    };
    memcpy(whole, things, sizeof whole);
    for (size_t i = 0; i < 4; i++) {
        certificate_list[i] = i == 3 ? NULL : the_certificate;
        identity_list[i] = i == 3 ? NULL : the_identity;
    }
}

/* A failure has its error, in one line, and hands nothing out. */
static void judge(trustdir_status status, bool hands_out, const char *what)
{
    bool done = status == TRUSTDIR_STATUS_OK || status == TRUSTDIR_STATUS_AGAIN;
    const char *message = trustdir_error_message(error);
    expect(status != TRUSTDIR_STATUS_PANIC, what);
    expect((error == NULL) == done && trustdir_error_status(error) == (done ? TRUSTDIR_STATUS_OK : status), what);
    expect(done ? !hands_out || status == TRUSTDIR_STATUS_OK : !hands_out && *message != 0, what);
    expect(strchr(message, '\n') == NULL, what);
    trustdir_error_free(error);
    error = NULL;
}

/* What is handed out can be read to its end. */
static void read_text(const char *text)
{
    passed += text == NULL || strlen(text) < SIZE_MAX;
}

static void read_slice(trustdir_slice slice)
{
    passed += slice.len == 0 || slice.data[0] + slice.data[slice.len - 1] >= 0;
}

/* A connection that has failed answers everything with that, so each round has its own. */
static void begin_round(void)
{
    trustdir_connection_free(the_connection);
    must(trustdir_acceptor_accept(the_acceptor, &the_connection, &error));
}

/*
 * What OpenSSL does with certificates, names and directories of certificates: the other side of
 * tests/openssl_directories.rs.
 *
 *   conformance pool DIR    makes the certificates below as DIR/LABEL.der, and DIR/key.pem
 *   conformance verify FILE reads "directory<TAB>certificate.der" lines, and for each makes a fresh SSL_CTX with the
 *                           directory as CApath and verifies the certificate as a TLS client's. Prints "0 LENGTH",
 *                           the length of the chain, or the error's number and its text.
 *   conformance names FILE  reads names in DER, each after two bytes of length. Prints the new and the old hash, or
 *                           "refused".
 */

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(int works, const char *what)
{
    if (!works) {
        fprintf(stderr, "%s\n", what);
        ERR_print_errors_fp(stderr);
        exit(1);
    }
}

enum key { P256, P256_OTHER, P256_CA, RSA1024, RSA2048, ED25519, ED448, SECP256K1, KEYS };

/* How a certificate differs from what `openssl req -x509` makes. */
struct certificate {
    const char *label;
    const char *name;       /* the common name; NULL is the empty subject */
    int type;               /* the common name's string type, V_ASN1_UTF8STRING when 0 */
    enum key key;
    const char *issuer;     /* the label of the certificate that signs, NULL: itself */
    int from, to;           /* days from now; 0, 0 is a year */
    int v1;
    const char *extensions; /* NID=value lines, ';' between them; NULL: CA:TRUE and the key identifiers */
};

static const struct certificate POOL[] = {
    { "a1", "rpc.user.10866", .key = P256 },
    { "a2", "rpc.user.28632", .key = P256 },
    { "b1", "rpc.user.23010", .key = P256 },
    { "b2", "rpc.user.50887", .key = P256, .extensions = "basicConstraints=critical,CA:FALSE" },
    { "c1", "rpc.user.18673", .key = P256, .extensions = "" },
    { "c2", "rpc.user.100150", .key = P256 },
    { "other-key", "rpc.user.10866", .key = P256_OTHER },
    { "printable", "RPC.User.10866", .type = V_ASN1_PRINTABLESTRING, .key = P256 },
    { "blanks", "  rpc.user.10866 ", .key = P256 },
    { "utf8", "\xc3\xa9", .key = P256 },
    { "latin1", "\xe9", .type = V_ASN1_T61STRING, .key = P256 },
    { "bmp", "\0\xe9", .type = V_ASN1_BMPSTRING, .key = P256 },
    { "empty-subject", NULL, .key = P256 },
    { "v1", "v1", .key = P256, .v1 = 1 },
    { "rsa2048", "rsa", .key = RSA2048 },
    { "rsa1024", "rsa", .key = RSA1024 },
    { "ed25519", "ed", .key = ED25519 },
    { "ed448", "ed", .key = ED448 },
    { "secp256k1", "k1", .key = SECP256K1 },
    { "expired", "rpc.user.28632", .key = P256, .from = -20, .to = -10 },
    { "future", "rpc.user.28632", .key = P256, .from = 10, .to = 20 },
    { "client", "eku", .key = P256, .extensions = "basicConstraints=CA:FALSE;extendedKeyUsage=clientAuth" },
    { "server", "eku", .key = P256, .extensions = "basicConstraints=CA:FALSE;extendedKeyUsage=serverAuth" },
    { "any", "eku", .key = P256, .extensions = "extendedKeyUsage=anyExtendedKeyUsage" },
    { "signs", "ku", .key = P256, .extensions = "basicConstraints=CA:TRUE;keyUsage=critical,keyCertSign" },
    { "digital", "ku", .key = P256, .extensions = "basicConstraints=CA:FALSE;keyUsage=digitalSignature" },
    { "netscape", "ns", .key = P256, .extensions = "nsCertType=server" },
    { "critical", "critical", .key = P256, .extensions = "1.2.3.4=critical,DER:0500" },
    { "ca", "Example CA", .key = P256_CA },
    { "issued", "issued", .key = P256, .issuer = "ca", .extensions = "basicConstraints=CA:FALSE" },
    { "minted", "minted", .key = P256_OTHER, .issuer = "a1", .extensions = "basicConstraints=CA:FALSE" },
    { "minted-namesake", "rpc.user.28632", .key = P256_OTHER, .issuer = "a1", .extensions = "" },
    { "minted-by-end", "minted", .key = P256_OTHER, .issuer = "b2", .extensions = "" },
    { "stranger", "nobody", .key = P256 },
};

#define POOL_SIZE (sizeof POOL / sizeof *POOL)

static EVP_PKEY *make_key(enum key key)
{
    switch (key) {
    case RSA1024: return EVP_RSA_gen(1024);
    case RSA2048: return EVP_RSA_gen(2048);
    case ED25519: return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    case ED448: return EVP_PKEY_Q_keygen(NULL, NULL, "ED448");
    case SECP256K1: return EVP_EC_gen("secp256k1");
    default: return EVP_EC_gen("P-256");
    }
}

static void add_extensions(X509 *x509, X509 *issuer, const char *extensions)
{
    char copy[256], *rest = copy, *line;
    X509V3_CTX context;

    X509V3_set_ctx(&context, issuer, x509, NULL, NULL, 0);
    snprintf(copy, sizeof copy, "%s", extensions);
    while (*rest != '\0' && (line = strsep(&rest, ";")) != NULL) {
        char *value = strchr(line, '=');
        X509_EXTENSION *extension;

        *value++ = '\0';
        extension = X509V3_EXT_nconf(NULL, &context, line, value);
        must(extension != NULL && X509_add_ext(x509, extension, -1), line);
        X509_EXTENSION_free(extension);
        if (rest == NULL)
            break;
    }
}

static X509 *make_certificate(const struct certificate *as, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key)
{
    static long serial = 1;
    X509 *x509 = X509_new();
    X509_NAME *name = X509_get_subject_name(x509);
    const EVP_MD *digest = as->issuer == NULL && (as->key == ED25519 || as->key == ED448) ? NULL : EVP_sha256();
    const char *default_extensions = "subjectKeyIdentifier=hash;authorityKeyIdentifier=keyid:always;basicConstraints=critical,CA:TRUE";

    if (as->name != NULL) {
        int type = as->type ? as->type : V_ASN1_UTF8STRING;
        int length = type == V_ASN1_BMPSTRING ? 2 : (int)strlen(as->name);
        must(X509_NAME_add_entry_by_NID(name, NID_commonName, type, (const unsigned char *)as->name, length, -1, 0), as->label);
    }
    must(X509_set_version(x509, as->v1 ? X509_VERSION_1 : X509_VERSION_3), as->label);
    ASN1_INTEGER_set(X509_get_serialNumber(x509), serial++);
    X509_time_adj_ex(X509_getm_notBefore(x509), as->from, as->from || as->to ? 0 : -60, NULL);
    X509_time_adj_ex(X509_getm_notAfter(x509), as->from || as->to ? as->to : 365, 0, NULL);
    must(X509_set_pubkey(x509, key), as->label);
    if (issuer == NULL)
        issuer = x509;
    must(X509_set_issuer_name(x509, X509_get_subject_name(issuer)), as->label);
    if (!as->v1)
        add_extensions(x509, issuer, as->extensions ? as->extensions : default_extensions);
    must(X509_sign(x509, issuer_key, digest), as->label);
    return x509;
}

static void write_file(const char *dir, const char *label, X509 *x509)
{
    char path[4096];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s.der", dir, label);
    file = fopen(path, "wb");
    must(file != NULL && i2d_X509_fp(file, x509), path);
    fclose(file);
}

static int pool(const char *dir)
{
    EVP_PKEY *keys[KEYS];
    X509 *made[POOL_SIZE];
    char path[4096];
    FILE *file;
    size_t at;

    for (at = 0; at < KEYS; at++)
        must((keys[at] = make_key((enum key)at)) != NULL, "a key");
    for (at = 0; at < POOL_SIZE; at++) {
        const struct certificate *as = &POOL[at];
        X509 *issuer = NULL;
        EVP_PKEY *issuer_key = keys[as->key];
        size_t above;

        for (above = 0; as->issuer != NULL && above < at; above++)
            if (strcmp(POOL[above].label, as->issuer) == 0) {
                issuer = made[above];
                issuer_key = keys[POOL[above].key];
            }
        made[at] = make_certificate(as, keys[as->key], issuer, issuer_key);
        write_file(dir, as->label, made[at]);
    }
    snprintf(path, sizeof path, "%s/key.pem", dir);
    file = fopen(path, "w");
    must(file != NULL && PEM_write_PrivateKey(file, keys[P256], NULL, NULL, 0, NULL, NULL), path);
    fclose(file);
    return 0;
}

static X509 *read_certificate(const char *path)
{
    FILE *file = fopen(path, "rb");
    X509 *x509;

    must(file != NULL, path);
    x509 = d2i_X509_fp(file, NULL);
    fclose(file);
    return x509;
}

/* As ssl_verify_cert_chain() does for a server that asks for a client's certificate. */
static void verify(const char *dir, X509 *x509)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    X509_STORE_CTX *store = X509_STORE_CTX_new();
    X509_VERIFY_PARAM *param;
    STACK_OF(X509) *sent = sk_X509_new_null();

    sk_X509_push(sent, x509);
    must(SSL_CTX_load_verify_locations(context, NULL, dir), dir);
    must(X509_STORE_CTX_init(store, SSL_CTX_get_cert_store(context), x509, sent), "the store");
    param = X509_STORE_CTX_get0_param(store);
    X509_VERIFY_PARAM_set_auth_level(param, SSL_CTX_get_security_level(context));
    must(X509_STORE_CTX_set_default(store, "ssl_client"), "the purpose");
    X509_VERIFY_PARAM_set1(param, SSL_CTX_get0_param(context));
    if (X509_verify_cert(store) == 1) {
        printf("0 %d\n", sk_X509_num(X509_STORE_CTX_get0_chain(store)));
    } else {
        int error = X509_STORE_CTX_get_error(store);
        printf("%d %s\n", error, X509_verify_cert_error_string(error));
    }
    ERR_clear_error();
    sk_X509_free(sent);
    X509_STORE_CTX_free(store);
    SSL_CTX_free(context);
}

static int verify_all(const char *path)
{
    FILE *file = fopen(path, "r");
    char line[8192];

    must(file != NULL, path);
    while (fgets(line, sizeof line, file) != NULL) {
        char *certificate = strchr(line, '\t');
        X509 *x509;

        must(certificate != NULL, line);
        *certificate++ = '\0';
        certificate[strcspn(certificate, "\n")] = '\0';
        x509 = read_certificate(certificate);
        if (x509 != NULL)
            verify(line, x509);
        else
            puts("-1 this is no certificate");
        X509_free(x509);
    }
    fclose(file);
    return 0;
}

static int names(const char *path)
{
    FILE *file = fopen(path, "rb");
    unsigned char size[2], der[65536];

    must(file != NULL, path);
    while (fread(size, 1, 2, file) == 2) {
        size_t length = (size_t)size[0] << 8 | size[1];
        const unsigned char *end = der;
        X509_NAME *name;

        must(fread(der, 1, length, file) == length, "a name");
        name = d2i_X509_NAME(NULL, &end, (long)length);
        if (name != NULL && end == der + length)
            printf("%08lx %08lx\n", X509_NAME_hash_ex(name, NULL, NULL, NULL), X509_NAME_hash_old(name));
        else
            puts("refused");
        ERR_clear_error();
        X509_NAME_free(name);
    }
    fclose(file);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "pool") == 0)
        return pool(argv[2]);
    if (argc == 3 && strcmp(argv[1], "verify") == 0)
        return verify_all(argv[2]);
    if (argc == 3 && strcmp(argv[1], "names") == 0)
        return names(argv[2]);
    fprintf(stderr, "usage: conformance pool DIR | verify FILE | names FILE\n");
    return 2;
}

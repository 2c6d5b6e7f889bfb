/* Certificates for the servers of the wire tests of net. */
#ifndef NET_IDENTITY_H
#define NET_IDENTITY_H

#include <check.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A server's own certificate, made on the spot. */
struct identity {
    EVP_PKEY *key;
    X509 *cert;
    SSL_CTX *ctx;
    char file[40]; /* the certificate as PEM */
    bool offered_h2;
};

static inline int on_alpn(SSL *ssl, const unsigned char **out, unsigned char *n, const unsigned char *in,
                          unsigned in_n, void *ctx)
{
    struct identity *id = ctx;
    (void)ssl, (void)out, (void)n;
    for (unsigned i = 0; i < in_n; i += 1u + in[i])
        id->offered_h2 |= in[i] == 2 && memcmp(in + i + 1, "h2", 2) == 0;
    return SSL_TLSEXT_ERR_NOACK;
}

static inline void identity_init(struct identity *id, const char *names)
{
    memset(id, 0, sizeof(*id));
    id->key = EVP_EC_gen("P-256");
    id->cert = X509_new();
    X509_set_version(id->cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(id->cert), 1);
    X509_gmtime_adj(X509_getm_notBefore(id->cert), -3600);
    X509_gmtime_adj(X509_getm_notAfter(id->cert), 3600);
    X509_set_pubkey(id->cert, id->key);
    X509_NAME *name = X509_get_subject_name(id->cert);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"test", -1, -1, 0);
    X509_set_issuer_name(id->cert, name);
    X509_EXTENSION *alt = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, names);
    ck_assert_ptr_nonnull(alt);
    X509_add_ext(id->cert, alt, -1);
    X509_EXTENSION_free(alt);
    ck_assert(X509_sign(id->cert, id->key, EVP_sha256()) > 0);
    id->ctx = SSL_CTX_new(TLS_server_method());
    ck_assert_int_eq(SSL_CTX_use_certificate(id->ctx, id->cert), 1);
    ck_assert_int_eq(SSL_CTX_use_PrivateKey(id->ctx, id->key), 1);
    SSL_CTX_set_alpn_select_cb(id->ctx, on_alpn, id);
    snprintf(id->file, sizeof(id->file), "%s", "/tmp/rollcall-ca-XXXXXX");
    int fd = mkstemp(id->file);
    FILE *f = fdopen(fd, "w");
    ck_assert_int_eq(PEM_write_X509(f, id->cert), 1);
    fclose(f);
}

static inline void identity_deinit(struct identity *id)
{
    unlink(id->file);
    SSL_CTX_free(id->ctx);
    X509_free(id->cert);
    EVP_PKEY_free(id->key);
}

#endif

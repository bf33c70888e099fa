#pragma once
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

/// SSL_CTX_set_min_proto_version: refuses protocol versions below `version`.
static inline int openssl_set_minimum_version(SSL_CTX *context, int version) {
  return (int)SSL_CTX_set_min_proto_version(context, version);
}

/// SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION, constants that are casts and so not seen by Swift.
static inline void openssl_forbid_renegotiation_and_compression(SSL_CTX *context) {
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
}

/// SSL_CTX_set_mode: adds mode bits.
static inline void openssl_add_mode(SSL_CTX *context, long mode) { SSL_CTX_set_mode(context, mode); }

/// SSL_CTX_set_session_cache_mode(SSL_SESS_CACHE_OFF).
static inline void openssl_disable_session_cache(SSL_CTX *context) {
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
}

/// SSL_CTX_add1_chain_cert: appends an intermediate, taking a reference of its own.
static inline int openssl_add_chain_certificate(SSL_CTX *context, X509 *certificate) {
  return (int)SSL_CTX_add1_chain_cert(context, certificate);
}

/// SSL_set_tlsext_host_name: the name sent as SNI.
static inline int openssl_set_server_name(SSL *session, const char *name) {
  return (int)SSL_set_tlsext_host_name(session, name);
}

/// BIO_set_mem_eof_return: what an empty memory BIO reports; -1 means "try again", not end of file.
static inline void openssl_set_empty_result(BIO *memory, int result) { BIO_set_mem_eof_return(memory, result); }

/// BIO_get_mem_data: lends the bytes a memory BIO holds.
static inline long openssl_memory(BIO *memory, char **bytes) { return BIO_get_mem_data(memory, bytes); }

/// EVP_RSA_gen: a new RSA key of `bits`.
static inline EVP_PKEY *openssl_generate_rsa(size_t bits) { return EVP_RSA_gen(bits); }

/// EVP_EC_gen: a new key on the curve `name`.
static inline EVP_PKEY *openssl_generate_ec(const char *name) { return EVP_EC_gen(name); }

/// X509V3_set_ctx with the flags and requests that we never use.
static inline void openssl_set_extension_context(X509V3_CTX *context, X509 *issuer, X509 *subject) {
  X509V3_set_ctx(context, issuer, subject, NULL, NULL, 0);
}

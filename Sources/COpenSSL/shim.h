#pragma once
// The plain-struct hash states are deprecated in OpenSSL 3 in favour of heap handles; as structs they are Swift
// values that copy for the price of a memcpy, which is what a cached HMAC key needs.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/ripemd.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/err.h>

/* SHA-256 (FIPS 180-4): names content in the trust store and in the door's intent journal, where a
 * chosen collision must not matter. Pure functions, any thread. */
#ifndef BYLAW_BASE_SHA256_H
#define BYLAW_BASE_SHA256_H

#include "base/str.h"

#include <stdint.h>

#define SHA256_HEX_SIZE 65 /* 64 digits and the NUL */

struct sha256 {
    uint32_t state[8];
    uint64_t bytes;
    unsigned char block[64];
};

void sha256_init(struct sha256 *sha);
void sha256_add(struct sha256 *sha, struct str data);
/* Lower-case hex. The sha must be initialised again before its next use. */
void sha256_finish(struct sha256 *sha, char hex[SHA256_HEX_SIZE]);
void sha256_hex(struct str data, char hex[SHA256_HEX_SIZE]);

#endif

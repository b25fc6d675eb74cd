/* Random numbers that are the same in each run: a failure comes again. */
#ifndef BYLAW_TEST_DICE_H
#define BYLAW_TEST_DICE_H

#include <stdint.h>

/* Marsaglia's xorshift64: the next number, which is also the new state. */
uint64_t dice_roll(uint64_t *state);

#endif

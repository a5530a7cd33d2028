#pragma once
#include <stdint.h>

// The loops of exact sums over Float. They are C because Swift cannot compile one function for several
// instruction sets and choose while the program runs. Every operation is exact or rounds in
// the one way that is asked for, so all variants give the same bits.

/// The largest biased exponent of `count` values; 255 when one is a NaN or an infinity.
int16_t cfixed_largest_exponent(const float *values, long count);

/// integers[i] = values[i] · 2^exponent, rounded to nearest-even; the product is within 31 bits.
/// Adds to what is there when `accumulates`.
void cfixed_quantize(const float *values, long count, int exponent, int32_t *integers, int accumulates);

/// values[i] = integers[i] · 2^exponent, rounded once to nearest-even.
void cfixed_restore(const int32_t *integers, long count, int exponent, float *values);

/// Whether to do without special instructions from now on: for tests that compare the variants.
void cfixed_set_portable_only(int on);

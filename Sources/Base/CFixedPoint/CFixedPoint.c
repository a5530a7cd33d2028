#include "CFixedPoint.h"

#include <string.h>

#define INLINE static inline __attribute__((always_inline))

INLINE double power_of_two(int exponent) {
    uint64_t bits = (uint64_t)(exponent + 1023) << 52;
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

INLINE int16_t largest_exponent(const float *values, long count) {
    int32_t largest = 0;
    for (long i = 0; i < count; i++) {
        int32_t bits;
        memcpy(&bits, values + i, sizeof bits);
        bits &= 0x7FFFFFFF;
        largest = bits > largest ? bits : largest;
    }
    return (int16_t)(largest >> 23);
}

/// Adding 1.5 · 2^52 leaves the nearest whole number, ties to even, in the low bits of the significand,
/// in two's complement.
INLINE int32_t nearest_by_addition(float value, double scale) {
    double sum = (double)value * scale + 0x1.8p52;
    int64_t bits;
    memcpy(&bits, &sum, sizeof bits);
    return (int32_t)bits;
}

/// One instruction where the target has it. A product too small for a normal Float rounds to zero,
/// whatever becomes of its last bits.
INLINE int32_t nearest_by_instruction(float value, float scale) {
    return (int32_t)__builtin_roundevenf(value * scale);
}

INLINE void quantize_by_addition(
    const float *values, long count, int exponent, int32_t *integers, int accumulates) {
    double scale = power_of_two(exponent);
    if (accumulates)
        for (long i = 0; i < count; i++) integers[i] += nearest_by_addition(values[i], scale);
    else
        for (long i = 0; i < count; i++) integers[i] = nearest_by_addition(values[i], scale);
}

INLINE void quantize_by_instruction(
    const float *values, long count, int exponent, int32_t *integers, int accumulates) {
    // The scale itself must be a normal Float.
    if (exponent > 126) {
        quantize_by_addition(values, count, exponent, integers, accumulates);
        return;
    }
    float scale = (float)power_of_two(exponent);
    if (accumulates)
        for (long i = 0; i < count; i++) integers[i] += nearest_by_instruction(values[i], scale);
    else
        for (long i = 0; i < count; i++) integers[i] = nearest_by_instruction(values[i], scale);
}

INLINE void restore(const int32_t *integers, long count, int exponent, float *values) {
    // Where one unit is a normal Float, the rounding to 24 bits may come before the exact product. Else
    // the result may be subnormal, and must be rounded there, after the product in double.
    if (exponent >= -126) {
        float unit = (float)power_of_two(exponent);
        for (long i = 0; i < count; i++) values[i] = (float)integers[i] * unit;
    } else {
        double unit = power_of_two(exponent);
        for (long i = 0; i < count; i++) values[i] = (float)((double)integers[i] * unit);
    }
}

#define KERNELS(suffix, attribute, quantize_body)                                            \
    attribute static int16_t largest_exponent_##suffix(const float *values, long count) {    \
        return largest_exponent(values, count);                                              \
    }                                                                                        \
    attribute static void quantize_##suffix(                                                 \
        const float *restrict values, long count, int exponent, int32_t *restrict integers,  \
        int accumulates) {                                                                   \
        quantize_body(values, count, exponent, integers, accumulates);                       \
    }                                                                                        \
    attribute static void restore_##suffix(                                                  \
        const int32_t *restrict integers, long count, int exponent, float *restrict values) { \
        restore(integers, count, exponent, values);                                          \
    }

static volatile int portable_only;

void cfixed_set_portable_only(int on) { portable_only = on; }

KERNELS(plain, , quantize_by_addition)

#if defined(__x86_64__)
KERNELS(avx2, __attribute__((target("avx2,fma"))), quantize_by_instruction)
#define HAS_AVX2 (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && !portable_only)
// AVX-512 was measured and gains nothing over this.
#define CHOOSE(call, ...) (HAS_AVX2 ? call##_avx2(__VA_ARGS__) : call##_plain(__VA_ARGS__))
#else
// AVX-512 was measured and gains nothing over this.
#define CHOOSE(call, ...) call##_plain(__VA_ARGS__)
#endif

int16_t cfixed_largest_exponent(const float *values, long count) {
    return CHOOSE(largest_exponent, values, count);
}

void cfixed_quantize(const float *values, long count, int exponent, int32_t *integers, int accumulates) {
    CHOOSE(quantize, values, count, exponent, integers, accumulates);
}

void cfixed_restore(const int32_t *integers, long count, int exponent, float *values) {
    CHOOSE(restore, integers, count, exponent, values);
}

// Elementary functions without branches, so that loops over them vectorise. Each keeps NaN and is right at ±∞.
// The coefficients are least-maximum-error fits made for this file; errors are in float arithmetic.
#ifndef TK_ELEMENTARY_H
#define TK_ELEMENTARY_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "clones.h"

/// eˣ, relative error below 2e-7; 0 where the result would be subnormal, ∞ from 2^127.5 on.
TK_INLINE float tk_exp(float x) {
  float bounded = x < -87.33654f ? -87.33654f : x > 88.3762f ? 88.3762f : x;
  // Adding 1.5 · 2²³ rounds to an integer, which then stands in the low bits.
  float shifted = bounded * 1.44269504f + 12582912.0f;
  float n = shifted - 12582912.0f;
  float f = bounded - n * 0.693359375f + n * 2.12194440e-4f;
  float p = 1.0f + f * (1.0f + f * (0.5f + f * (0.16666667f + f * (0.041666667f + f * (8.3333333e-3f
      + f * 1.3888889e-3f)))));
  int32_t bits;
  memcpy(&bits, &shifted, sizeof bits);
  uint32_t power = (uint32_t)(bits - 0x4b400000 + 127) << 23;
  float scale;
  memcpy(&scale, &power, sizeof scale);
  float e = p * scale;
  e = x < -87.33654f ? 0.0f : e;
  return x > 88.3762f ? INFINITY : e;
}

TK_INLINE float tk_sigmoid(float x) { return 1.0f / (1.0f + tk_exp(-x)); }

/// x · sigmoid(slope · x); 0 at −∞.
TK_INLINE float tk_swish(float x, float slope) {
  float bounded = x < -120.0f ? -120.0f : x;
  return bounded / (1.0f + tk_exp(-slope * bounded));
}

/// Relative error below 4e-7.
TK_INLINE float tk_tanh(float x) {
  float y = x < -9.0f ? -9.0f : x > 9.0f ? 9.0f : x, u = y * y;
  float p = 1.0f + u * (0.136808529f + u * (0.0038695042f + u * (2.80312361e-5f + u * (3.06423544e-8f
      - u * 1.22461234e-11f))));
  float q = 1.0f + u * (0.470141858f + u * (0.0272501428f + u * (3.94070667e-4f + u * 1.28902991e-6f)));
  float t = y * p / q;
  return t < -1.0f ? -1.0f : t > 1.0f ? 1.0f : t;
}

/// erf(x / √2), relative error below 5e-7.
TK_INLINE float tk_erf_root_half(float x) {
  float y = x < -5.6f ? -5.6f : x > 5.6f ? 5.6f : x, u = y * y;
  float p = 0.797884524f + u * (0.0678582564f + u * (0.00935471058f + u * (3.37860198e-4f + u * (1.25795414e-5f
      + u * 4.45945361e-8f))));
  float q = 1.0f + u * (0.251714051f + u * (0.0286776107f + u * (0.00188549678f + u * (7.33443958e-5f
      + u * 1.17965214e-6f))));
  float e = y * p / q;
  return e < -1.0f ? -1.0f : e > 1.0f ? 1.0f : e;
}

/// ½x(1 + erf(x / √2)); 0 at −∞. Absolute error below 3e-7 · max(1, x).
TK_INLINE float tk_gelu(float x) {
  float bounded = x < -6.0f ? -6.0f : x;
  float g = 0.5f * bounded * (1.0f + tk_erf_root_half(bounded));
  return x < -6.0f ? 0.0f : g;
}

/// ½x(1 + tanh(√(2/π)(x + 0.044715x³))), which is x · sigmoid of twice that; 0 at −∞.
TK_INLINE float tk_gelu_tanh(float x) {
  float bounded = x < -20.0f ? -20.0f : x > 20.0f ? 20.0f : x;
  float u = 1.5957691216f * (bounded + 0.044715f * bounded * bounded * bounded);
  float g = x / (1.0f + tk_exp(-u));
  return x < -20.0f ? 0.0f : g;
}

#endif

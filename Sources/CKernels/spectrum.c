// What is said about power spectra, for all lanes at once.
#include <math.h>
#include <string.h>

#include "CKernels.h"
#include "dispatch.h"

static inline float smaller(float a, float b) { return a < b ? a : b; }
static inline float larger(float a, float b) { return a > b ? a : b; }

CK_DISPATCH void ck_bands(const float *restrict rows, const int32_t *restrict starts, const int32_t *restrict counts,
                          const float *restrict weights, int bands, float *restrict out) {
  for (int b = 0; b < bands; b++) {
    float sum[CK_LANES] = {0};
    const float *row = rows + CK_LANES * starts[b];
    for (int j = 0; j < counts[b]; j++, row += CK_LANES)
      for (int l = 0; l < CK_LANES; l++) sum[l] += weights[j] * row[l];
    memcpy(out + CK_LANES * b, sum, sizeof sum);
    weights += counts[b];
  }
}

/// Natural logarithm of a normal positive number, after Cephes logf: exponent, then a polynomial around 1. What is not
/// finite stays what it is.
static inline float natural_logarithm(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  int is_finite = (bits & 0x7f800000) != 0x7f800000;
  int32_t exponent = (int32_t)(bits >> 23) - 126;
  bits = (bits & 0x007fffff) | 0x3f000000;
  float m;
  memcpy(&m, &bits, sizeof m);
  int below = m < 0.707106781186547524f;
  float e = (float)(exponent - below);
  m = (below ? m + m : m) - 1.0f;
  float z = m * m;
  float p = 7.0376836292e-2f;
  p = p * m - 1.1514610310e-1f;
  p = p * m + 1.1676998740e-1f;
  p = p * m - 1.2420140846e-1f;
  p = p * m + 1.4249322787e-1f;
  p = p * m - 1.6668057665e-1f;
  p = p * m + 2.0000714765e-1f;
  p = p * m - 2.4999993993e-1f;
  p = p * m + 3.3333331174e-1f;
  p = p * m * z - 2.12194440e-4f * e - 0.5f * z;
  float logarithm = m + p + 0.693359375f * e;
  return is_finite ? logarithm : x;
}

CK_DISPATCH void ck_log1p(const float *restrict values, float scale, size_t count, float *restrict out) {
  for (size_t i = 0; i < count; i++) out[i] = natural_logarithm(1.0f + values[i] * scale);
}

CK_DISPATCH void ck_log_bands(const float *restrict rows, float floor, const float *restrict scales,
                              const float *restrict shifts, int bands, float *restrict out) {
  for (int b = 0; b < bands; b++, rows += CK_LANES, out += CK_LANES)
    for (int l = 0; l < CK_LANES; l++)
      out[l] = natural_logarithm(larger(floor, rows[l])) * scales[b] + shifts[b];
}

CK_DISPATCH void ck_roots(const float *restrict values, size_t count, float *restrict out) {
  for (size_t i = 0; i < count; i++) out[i] = sqrtf(values[i]);
}

CK_DISPATCH void ck_moments(const float *restrict power, float floor, float *restrict out) {
  float total[CK_LANES] = {0}, first[CK_LANES] = {0}, second[CK_LANES] = {0};
  float passed[CK_LANES] = {0}, filled[CK_LANES] = {0}, centre[CK_LANES];
  for (int k = 0; k < CK_BINS; k++) {
    float place = (float)k / (CK_BINS - 1);
    for (int l = 0; l < CK_LANES; l++) {
      total[l] += power[CK_LANES * k + l];
      first[l] += place * power[CK_LANES * k + l];
    }
  }
  for (int l = 0; l < CK_LANES; l++) centre[l] = first[l] / (total[l] + floor);
  for (int k = 0; k < CK_BINS; k++) {
    float place = (float)k / (CK_BINS - 1);
    for (int l = 0; l < CK_LANES; l++) {
      float p = power[CK_LANES * k + l], distance = place - centre[l];
      second[l] += distance * distance * p;
      filled[l] += smaller(1.0f, larger(0.0f, (0.85f * total[l] - passed[l]) / (p + 1e-20f)));
      passed[l] += p;
    }
  }
  for (int l = 0; l < CK_LANES; l++) {
    out[l] = total[l];
    out[CK_LANES + l] = centre[l];
    out[2 * CK_LANES + l] = sqrtf(second[l] / (total[l] + floor));
    out[3 * CK_LANES + l] = filled[l] / CK_BINS * (total[l] / (total[l] + floor));
  }
}

CK_DISPATCH void ck_harmonicity(const float *restrict correlation, const float *restrict expected, int first, int end,
                                float floor, float *restrict out) {
  float best[CK_LANES] = {0};
  for (int lag = first; lag < end; lag++)
    for (int l = 0; l < CK_LANES; l++) {
      float own = correlation[l] / CK_FFT * expected[lag] + floor;
      best[l] = larger(best[l], correlation[CK_LANES * lag + l] / CK_FFT / own);
    }
  for (int l = 0; l < CK_LANES; l++) out[l] = smaller(best[l], 1.0f);
}

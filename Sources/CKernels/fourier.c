// 512-point transforms of sixteen real frames at once: frames l and l + 8 are the real and imaginary part of
// lane l, so that every operation is one over eight neighbouring floats.
#include <string.h>

#include "CKernels.h"
#include "dispatch.h"

enum { PAIRS = CK_LANES / 2, BITS_TOP = CK_FFT / 2 };

/// The number after `index` in bit-reversed counting.
static inline int next_reversed(int index) {
  int bit = BITS_TOP;
  while (index & bit) {
    index ^= bit;
    bit >>= 1;
  }
  return index | bit;
}

static inline void butterfly(float *restrict a, float *restrict b, float c, float s) {
  for (int l = 0; l < PAIRS; l++) {
    float real = b[l] * c - b[l + PAIRS] * s;
    float imaginary = b[l] * s + b[l + PAIRS] * c;
    b[l] = a[l] - real;
    b[l + PAIRS] = a[l + PAIRS] - imaginary;
    a[l] += real;
    a[l + PAIRS] += imaginary;
  }
}

/// In place, radix 2, decimation in time. rows: [CK_FFT] lanes in bit-reversed order; natural order afterwards.
CK_DISPATCH static void transform(const float *restrict twiddles, float *restrict rows) {
  for (int half = 1, stride = BITS_TOP; half < CK_FFT; half *= 2, stride /= 2)
    for (int block = 0; block < CK_FFT; block += 2 * half)
      for (int j = 0; j < half; j++) {
        float *a = rows + CK_LANES * (block + j);
        butterfly(a, a + CK_LANES * half, twiddles[2 * j * stride], twiddles[2 * j * stride + 1]);
      }
}

/// Takes the two frames of each lane apart: |X|² of both from Z[k] and Z[N − k].
static inline void separate(const float *restrict z, const float *restrict mirror, float scale, float *restrict out) {
  for (int l = 0; l < PAIRS; l++) {
    float even_real = z[l] + mirror[l], even_imaginary = z[l + PAIRS] - mirror[l + PAIRS];
    float odd_real = z[l + PAIRS] + mirror[l + PAIRS], odd_imaginary = mirror[l] - z[l];
    out[l] = (even_real * even_real + even_imaginary * even_imaginary) * scale;
    out[l + PAIRS] = (odd_real * odd_real + odd_imaginary * odd_imaginary) * scale;
  }
}

CK_DISPATCH void ck_spectra(const float *restrict samples, int hop, int frames, const float *restrict window,
                            int length, const float *restrict twiddles, float scale, float *restrict work,
                            float *restrict power) {
  memset(work, 0, sizeof(float) * CK_FFT * CK_LANES);
  for (int n = 0, reversed = 0; n < length; n++, reversed = next_reversed(reversed)) {
    float *row = work + CK_LANES * reversed;
    for (int l = 0; l < frames; l++) row[l] = samples[hop * l + n] * window[n];
  }
  transform(twiddles, work);
  for (int k = 0; k < CK_BINS; k++) {
    const float *mirror = work + CK_LANES * ((CK_FFT - k) % CK_FFT);
    separate(work + CK_LANES * k, mirror, scale / 4, power + CK_LANES * k);
  }
}

CK_DISPATCH void ck_autocorrelation(const float *restrict power, const float *restrict twiddles,
                                    float *restrict work) {
  for (int n = 0, reversed = 0; n < CK_FFT; n++, reversed = next_reversed(reversed)) {
    int bin = n < CK_BINS ? n : CK_FFT - n;
    memcpy(work + CK_LANES * reversed, power + CK_LANES * bin, sizeof(float) * CK_LANES);
  }
  transform(twiddles, work);
}

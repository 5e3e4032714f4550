// Transforms of sixteen real frames at once: frames l and l + 8 are the real and imaginary part of lane l, so that
// every operation is one over eight neighbouring floats.
#include <string.h>

#include "CKernels.h"
#include "dispatch.h"

enum { PAIRS = CK_LANES / 2 };

/// b = b · (c + is)
static inline void turn(float *restrict b, float c, float s) {
  for (int l = 0; l < PAIRS; l++) {
    float real = b[l] * c - b[l + PAIRS] * s;
    float imaginary = b[l] * s + b[l + PAIRS] * c;
    b[l] = real;
    b[l + PAIRS] = imaginary;
  }
}

/// The transform of two rows, the second turned.
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

/// cos and sin of 2π/5 and 4π/5.
static const float C1 = 0.309016994f, S1 = 0.951056516f, C2 = -0.809016994f, S2 = 0.587785252f;

/// The transform of five rows. Rows k and 5 − k differ only in the sign of what is odd in their inputs.
static inline void star(float *restrict a, float *restrict b, float *restrict c, float *restrict d, float *restrict e) {
  for (int l = 0; l < PAIRS; l++) {
    int i = l + PAIRS;
    float near_real = b[l] + e[l], near_imaginary = b[i] + e[i], far_real = c[l] + d[l], far_imaginary = c[i] + d[i];
    float b_e_real = b[l] - e[l], b_e_imaginary = b[i] - e[i], c_d_real = c[l] - d[l], c_d_imaginary = c[i] - d[i];
    float even1_real = a[l] + C1 * near_real + C2 * far_real, even2_real = a[l] + C2 * near_real + C1 * far_real;
    float even1_imaginary = a[i] + C1 * near_imaginary + C2 * far_imaginary;
    float even2_imaginary = a[i] + C2 * near_imaginary + C1 * far_imaginary;
    float odd1_real = S1 * b_e_real + S2 * c_d_real, odd2_real = S2 * b_e_real - S1 * c_d_real;
    float odd1_imaginary = S1 * b_e_imaginary + S2 * c_d_imaginary;
    float odd2_imaginary = S2 * b_e_imaginary - S1 * c_d_imaginary;
    a[l] += near_real + far_real;
    a[i] += near_imaginary + far_imaginary;
    b[l] = even1_real + odd1_imaginary;
    b[i] = even1_imaginary - odd1_real;
    c[l] = even2_real + odd2_imaginary;
    c[i] = even2_imaginary - odd2_real;
    d[l] = even2_real - odd2_imaginary;
    d[i] = even2_imaginary + odd2_real;
    e[l] = even1_real - odd1_imaginary;
    e[i] = even1_imaginary + odd1_real;
  }
}

/// One pass of radix 2: transforms of `half` points become those of twice as many.
CK_DISPATCH static void merge_two(ck_fourier fourier, int half, float *restrict rows) {
  const float *twiddles = fourier.twiddles;
  int stride = fourier.size / (2 * half);
  for (int block = 0; block < fourier.size; block += 2 * half)
    for (int j = 0; j < half; j++) {
      float *a = rows + CK_LANES * (block + j);
      butterfly(a, a + CK_LANES * half, twiddles[2 * j * stride], twiddles[2 * j * stride + 1]);
    }
}

/// One pass of radix 5.
CK_DISPATCH static void merge_five(ck_fourier fourier, int part, float *restrict rows) {
  const float *twiddles = fourier.twiddles;
  int stride = fourier.size / (5 * part), step = CK_LANES * part;
  for (int block = 0; block < fourier.size; block += 5 * part)
    for (int j = 0; j < part; j++) {
      float *a = rows + CK_LANES * (block + j);
      for (int k = 1; k < 5; k++) turn(a + step * k, twiddles[2 * j * k * stride], twiddles[2 * j * k * stride + 1]);
      star(a, a + step, a + 2 * step, a + 3 * step, a + 4 * step);
    }
}

/// In place, decimation in time, first the twos, then the fives. rows: [size] lanes in the transform's order; natural
/// order afterwards.
static void transform(ck_fourier fourier, float *rows) {
  int done = 1;
  for (; fourier.size / done % 2 == 0; done *= 2) merge_two(fourier, done, rows);
  for (; done < fourier.size; done *= 5) merge_five(fourier, done, rows);
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
                            int length, ck_fourier fourier, float scale, float *restrict work,
                            float *restrict power) {
  int size = fourier.size;
  memset(work, 0, sizeof(float) * CK_LANES * (size_t)size);
  for (int n = 0; n < length; n++) {
    float *row = work + CK_LANES * fourier.order[n];
    for (int l = 0; l < frames; l++) row[l] = samples[hop * l + n] * window[n];
  }
  transform(fourier, work);
  for (int k = 0; k < size / 2 + 1; k++) {
    const float *mirror = work + CK_LANES * ((size - k) % size);
    separate(work + CK_LANES * k, mirror, scale / 4, power + CK_LANES * k);
  }
}

CK_DISPATCH void ck_autocorrelation(const float *restrict power, ck_fourier fourier, float *restrict work) {
  int size = fourier.size;
  for (int n = 0; n < size; n++) {
    int bin = n < size / 2 + 1 ? n : size - n;
    memcpy(work + CK_LANES * fourier.order[n], power + CK_LANES * bin, sizeof(float) * CK_LANES);
  }
  transform(fourier, work);
}

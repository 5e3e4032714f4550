// The loops around the products. Sums run in sixteen lanes, in the same order everywhere.
#include "transformer.h"

#include <math.h>

#include "clones.h"
#include "elementary.h"

enum { LANES = 16 };

/// By halves, which vectorises; a sum from first to last would wait for each addition.
TK_INLINE float sum_of(float *lanes) {
  for (int half = LANES / 2; half > 0; half /= 2)
    for (int l = 0; l < half; l++) lanes[l] += lanes[l + half];
  return lanes[0];
}

/// Σ (x − centre)^power over a row; power is 1 or 2.
TK_INLINE float row_sum(const float *row, size_t count, float centre, int squares) {
  float lanes[LANES] = {0};
  size_t i = 0;
  for (; i + LANES <= count; i += LANES)
    for (int l = 0; l < LANES; l++) {
      float x = row[i + (size_t)l] - centre;
      lanes[l] += squares ? x * x : x;
    }
  for (int l = 0; i < count; i++, l++) {
    float x = row[i] - centre;
    lanes[l] += squares ? x * x : x;
  }
  return sum_of(lanes);
}

TK_CLONES void tk_layer_norm(const float *input, size_t rows, size_t columns, const float *weight, const float *bias,
                             float epsilon, float *out) {
  for (size_t r = 0; r < rows; r++, input += columns, out += columns) {
    float mean = row_sum(input, columns, 0, 0) / (float)columns;
    float variance = row_sum(input, columns, mean, 1) / (float)columns;
    float scale = 1 / sqrtf(variance + epsilon);
    if (bias)
      for (size_t i = 0; i < columns; i++) out[i] = (input[i] - mean) * scale * weight[i] + bias[i];
    else
      for (size_t i = 0; i < columns; i++) out[i] = (input[i] - mean) * scale * weight[i];
  }
}

TK_CLONES void tk_rms_norm(const float *input, size_t rows, size_t columns, const float *weight, float epsilon,
                           float *out) {
  for (size_t r = 0; r < rows; r++, input += columns, out += columns) {
    float scale = 1 / sqrtf(row_sum(input, columns, 0, 1) / (float)columns + epsilon);
    if (weight)
      for (size_t i = 0; i < columns; i++) out[i] = input[i] * scale * weight[i];
    else
      for (size_t i = 0; i < columns; i++) out[i] = input[i] * scale;
  }
}

/// count: a multiple of LANES.
TK_INLINE float row_maximum(const float *row, size_t count) {
  float lanes[LANES];
  for (int l = 0; l < LANES; l++) lanes[l] = -INFINITY;
  for (size_t i = 0; i < count; i += LANES)
    for (int l = 0; l < LANES; l++) lanes[l] = row[i + (size_t)l] > lanes[l] ? row[i + (size_t)l] : lanes[l];
  for (int half = LANES / 2; half > 0; half /= 2)
    for (int l = 0; l < half; l++) lanes[l] = lanes[l + half] > lanes[l] ? lanes[l + half] : lanes[l];
  return lanes[0];
}

/// row[i] = exp(row[i] − maximum); returns the sum. count: a multiple of LANES.
TK_INLINE float row_exponentials(float *row, size_t count, float maximum) {
  float lanes[LANES] = {0};
  for (size_t i = 0; i < count; i += LANES)
    for (int l = 0; l < LANES; l++) {
      float e = tk_exp(row[i + (size_t)l] - maximum);
      row[i + (size_t)l] = e;
      lanes[l] += e;
    }
  return sum_of(lanes);
}

TK_CLONES void tk_softmax(float *values, size_t stride, size_t rows, size_t columns, const float *bias,
                          size_t bias_stride, float limit) {
  size_t padded = (columns + LANES - 1) / LANES * LANES;
  for (size_t r = 0; r < rows; r++, values += stride) {
    if (limit > 0)
      for (size_t i = 0; i < columns; i++) values[i] = limit * tk_tanh(values[i] / limit);
    if (bias) {
      for (size_t i = 0; i < columns; i++) values[i] += bias[i];
      bias += bias_stride;
    }
    for (size_t i = columns; i < padded; i++) values[i] = -INFINITY;
    float maximum = row_maximum(values, padded);
    // With nothing but −∞ (and NaN, which is never the maximum) the differences are taken from 0.
    float sum = row_exponentials(values, padded, maximum == -INFINITY ? 0 : maximum);
    float scale = sum == 0 ? 0 : 1 / sum;
    for (size_t i = 0; i < padded; i++) values[i] *= scale;
  }
}

#define EACH_VALUE(expression)                           \
  for (size_t r = 0; r < rows; r++, values += stride)    \
    for (size_t i = 0; i < columns; i++) {               \
      float x = biased ? values[i] + bias[i] : values[i]; \
      values[i] = expression;                            \
    }                                                    \
  return

/// `biased` is a constant where this is inlined.
TK_INLINE void bias_activation(float *restrict values, size_t stride, size_t rows, size_t columns,
                               const float *restrict bias, int activation, const int biased) {
  switch (activation) {
    case TK_GELU: EACH_VALUE(tk_gelu(x));
    case TK_GELU_TANH: EACH_VALUE(tk_gelu_tanh(x));
    case TK_QUICK_GELU: EACH_VALUE(tk_swish(x, 1.702f));
    case TK_SILU: EACH_VALUE(tk_swish(x, 1));
    case TK_RELU: EACH_VALUE(x < 0 ? 0 : x);
    case TK_RELU6: EACH_VALUE(x < 0 ? 0 : x > 6 ? 6 : x);
    case TK_TANH: EACH_VALUE(tk_tanh(x));
    case TK_SIGMOID: EACH_VALUE(tk_sigmoid(x));
    default:
      if (biased) EACH_VALUE(x);
  }
}

TK_CLONES void tk_bias_activation(float *values, size_t stride, size_t rows, size_t columns, const float *bias,
                                  int activation) {
  if (bias)
    bias_activation(values, stride, rows, columns, bias, activation, 1);
  else
    bias_activation(values, stride, rows, columns, bias, activation, 0);
}

TK_CLONES void tk_add(float *left, const float *right, size_t count) {
  for (size_t i = 0; i < count; i++) left[i] += right[i];
}

TK_CLONES void tk_place_rows(const float *restrict rows, size_t count, size_t columns, float *restrict out,
                             size_t out_stride, int adds) {
  for (size_t r = 0; r < count; r++, rows += columns, out += out_stride)
    if (adds)
      for (size_t i = 0; i < columns; i++) out[i] += rows[i];
    else
      for (size_t i = 0; i < columns; i++) out[i] = rows[i];
}

TK_CLONES void tk_multiply(float *left, const float *right, size_t count) {
  for (size_t i = 0; i < count; i++) left[i] *= right[i];
}

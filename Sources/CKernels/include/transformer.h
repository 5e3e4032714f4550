// The loops of transformer networks. Unlike those of CKernels.h they may use fused multiply-add, so the last bits
// depend on the instruction set, but never on the number of threads. Rows may be strided; strides count floats.
// Nothing allocates, fails or keeps state. NaN in, NaN out.
#ifndef TRANSFORMER_H
#define TRANSFORMER_H

#include <stddef.h>
#include <stdint.h>

// ---- Products with a matrix that was laid out once.

/// Columns of a panel on this machine: 16 or 32.
size_t tk_panel(void);

/// The instructions that products use on this machine.
const char *tk_level(void);

/// Lays out the transpose of weight [columns][depth], row stride `stride`, as panels: out[p][k][j] =
/// weight[p · panel + j][k], zero beyond the last column. out: [⌈columns / panel⌉][depth][panel].
void tk_pack_transposed(const float *weight, size_t stride, size_t columns, size_t depth, float *out);

/// The same layout from a matrix [depth][columns], row stride `stride`.
void tk_pack(const float *matrix, size_t stride, size_t depth, size_t columns, float *out);

/// out[r][c] = scale · Σ_k input[r][k] · panels(k, c), plus what out holds if `adds`.
/// input: [rows][depth]; panels as above; out: [rows][columns].
void tk_product(const float *input, size_t input_stride, const float *panels, size_t rows, size_t depth,
                size_t columns, float scale, int adds, float *out, size_t out_stride);

// ---- What follows a product.

enum {
  TK_NONE, TK_GELU, TK_GELU_TANH, TK_QUICK_GELU, TK_SILU, TK_RELU, TK_RELU6, TK_TANH, TK_SIGMOID
};

/// values[r][c] = activation(values[r][c] + bias[c]); bias may be null.
void tk_bias_activation(float *values, size_t stride, size_t rows, size_t columns, const float *bias, int activation);

// ---- Rows. `out` may be `input`.

/// (x − mean) / √(variance + ε) · weight + bias, with the biased variance; bias may be null.
void tk_layer_norm(const float *input, size_t rows, size_t columns, const float *weight, const float *bias,
                   float epsilon, float *out);

/// x / √(mean x² + ε) · weight; weight may be null.
void tk_rms_norm(const float *input, size_t rows, size_t columns, const float *weight, float epsilon, float *out);

/// values[r] = softmax(cap(values[r]) + bias[r]) over `columns`, with cap(x) = limit · tanh(x / limit) where
/// limit > 0; bias may be null. A row of −∞ becomes zeros. stride: a multiple of 16; what lies between the columns and
/// the next such multiple becomes 0.
void tk_softmax(float *values, size_t stride, size_t rows, size_t columns, const float *bias, size_t bias_stride,
                float limit);

/// left[i] += right[i].
void tk_add(float *left, const float *right, size_t count);

/// Rows of another step: out[r][c] = rows[r][c], or += if `adds`. rows: [count][columns]; out_stride in floats.
void tk_place_rows(const float *rows, size_t count, size_t columns, float *out, size_t out_stride, int adds);

/// left[i] *= right[i].
void tk_multiply(float *left, const float *right, size_t count);

// ---- Waiting.

/// Tells the processor that this thread looks again and again.
static inline void tk_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

// ---- Numbers of checkpoint files, little-endian. Each returns 0 where a number is NaN or infinite, else 1.

int tk_from_f32(const void *bytes, size_t count, float *out);
int tk_from_f16(const void *bytes, size_t count, float *out);
int tk_from_bf16(const void *bytes, size_t count, float *out);

/// Rounds to the nearest bfloat16, ties to even.
void tk_to_bf16(const float *values, size_t count, uint16_t *out);

#endif

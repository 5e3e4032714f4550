// The thinnest door to oneDNN: products with a weight that it packed. It speaks 2.x and 3.x by DNNL_VERSION_MAJOR.
//
// The library is opened when it is first wanted, so that a program built with it runs where it is missing, and every
// call runs on the calling thread alone: no OpenMP team is ever made, so nothing of it can spin.
// Handles are numbers, 0 for none. A plan may be used from several threads at once.
#ifndef CONEDNN_H
#define CONEDNN_H

#include <stddef.h>
#include <stdint.h>

typedef uintptr_t od_plan;

/// Opens the library. 0 where it cannot be opened, else 1.
int od_open(void);

/// "2.6.3", once opened.
const char *od_version(void);

/// Why the library could make no code in this process: 0 where it can, else the errno of the memory it asks for.
/// It makes code for everything that it does, and does not expect to be refused: ask before anything else.
int od_code_error(void);

/// What may follow a product in the same pass.
enum { OD_NONE, OD_GELU, OD_GELU_TANH, OD_SWISH, OD_RELU };

/// out [rows, columns] = activation(input [rows, depth] · weight [columns, depth]ᵀ + bias), or
/// without activation plus what out holds, if `adds`.
typedef struct {
  size_t rows, columns, depth;
  int adds;
  int has_bias;
  int activation;
  /// Of OD_SWISH: x · sigmoid(slope · x).
  float slope;
  /// Input and weight are bfloat16.
  int bf16;
} od_shape;

/// Whether it would be the library's best kind of product, on a weight in blocks: not so without AVX-512 in 2.x.
/// No code is made to find out.
int od_is_blocked(const od_shape *shape);

/// 0 where the processor or the library cannot.
od_plan od_plan_create(const od_shape *shape);
void od_plan_destroy(od_plan plan);

/// Bytes of the packed weight.
size_t od_plan_weight_size(od_plan plan);
/// Bytes of scratch memory that a run wants, aligned to 64.
size_t od_plan_scratch_size(od_plan plan);
/// Whether what was packed for `whole` holds, from some column on, what `part` wants: also where both are alike.
int od_plan_is_part(od_plan part, od_plan whole);
/// Where a column begins in the packed weight, in bytes; SIZE_MAX where none begins there.
size_t od_plan_column(od_plan plan, size_t column);

/// Packs a weight [columns, depth] of floats. 0 where it fails.
int od_pack(od_plan plan, const float *weight, void *packed);
/// Packs anew what was packed for another plan. 0 where it fails.
int od_repack(od_plan plan, od_plan from, const void *old, void *packed);
/// Runs a plan; bias: [columns], where it has one. 0 where it fails.
int od_run(od_plan plan, const void *input, const void *packed, const float *bias, float *out, void *scratch);

/// At least so many bytes, aligned to 64, of the calling thread's own, kept until it ends: what they held before the
/// call means nothing after it. Null without memory.
void *od_scratch(size_t bytes);

#endif

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

/// out [rows, columns], row stride `stride` = input [rows, depth] · weight [columns, depth]ᵀ, plus what out holds if
/// `adds`. With `bf16`, input and weight are bfloat16. 0 where the processor or the library cannot.
od_plan od_plan_create(size_t rows, size_t columns, size_t depth, size_t stride, int adds, int bf16);
void od_plan_destroy(od_plan plan);

/// Whether it is the library's best kind of product, on a weight in blocks: not so without AVX-512 in 2.x.
int od_plan_is_blocked(od_plan plan);
/// Bytes of the packed weight.
size_t od_plan_weight_size(od_plan plan);
/// Bytes of scratch memory that a run wants, aligned to 64.
size_t od_plan_scratch_size(od_plan plan);
/// Whether both want the weight packed alike.
int od_plan_agrees(od_plan plan, od_plan other);

/// Packs a weight [columns, depth] of floats. 0 where it fails.
int od_pack(od_plan plan, const float *weight, void *packed);
/// Packs anew what was packed for another plan. 0 where it fails.
int od_repack(od_plan plan, od_plan from, const void *old, void *packed);
/// Runs a plan. 0 where it fails.
int od_run(od_plan plan, const void *input, const void *packed, float *out, void *scratch);

#endif

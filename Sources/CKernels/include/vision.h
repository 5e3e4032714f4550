// The loops of picture towers. Arrays never overlap. Nothing allocates, fails or keeps state.
#ifndef VISION_H
#define VISION_H

#include <stddef.h>
#include <stdint.h>

// ---- Resizing 8-bit pictures, in whole numbers: the same bits everywhere.
// An output is the sum over `taps` neighbours from starts[o] on, weighed by weights[o][tap], which sum to about
// 2^shift with magnitudes below 2^(shift + 1); rounded, shifted back and clamped to 8 bits.

// The first row or pixel that is handed over counts as `first` in `starts`. Rows are `stride` bytes apart.

/// rows: packed RGB → out: [count][outputs][3].
void ck_resize_across(const uint8_t *rows, size_t stride, size_t count, size_t first, const int32_t *starts,
                      const int32_t *weights, size_t taps, size_t outputs, int shift, uint8_t *out);

/// rows: `width` bytes of each → out: [outputs][width].
void ck_resize_down(const uint8_t *rows, size_t stride, size_t width, size_t first, const int32_t *starts,
                    const int32_t *weights, size_t taps, size_t outputs, int shift, uint8_t *out);

// ---- Patches.

/// A square of `side` pixels of packed RGB rows, `stride` bytes apart, each sample looked up in table [3][256] →
/// out: [3][side][side], or [side][side][3] if `interleaved`.
void ck_patch(const uint8_t *pixels, size_t stride, size_t side, const float *table, int interleaved, float *out);

// ---- Convolutions of square pictures, row-major [size][size][channels], borders of zeros: output (y, x) sees inputs
// from (y · stride − before, x · stride − before) on.

/// The samples under each place of a kernel, looked up in table [3][256]: pixels [size][size][3] →
/// out: [outputs][outputs][kernel][kernel][3].
void ck_windows(const uint8_t *pixels, size_t size, size_t kernel, size_t stride, size_t before, const float *table,
                size_t outputs, float *out);

/// One kernel for each channel, then relu6. weights: [kernel][kernel][channels]; bias: [channels]. The last bits
/// depend on the instruction set.
void ck_depthwise(const float *input, size_t size, size_t channels, size_t kernel, size_t stride, size_t before,
                  const float *weights, const float *bias, size_t outputs, float *out);

#endif

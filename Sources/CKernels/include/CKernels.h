// The vector loops that Swift does not vectorise well: plain C, every sum in a fixed order, so that all
// instruction sets give the same bits. Arrays never overlap. No function allocates, fails or keeps state.
#ifndef CKERNELS_H
#define CKERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "transformer.h"
#include "vision.h"

// ---- Sound. "Lanes" is an array [rows][CK_LANES]: column l belongs to frame l.

enum { CK_LANES = 16, CK_FFT = 512, CK_BINS = CK_FFT / 2 + 1 };

/// A transform of `size` points, size = 2^a · 5^b. twiddles: [size][cos, sin] of −2πj / size;
/// order: [size], the row at which input n stands before the passes.
typedef struct {
  int size;
  const float *twiddles;
  const int32_t *order;
} ck_fourier;

/// Power spectra of `frames` ≤ CK_LANES windowed frames, zero-padded to the transform's size N, which is even.
/// samples: [hop · (frames − 1) + length], frame l begins at hop · l; window: [length], length ≤ N;
/// work: [N][CK_LANES] scratch; power: [N / 2 + 1] lanes of |X|² · scale; unused lanes are 0.
void ck_spectra(const float *samples, int hop, int frames, const float *window, int length, ck_fourier fourier,
                float scale, float *work, float *power);

/// Circular autocorrelation of each frame from its power. power: [N / 2 + 1] lanes;
/// work: [N] lanes, of which row τ holds the correlation at lag τ, times N, afterwards.
void ck_autocorrelation(const float *power, ck_fourier fourier, float *work);

/// Sparse sums over rows: out[b] = Σ_j weights[offset_b + j] · rows[starts[b] + j], j < counts[b], where the
/// weights of the bands follow one another. rows, out: lanes.
void ck_bands(const float *rows, const int32_t *starts, const int32_t *counts, const float *weights, int bands,
              float *out);

/// out[i] = ln(1 + values[i] · scale) for values ≥ 0; absolute error below 2e-6 up to 20.
void ck_log1p(const float *values, float scale, size_t count, float *out);

/// out[b] = ln(max(floor, rows[b])) · scales[b] + shifts[b] for a normal floor > 0. rows, out: lanes.
void ck_log_bands(const float *rows, float floor, const float *scales, const float *shifts, int bands, float *out);

/// out[i] = √values[i].
void ck_roots(const float *values, size_t count, float *out);

/// Where the power lies. power: [CK_BINS] lanes. out: [4] lanes: sum of the bins; centroid; bandwidth; and the
/// point below which 85 % of the power lies, all three as fractions of the half sample rate.
/// `floor` is added to the sum in divisions, so that silence gives 0.
void ck_moments(const float *power, float floor, float *out);

/// The largest likeness of each frame to itself, lags first..<end, 0…1. correlation: [CK_FFT] lanes, see
/// ck_autocorrelation; expected: [end] lag weights; floor as above. out: [1] lanes.
void ck_harmonicity(const float *correlation, const float *expected, int first, int end, float floor, float *out);

// ---- Pictures.

enum { CK_SIDE = 128, CK_AREA = CK_SIDE * CK_SIDE };

/// The exact area mean of the whole picture on CK_SIDE × CK_SIDE pixels, in sixteenths, rounded half up.
/// rgb: [height][width][3], both > 0 and height < 2^24; sums: [3 · width] scratch; planes: [3][CK_AREA], 0…4080.
void ck_shrink(const uint8_t *rgb, size_t width, size_t height, uint32_t *sums, uint16_t *planes);

/// BT.601 luma of full-range planes [3][CK_AREA], in the units of the planes, rounded half up.
void ck_luma(const uint16_t *planes, uint16_t *luma);

/// Sums over 4 × 4 pixels of a plane [CK_AREA]. sums: [32][32].
void ck_cells(const uint16_t *plane, int32_t *sums);

/// Gradients of luma [CK_AREA] by central differences, borders repeated, each split into its two nearest of eight
/// directions (east, south-east, south … north-east, y downwards). out: [4][4][8] sums over 32 × 32 pixels; the
/// diagonal ones want a factor √2.
void ck_edges(const uint16_t *luma, int32_t *out);

/// Sums of |a − b| over 32 × 32 pixels of two lumas [CK_AREA]. out: [4][4].
void ck_motion(const uint16_t *a, const uint16_t *b, int32_t *out);

#endif

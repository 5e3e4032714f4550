// Separable resizing in fixed point: exact on every machine.
#include <string.h>

#include "dispatch.h"
#include "vision.h"

enum { GROUP = 8, LANES = 3 * GROUP, ROWS = 4, SPAN = 64 };

static inline uint8_t rounded(int32_t sum, int shift) {
  sum >>= shift;
  return (uint8_t)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
}

/// One output of `count` rows. Eight pixels at a time, each lane one sample; the lanes of a colour are summed at last.
static inline __attribute__((always_inline)) void across(const uint8_t *restrict pixels, size_t stride, size_t count,
                                                         const int32_t *restrict weights, size_t taps, int shift,
                                                         uint8_t *restrict out, size_t out_stride) {
  int32_t lanes[ROWS][LANES] = {{0}};
  size_t tap = 0;
  for (; tap + GROUP <= taps; tap += GROUP) {
    int32_t spread[LANES];
    for (size_t i = 0; i < GROUP; i++)
      spread[3 * i] = spread[3 * i + 1] = spread[3 * i + 2] = weights[tap + i];
    for (size_t row = 0; row < count; row++)
      for (size_t i = 0; i < LANES; i++) lanes[row][i] += spread[i] * pixels[row * stride + 3 * tap + i];
  }
  for (size_t row = 0; row < count; row++)
    for (size_t colour = 0; colour < 3; colour++) {
      int32_t sum = 1 << (shift - 1);
      for (size_t i = 0; i < GROUP; i++) sum += lanes[row][3 * i + colour];
      for (size_t rest = tap; rest < taps; rest++) sum += weights[rest] * pixels[row * stride + 3 * rest + colour];
      out[row * out_stride + colour] = rounded(sum, shift);
    }
}

CK_DISPATCH void ck_resize_across(const uint8_t *rows, size_t stride, size_t count, size_t first,
                                  const int32_t *starts, const int32_t *weights, size_t taps, size_t outputs,
                                  int shift, uint8_t *out) {
  for (size_t row = 0; row < count;) {
    size_t together = row + ROWS <= count ? ROWS : 1;
    for (size_t o = 0; o < outputs; o++) {
      const uint8_t *from = rows + row * stride + 3 * ((size_t)starts[o] - first);
      uint8_t *to = out + 3 * (row * outputs + o);
      if (together == ROWS)
        across(from, stride, ROWS, weights + o * taps, taps, shift, to, 3 * outputs);
      else
        across(from, stride, 1, weights + o * taps, taps, shift, to, 3 * outputs);
    }
    row += together;
  }
}

CK_DISPATCH static void down(const uint8_t *restrict rows, size_t stride, size_t width,
                             const int32_t *restrict weights, size_t taps, int shift, uint8_t *restrict out) {
  size_t column = 0;
  for (; column + SPAN <= width; column += SPAN) {
    int32_t sums[SPAN];
    for (size_t i = 0; i < SPAN; i++) sums[i] = 1 << (shift - 1);
    for (size_t tap = 0; tap < taps; tap++)
      for (size_t i = 0; i < SPAN; i++) sums[i] += weights[tap] * rows[tap * stride + column + i];
    for (size_t i = 0; i < SPAN; i++) out[column + i] = rounded(sums[i], shift);
  }
  for (; column < width; column++) {
    int32_t sum = 1 << (shift - 1);
    for (size_t tap = 0; tap < taps; tap++) sum += weights[tap] * rows[tap * stride + column];
    out[column] = rounded(sum, shift);
  }
}

void ck_resize_down(const uint8_t *rows, size_t stride, size_t width, size_t first, const int32_t *starts,
                    const int32_t *weights, size_t taps, size_t outputs, int shift, uint8_t *out) {
  for (size_t o = 0; o < outputs; o++)
    down(rows + ((size_t)starts[o] - first) * stride, stride, width, weights + o * taps, taps, shift, out + o * width);
}

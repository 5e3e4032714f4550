// Convolutions that are no matrix products.
#include "vision.h"
// After a header of the C library: it asks which one this is.
#include "clones.h"

enum { LANES = 16, RUN = 4 };

/// The rows or columns of a kernel that lie inside the picture.
typedef struct {
  size_t from, to;
} Inside;

TK_INLINE Inside inside(size_t output, size_t size, size_t kernel, size_t stride, size_t before) {
  size_t start = output * stride;
  Inside range = {start < before ? before - start : 0, kernel};
  if (start + kernel > size + before) range.to = size + before - start;
  return range;
}

void ck_windows(const uint8_t *restrict pixels, size_t size, size_t kernel, size_t stride, size_t before,
                const float *restrict table, size_t outputs, float *restrict out) {
  for (size_t y = 0; y < outputs; y++) {
    Inside rows = inside(y, size, kernel, stride, before);
    for (size_t x = 0; x < outputs; x++, out += kernel * kernel * 3) {
      Inside columns = inside(x, size, kernel, stride, before);
      for (size_t i = 0; i < kernel * kernel * 3; i++) out[i] = 0;
      for (size_t ky = rows.from; ky < rows.to; ky++) {
        const uint8_t *from = pixels + 3 * ((y * stride + ky - before) * size + x * stride - before);
        float *to = out + 3 * ky * kernel;
        for (size_t kx = columns.from; kx < columns.to; kx++)
          for (size_t colour = 0; colour < 3; colour++)
            to[3 * kx + colour] = table[256 * colour + from[3 * kx + colour]];
      }
    }
  }
}

typedef struct {
  const float *input, *weights, *bias;
  float *out;
  size_t channels, row, kernel, step;
} Place;

/// `lanes` channels of `count` neighbouring outputs; input: under the upper left of the first one's kernel.
TK_INLINE void lanes_of(Place place, Inside rows, Inside columns, size_t channel, size_t count, size_t lanes) {
  float sums[RUN][LANES];
  for (size_t o = 0; o < count; o++)
    for (size_t i = 0; i < lanes; i++) sums[o][i] = place.bias[channel + i];
  for (size_t ky = rows.from; ky < rows.to; ky++)
    for (size_t kx = columns.from; kx < columns.to; kx++) {
      const float *weights = place.weights + (ky * place.kernel + kx) * place.channels + channel;
      const float *input = place.input + ky * place.row + kx * place.channels + channel;
      for (size_t o = 0; o < count; o++)
        for (size_t i = 0; i < lanes; i++) sums[o][i] += input[o * place.step + i] * weights[i];
    }
  for (size_t o = 0; o < count; o++)
    for (size_t i = 0; i < lanes; i++) {
      float sum = sums[o][i];
      place.out[o * place.channels + channel + i] = sum < 0 ? 0 : sum > 6 ? 6 : sum;
    }
}

TK_INLINE void outputs_of(Place place, Inside rows, Inside columns, size_t count) {
  size_t channel = 0;
  for (; channel + LANES <= place.channels; channel += LANES) lanes_of(place, rows, columns, channel, count, LANES);
  for (; channel < place.channels; channel++) lanes_of(place, rows, columns, channel, count, 1);
}

/// Neighbours whose kernels lie wholly between the left and the right border go together.
TK_INLINE void output_row(const float *input, size_t size, size_t channels, size_t kernel, size_t stride,
                          size_t before, const float *weights, const float *bias, size_t y, size_t outputs,
                          float *out) {
  Inside rows = inside(y, size, kernel, stride, before);
  for (size_t x = 0; x < outputs;) {
    Inside first = inside(x, size, kernel, stride, before);
    Place place = {input + ((y * stride - before) * size + x * stride - before) * channels, weights, bias,
                   out + x * channels, channels, size * channels, kernel, stride * channels};
    size_t last = x + RUN - 1;
    int together = last < outputs && first.from == 0 && last * stride + kernel <= size + before;
    if (together)
      outputs_of(place, rows, first, RUN);
    else
      outputs_of(place, rows, first, 1);
    x += together ? RUN : 1;
  }
}

TK_CLONES void ck_depthwise(const float *input, size_t size, size_t channels, size_t kernel, size_t stride,
                            size_t before, const float *weights, const float *bias, size_t outputs, float *out) {
  for (size_t y = 0; y < outputs; y++)
    output_row(input, size, channels, kernel, stride, before, weights, bias, y, outputs, out + y * outputs * channels);
}

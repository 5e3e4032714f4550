// Pictures cut into patches.
#include "vision.h"

void ck_patch(const uint8_t *restrict pixels, size_t stride, size_t side, const float *restrict table, int interleaved,
              float *restrict out) {
  size_t pixel_step = interleaved ? 3 : 1, colour_step = interleaved ? 1 : side * side;
  for (size_t y = 0; y < side; y++) {
    const uint8_t *row = pixels + y * stride;
    float *to = out + y * side * pixel_step;
    for (size_t x = 0; x < side; x++)
      for (size_t colour = 0; colour < 3; colour++)
        to[x * pixel_step + colour * colour_step] = table[256 * colour + row[3 * x + colour]];
  }
}

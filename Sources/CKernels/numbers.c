// Numbers of checkpoint files become floats; in the same pass it is seen whether all of them are finite.
#include <string.h>

#include "clones.h"
#include "transformer.h"

/// Whether an exponent field is full: NaN or infinity.
TK_INLINE uint32_t is_full(uint32_t bits) { return (bits & 0x7f800000) == 0x7f800000; }

TK_CLONES int tk_from_f32(const void *bytes, size_t count, float *out) {
  const char *from = bytes;
  uint32_t found = 0;
  for (size_t i = 0; i < count; i++) {
    uint32_t bits;
    memcpy(&bits, from + 4 * i, sizeof bits);
    found |= is_full(bits);
    memcpy(out + i, &bits, sizeof bits);
  }
  return !found;
}

TK_CLONES int tk_from_bf16(const void *bytes, size_t count, float *out) {
  const char *from = bytes;
  uint32_t found = 0;
  for (size_t i = 0; i < count; i++) {
    uint16_t half;
    memcpy(&half, from + 2 * i, sizeof half);
    uint32_t bits = (uint32_t)half << 16;
    found |= is_full(bits);
    memcpy(out + i, &bits, sizeof bits);
  }
  return !found;
}

/// The exponent of a float16 is moved by a multiplication, which makes its subnormals normal too.
TK_CLONES int tk_from_f16(const void *bytes, size_t count, float *out) {
  const char *from = bytes;
  uint32_t found = 0;
  for (size_t i = 0; i < count; i++) {
    uint16_t half;
    memcpy(&half, from + 2 * i, sizeof half);
    found |= (half & 0x7c00) == 0x7c00;
    uint32_t bits = (uint32_t)(half & 0x7fff) << 13, sign = (uint32_t)(half & 0x8000) << 16;
    float magnitude;
    memcpy(&magnitude, &bits, sizeof magnitude);
    magnitude *= 0x1p112f;
    memcpy(&bits, &magnitude, sizeof bits);
    bits |= sign;
    memcpy(out + i, &bits, sizeof bits);
  }
  return !found;
}

TK_CLONES void tk_to_bf16(const float *values, size_t count, uint16_t *out) {
  for (size_t i = 0; i < count; i++) {
    uint32_t bits;
    memcpy(&bits, values + i, sizeof bits);
    uint32_t rounded = bits + 0x7fff + (bits >> 16 & 1);
    out[i] = (uint16_t)((values[i] == values[i] ? rounded : 0x7fc00000) >> 16);
  }
}

// Products with packed panels. A tile of the output stays in registers while the depth runs by.
#include <string.h>

#include "clones.h"
#include "transformer.h"

/// Sixteen floats; the compiler splits them into the registers there are.
typedef float Lanes __attribute__((vector_size(64)));

/// The same at any address.
typedef Lanes Unaligned __attribute__((aligned(4), may_alias));

/// Only sums with constant places stay in registers.
#define UNROLLED _Pragma("clang loop unroll(full)")

/// A tile's part of a panel stays in the first cache.
enum { DEPTH = 512 };

typedef struct {
  const float *input, *panels;
  float *out;
  size_t input_stride, out_stride, depth, columns, panel;
  float scale;
} Product;

/// The depths [first, end) of a product.
typedef struct {
  size_t first, end;
  int adds;
} Block;

/// One tile: `height` rows of one panel; height and vectors are constants where it is inlined.
TK_INLINE void tile(const Product *p, const Block *b, size_t row, size_t column, const int height, const int vectors) {
  Lanes sum[12][2] = {{{0}}};
  const float *input = p->input + row * p->input_stride;
  const float *panel = p->panels + column * p->depth + b->first * p->panel;
  for (size_t k = b->first; k < b->end; k++, panel += p->panel) {
    Lanes weights[2];
    UNROLLED
    for (int v = 0; v < vectors; v++) weights[v] = *(const Unaligned *)(panel + 16 * v);
    UNROLLED
    for (int r = 0; r < height; r++) {
      UNROLLED
      for (int v = 0; v < vectors; v++) sum[r][v] += input[(size_t)r * p->input_stride + k] * weights[v];
    }
  }
  size_t width = p->columns - column < p->panel ? p->columns - column : p->panel;
  UNROLLED
  for (int r = 0; r < height; r++) {
    float *out = p->out + (row + (size_t)r) * p->out_stride + column;
    UNROLLED
    for (int v = 0; v < vectors; v++) {
      Lanes result = sum[r][v] * p->scale;
      size_t count = width > 16 * (size_t)v ? width - 16 * (size_t)v : 0;
      if (count >= 16) {
        if (b->adds) result += *(const Unaligned *)(out + 16 * v);
        *(Unaligned *)(out + 16 * v) = result;
      } else {
        float last[16];
        *(Unaligned *)last = result;
        for (size_t l = 0; l < count; l++) out[16 * v + l] = b->adds ? out[16 * v + l] + last[l] : last[l];
      }
    }
  }
}

/// Rows in tiles of `height`, the last ones in lower tiles.
TK_INLINE void block(const Product *p, const Block *b, size_t rows, const int height, const int vectors) {
  for (size_t column = 0; column < p->columns; column += p->panel) {
    size_t row = 0;
    for (; row + (size_t)height <= rows; row += (size_t)height) tile(p, b, row, column, height, vectors);
    for (; row + 4 <= rows; row += 4) tile(p, b, row, column, 4, vectors);
    for (; row + 2 <= rows; row += 2) tile(p, b, row, column, 2, vectors);
    for (; row < rows; row++) tile(p, b, row, column, 1, vectors);
  }
}

TK_INLINE void blocks(const Product *p, size_t rows, int adds, const int height, const int vectors) {
  for (size_t first = 0, end; first < p->depth; first = end) {
    end = p->depth - first > DEPTH + DEPTH / 2 ? first + DEPTH : p->depth;
    Block b = {first, end, adds || first > 0};
    block(p, &b, rows, height, vectors);
  }
}

#if TK_X86
// Left to itself the compiler would halve the registers.
__attribute__((target("arch=x86-64-v4"), min_vector_width(512))) static void blocks_v4(const Product *p, size_t rows, int adds) {
  blocks(p, rows, adds, 12, 2);
}
__attribute__((target("arch=x86-64-v3"))) static void blocks_v3(const Product *p, size_t rows, int adds) {
  blocks(p, rows, adds, 6, 1);
}
#endif
static void blocks_default(const Product *p, size_t rows, int adds) { blocks(p, rows, adds, 4, 1); }

size_t tk_panel(void) {
#if TK_X86
  if (__builtin_cpu_supports("x86-64-v4")) return 32;
#endif
  return 16;
}

const char *tk_level(void) {
#if TK_X86
  if (__builtin_cpu_supports("x86-64-v4")) return "AVX-512";
  if (__builtin_cpu_supports("x86-64-v3")) return "AVX2";
#endif
  return "portable";
}

void tk_product(const float *input, size_t input_stride, const float *panels, size_t rows, size_t depth,
                size_t columns, float scale, int adds, float *out, size_t out_stride) {
  Product p = {input, panels, out, input_stride, out_stride, depth, columns, tk_panel(), scale};
#if TK_X86
  if (p.panel == 32) return blocks_v4(&p, rows, adds);
  if (__builtin_cpu_supports("x86-64-v3")) return blocks_v3(&p, rows, adds);
#endif
  blocks_default(&p, rows, adds);
}

TK_INLINE size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

void tk_pack(const float *matrix, size_t stride, size_t depth, size_t columns, float *out) {
  size_t panel = tk_panel();
  for (size_t column = 0; column < columns; column += panel) {
    size_t width = smaller(panel, columns - column);
    for (size_t k = 0; k < depth; k++, out += panel) {
      memcpy(out, matrix + k * stride + column, width * sizeof *out);
      memset(out + width, 0, (panel - width) * sizeof *out);
    }
  }
}

/// Sixteen depths at a time: the writes stay within a few cache lines per column.
TK_CLONES void tk_pack_transposed(const float *weight, size_t stride, size_t columns, size_t depth, float *out) {
  size_t panel = tk_panel();
  for (size_t column = 0; column < columns; column += panel, out += depth * panel) {
    size_t width = smaller(panel, columns - column);
    if (width < panel) memset(out, 0, depth * panel * sizeof *out);
    for (size_t first = 0; first < depth; first += 16) {
      size_t end = smaller(first + 16, depth);
      for (size_t j = 0; j < width; j++) {
        const float *row = weight + (column + j) * stride;
        for (size_t k = first; k < end; k++) out[k * panel + j] = row[k];
      }
    }
  }
}

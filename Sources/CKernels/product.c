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

/// A block of the input, laid out for the tiles, stays in the second cache; a tile's part of a panel in the first.
enum { DEPTH = 512, ROWS = 96 };

typedef struct {
  const float *input, *panels;
  float *out;
  size_t input_stride, out_stride, depth, columns, panel;
  float scale;
} Product;

/// Where a block of a product lies: its first row and depths [first, end).
typedef struct {
  size_t row, first, end;
  int adds;
} Block;

/// Lays out `height` rows of the input: out[k][r].
TK_INLINE void lay_out(const Product *p, const Block *b, size_t row,
                                                          const int height, float *out) {
  const float *input = p->input + row * p->input_stride;
  for (size_t k = b->first; k < b->end; k++, out += height)
    for (int r = 0; r < height; r++) out[r] = input[(size_t)r * p->input_stride + k];
}

/// One tile: `height` rows of one panel. input: [depth][height]; height and vectors are constants where it is inlined.
TK_INLINE void tile(const Product *p, const Block *b, const float *input, size_t row,
                                                       size_t column, const int height, const int vectors) {
  Lanes sum[12][2] = {{{0}}};
  const float *panel = p->panels + column * p->depth + b->first * p->panel;
  for (size_t k = b->first; k < b->end; k++, panel += p->panel, input += height) {
    Lanes weights[2];
    UNROLLED
    for (int v = 0; v < vectors; v++) weights[v] = *(const Unaligned *)(panel + 16 * v);
    UNROLLED
    for (int r = 0; r < height; r++) {
      UNROLLED
      for (int v = 0; v < vectors; v++) sum[r][v] += input[r] * weights[v];
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

/// Rows in tiles of `height`, the last ones in lower tiles: height, then 4, 2, 1.
#define EACH_TILE(step)                                      \
  size_t row = b->row, end = row + rows;                     \
  for (; row + (size_t)height <= end; row += (size_t)height) \
    step(height);                                            \
  for (; row + 4 <= end; row += 4) step(4);                  \
  for (; row + 2 <= end; row += 2) step(2);                  \
  for (; row < end; row++) step(1)

#define LAY_OUT(high) lay_out(p, b, row, high, laid + (row - b->row) * depth)
#define COMPUTE(high) tile(p, b, laid + (row - b->row) * depth, row, column, high, vectors)

TK_INLINE void block(const Product *p, const Block *b, size_t rows, const int height,
                                                        const int vectors) {
  float laid[ROWS * (DEPTH + DEPTH / 2)] __attribute__((aligned(64)));
  size_t depth = b->end - b->first;
  {
    EACH_TILE(LAY_OUT);
  }
  for (size_t column = 0; column < p->columns; column += p->panel) {
    EACH_TILE(COMPUTE);
  }
}

TK_INLINE void blocks(const Product *p, size_t rows, int adds, const int height,
                                                         const int vectors) {
  for (size_t first = 0, end; first < p->depth; first = end) {
    end = p->depth - first > DEPTH + DEPTH / 2 ? first + DEPTH : p->depth;
    for (size_t row = 0; row < rows; row += ROWS) {
      Block b = {row, first, end, adds || first > 0};
      block(p, &b, rows - row < ROWS ? rows - row : ROWS, height, vectors);
    }
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

// Whole-number picture loops: exact on every machine.
#include <stdlib.h>
#include <string.h>

#include "CKernels.h"
#include "dispatch.h"

/// An axis of `size` pixels shared among CK_SIDE outputs, in whole units: an output spans `total`, a pixel `cell`.
typedef struct {
  uint64_t total, cell;
} Axis;

static Axis axis_of(uint64_t size) {
  uint64_t cell = CK_SIDE, total = size;
  while (cell > 1 && total % 2 == 0) {
    cell /= 2;
    total /= 2;
  }
  return (Axis){total, cell};
}

static inline uint64_t lesser(uint64_t a, uint64_t b) { return a < b ? a : b; }
static inline uint64_t greater(uint64_t a, uint64_t b) { return a > b ? a : b; }

/// How many units of pixel j lie in [low, high).
static inline uint64_t share(Axis axis, uint64_t j, uint64_t low, uint64_t high) {
  return lesser((j + 1) * axis.cell, high) - greater(j * axis.cell, low);
}

CK_DISPATCH static void add_row(const uint8_t *restrict row, uint16_t weight, size_t count, uint32_t *restrict sums) {
  for (size_t i = 0; i < count; i++) sums[i] += (uint16_t)(row[i] * weight);
}

/// Two rows of equal weight ≤ CK_SIDE: their weighted sum still fits 16 bits.
CK_DISPATCH static void add_two_rows(const uint8_t *restrict a, const uint8_t *restrict b, uint16_t weight,
                                     size_t count, uint32_t *restrict sums) {
  for (size_t i = 0; i < count; i++) sums[i] += (uint16_t)((uint16_t)(a[i] + b[i]) * weight);
}

/// The column sums of all rows that output row i covers.
static void sum_rows(const uint8_t *rgb, Axis axis, uint64_t i, size_t count, uint32_t *sums) {
  uint64_t low = i * axis.total, high = low + axis.total, end = (high + axis.cell - 1) / axis.cell;
  memset(sums, 0, sizeof(uint32_t) * count);
  for (uint64_t j = low / axis.cell; j < end; j++) {
    uint64_t weight = share(axis, j, low, high);
    const uint8_t *row = rgb + count * j;
    if (j + 1 < end && share(axis, j + 1, low, high) == weight) {
      add_two_rows(row, row + count, (uint16_t)weight, count, sums);
      j++;
    } else {
      add_row(row, (uint16_t)weight, count, sums);
    }
  }
}

/// The sums of one output pixel: pixels that lie wholly inside are added first, then weighted at once.
static inline void sum_columns(const uint32_t *restrict sums, Axis axis, uint64_t i, uint64_t rgb[3]) {
  uint64_t low = i * axis.total, high = low + axis.total;
  uint64_t first = low / axis.cell, last = (high - 1) / axis.cell;
  uint64_t red = 0, green = 0, blue = 0;
  for (uint64_t j = first + 1; j < last; j++) {
    red += sums[3 * j];
    green += sums[3 * j + 1];
    blue += sums[3 * j + 2];
  }
  uint64_t before = share(axis, first, low, high), after = last > first ? share(axis, last, low, high) : 0;
  rgb[0] = red * axis.cell + sums[3 * first] * before + sums[3 * last] * after;
  rgb[1] = green * axis.cell + sums[3 * first + 1] * before + sums[3 * last + 1] * after;
  rgb[2] = blue * axis.cell + sums[3 * first + 2] * before + sums[3 * last + 2] * after;
}

void ck_shrink(const uint8_t *restrict rgb, size_t width, size_t height, uint32_t *restrict sums,
               uint16_t *restrict planes) {
  Axis wide = axis_of(width), tall = axis_of(height);
  double scale = 16.0 / (double)(wide.total * tall.total);
  for (uint64_t row = 0; row < CK_SIDE; row++) {
    sum_rows(rgb, tall, row, 3 * width, sums);
    for (uint64_t column = 0; column < CK_SIDE; column++) {
      uint64_t pixel[3];
      sum_columns(sums, wide, column, pixel);
      for (int c = 0; c < 3; c++)
        planes[CK_AREA * c + CK_SIDE * row + column] = (uint16_t)((double)pixel[c] * scale + 0.5);
    }
  }
}

CK_DISPATCH void ck_luma(const uint16_t *restrict planes, uint16_t *restrict luma) {
  const uint16_t *red = planes, *green = planes + CK_AREA, *blue = planes + 2 * CK_AREA;
  for (int i = 0; i < CK_AREA; i++)
    luma[i] = (uint16_t)((19595 * red[i] + 38470 * green[i] + 7471 * blue[i] + 32768) >> 16);
}

CK_DISPATCH void ck_cells(const uint16_t *restrict plane, int32_t *restrict sums) {
  for (int row = 0; row < CK_SIDE; row += 4) {
    const uint16_t *p = plane + CK_SIDE * row;
    int32_t columns[CK_SIDE];
    for (int x = 0; x < CK_SIDE; x++)
      columns[x] = p[x] + p[x + CK_SIDE] + p[x + 2 * CK_SIDE] + p[x + 3 * CK_SIDE];
    for (int x = 0; x < CK_SIDE; x += 4)
      *sums++ = columns[x] + columns[x + 1] + columns[x + 2] + columns[x + 3];
  }
}

enum { CELL = CK_SIDE / 4 };

static inline int32_t smaller(int32_t a, int32_t b) { return a < b ? a : b; }
static inline int32_t positive(int32_t a) { return a > 0 ? a : 0; }

/// Adds one row of a cell. above, below: [CELL]; row: [CELL] with a neighbour on either side.
static inline void add_edges(const uint16_t *restrict above, const uint16_t *restrict row,
                             const uint16_t *restrict below, int32_t *restrict out) {
  int32_t east = 0, south_east = 0, south = 0, south_west = 0, west = 0, north_west = 0, north = 0, north_east = 0;
  for (int x = 0; x < CELL; x++) {
    int32_t gx = row[x + 1] - row[x - 1], gy = below[x] - above[x];
    int32_t wide = gx < 0 ? -gx : gx, tall = gy < 0 ? -gy : gy;
    east += positive(gx - tall);
    south_east += positive(smaller(gx, gy));
    south += positive(gy - wide);
    south_west += positive(smaller(-gx, gy));
    west += positive(-gx - tall);
    north_west += positive(smaller(-gx, -gy));
    north += positive(-gy - wide);
    north_east += positive(smaller(gx, -gy));
  }
  int32_t sums[8] = {east, south_east, south, south_west, west, north_west, north, north_east};
  for (int d = 0; d < 8; d++) out[d] += sums[d];
}

CK_DISPATCH void ck_edges(const uint16_t *restrict luma, int32_t *restrict out) {
  memset(out, 0, sizeof(int32_t) * 4 * 4 * 8);
  for (int y = 0; y < CK_SIDE; y++) {
    const uint16_t *row = luma + CK_SIDE * y;
    const uint16_t *above = y > 0 ? row - CK_SIDE : row;
    const uint16_t *below = y < CK_SIDE - 1 ? row + CK_SIDE : row;
    uint16_t wide[CK_SIDE + 2];
    memcpy(wide + 1, row, sizeof(uint16_t) * CK_SIDE);
    wide[0] = row[0];
    wide[CK_SIDE + 1] = row[CK_SIDE - 1];
    for (int cell = 0; cell < 4; cell++)
      add_edges(above + CELL * cell, wide + 1 + CELL * cell, below + CELL * cell, out + 8 * (4 * (y / CELL) + cell));
  }
}

CK_DISPATCH void ck_motion(const uint16_t *restrict a, const uint16_t *restrict b, int32_t *restrict out) {
  for (int cell = 0; cell < 16; cell++) {
    size_t corner = (size_t)(CK_SIDE * CELL * (cell / 4) + CELL * (cell % 4));
    int32_t sum = 0;
    for (int y = 0; y < CELL; y++)
      for (int x = 0; x < CELL; x++) sum += abs(a[corner + CK_SIDE * y + x] - b[corner + CK_SIDE * y + x]);
    out[cell] = sum;
  }
}

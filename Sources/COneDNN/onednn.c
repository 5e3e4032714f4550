#include "COneDNN.h"

#ifdef TANDEM_ONEDNN

#include <dlfcn.h>
#include <dnnl.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

// ---- The library's functions, found by name.

#define COMMON(F)                                                                                        \
  F(dnnl_version) F(dnnl_engine_create) F(dnnl_stream_create) F(dnnl_stream_destroy)                     \
  F(dnnl_primitive_attr_create) F(dnnl_primitive_attr_destroy) F(dnnl_primitive_attr_set_scratchpad_mode) \
  F(dnnl_primitive_attr_set_post_ops) F(dnnl_post_ops_create) F(dnnl_post_ops_destroy)                   \
  F(dnnl_post_ops_append_sum) F(dnnl_post_ops_append_eltwise) F(dnnl_primitive_desc_destroy) F(dnnl_primitive_desc_query) F(dnnl_primitive_desc_query_md)            \
  F(dnnl_reorder_primitive_desc_create) F(dnnl_primitive_create) F(dnnl_primitive_destroy)               \
  F(dnnl_primitive_execute) F(dnnl_memory_create) F(dnnl_memory_destroy) F(dnnl_memory_desc_equal)       \
  F(dnnl_memory_desc_get_size)

#if DNNL_VERSION_MAJOR >= 3
#define OWN(F)                                                                                 \
  F(dnnl_memory_desc_create_with_strides) F(dnnl_memory_desc_create_with_tag)                  \
  F(dnnl_memory_desc_clone) F(dnnl_memory_desc_query) F(dnnl_memory_desc_destroy) F(dnnl_matmul_primitive_desc_create)
#define LIBRARY "libdnnl.so.3"
#else
#define OWN(F) \
  F(dnnl_memory_desc_init_by_strides) F(dnnl_memory_desc_init_by_tag) F(dnnl_matmul_desc_init) \
  F(dnnl_primitive_desc_create)
#define LIBRARY "libdnnl.so.2"
#endif

#define DECLARE(name) static __typeof__(name) *name##_;
COMMON(DECLARE)
OWN(DECLARE)
static void (*set_threads)(int);
static dnnl_engine_t engine;
static int is_open;

static void open_library(void) {
  void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
  if (!library) return;
#define FIND(name) \
  if (!(name##_ = (__typeof__(name) *)dlsym(library, #name))) return;
  COMMON(FIND)
  OWN(FIND)
  set_threads = (void (*)(int))dlsym(library, "omp_set_num_threads");
  is_open = dnnl_engine_create_(&engine, dnnl_cpu, 0) == dnnl_success;
}

int od_open(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, open_library);
  return is_open;
}

const char *od_version(void) {
  static char text[32];
  const dnnl_version_t *version = dnnl_version_();
  snprintf(text, sizeof text, "%d.%d.%d", version->major, version->minor, version->patch);
  return text;
}

int od_code_error(void) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  void *code = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (code == MAP_FAILED) return errno;
  int error = mprotect(code, page, PROT_READ | PROT_WRITE | PROT_EXEC) ? errno : 0;
  munmap(code, page);
  return error;
}

/// OpenMP's number of threads is each thread's own: a library that may not make a team runs where it is called.
static void stay_on_this_thread(void) {
  if (set_threads) set_threads(1);
}

// ---- Descriptions of memory: values in 2.x, handles in 3.x.

#if DNNL_VERSION_MAJOR >= 3
typedef dnnl_memory_desc_t Shape;
typedef const_dnnl_memory_desc_t ShapeOf;
static Shape matrix(size_t rows, size_t columns, size_t row_step, size_t column_step, dnnl_data_type_t type) {
  dnnl_dims_t sizes = {(dnnl_dim_t)rows, (dnnl_dim_t)columns}, steps = {(dnnl_dim_t)row_step, (dnnl_dim_t)column_step};
  Shape shape = NULL;
  dnnl_memory_desc_create_with_strides_(&shape, 2, sizes, type, steps);
  return shape;
}
static Shape any_matrix(size_t rows, size_t columns, dnnl_data_type_t type) {
  dnnl_dims_t sizes = {(dnnl_dim_t)rows, (dnnl_dim_t)columns};
  Shape shape = NULL;
  dnnl_memory_desc_create_with_tag_(&shape, 2, sizes, type, dnnl_format_tag_any);
  return shape;
}
static void forget(Shape *shape) {
  if (*shape) dnnl_memory_desc_destroy_(*shape);
}
#define REF(shape) (shape)
static void copy(Shape *to, ShapeOf from) { dnnl_memory_desc_clone_(to, from); }
#else
typedef dnnl_memory_desc_t Shape;
typedef const dnnl_memory_desc_t *ShapeOf;
static Shape matrix(size_t rows, size_t columns, size_t row_step, size_t column_step, dnnl_data_type_t type) {
  dnnl_dims_t sizes = {(dnnl_dim_t)rows, (dnnl_dim_t)columns}, steps = {(dnnl_dim_t)row_step, (dnnl_dim_t)column_step};
  Shape shape = {0};
  dnnl_memory_desc_init_by_strides_(&shape, 2, sizes, type, steps);
  return shape;
}
static Shape any_matrix(size_t rows, size_t columns, dnnl_data_type_t type) {
  dnnl_dims_t sizes = {(dnnl_dim_t)rows, (dnnl_dim_t)columns};
  Shape shape = {0};
  dnnl_memory_desc_init_by_tag_(&shape, 2, sizes, type, dnnl_format_tag_any);
  return shape;
}
static void forget(Shape *shape) { (void)shape; }
#define REF(shape) (&(shape))
static void copy(Shape *to, ShapeOf from) { *to = *from; }
#endif

// ---- Plans.

typedef struct {
  Shape input, plain, packed, bias, output, scratch;
  dnnl_primitive_t product;
  int has_bias, is_bf16;
} Plan;

#if DNNL_VERSION_MAJOR >= 3
#define SUM(after) dnnl_post_ops_append_sum_(after, 1, 0, dnnl_data_type_undef)
#define ELEMENTWISE(after, kind, alpha) dnnl_post_ops_append_eltwise_(after, kind, alpha, 0)
#else
#define SUM(after) dnnl_post_ops_append_sum_(after, 1)
#define ELEMENTWISE(after, kind, alpha) dnnl_post_ops_append_eltwise_(after, 1, kind, alpha, 0)
#endif

static dnnl_status_t follow(dnnl_post_ops_t after, const od_shape *shape) {
  if (shape->adds) return SUM(after);
  switch (shape->activation) {
    case OD_GELU: return ELEMENTWISE(after, dnnl_eltwise_gelu_erf, 0);
    case OD_GELU_TANH: return ELEMENTWISE(after, dnnl_eltwise_gelu_tanh, 0);
    case OD_SWISH: return ELEMENTWISE(after, dnnl_eltwise_swish, shape->slope);
    case OD_RELU: return ELEMENTWISE(after, dnnl_eltwise_relu, 0);
    default: return dnnl_success;
  }
}

static int describe(Plan *plan, const od_shape *shape, Shape *any, dnnl_primitive_desc_t *description) {
  dnnl_primitive_attr_t attributes = NULL;
  dnnl_post_ops_t after = NULL;
  int done = dnnl_primitive_attr_create_(&attributes) == dnnl_success &&
             dnnl_primitive_attr_set_scratchpad_mode_(attributes, dnnl_scratchpad_mode_user) == dnnl_success &&
             dnnl_post_ops_create_(&after) == dnnl_success && follow(after, shape) == dnnl_success &&
             dnnl_primitive_attr_set_post_ops_(attributes, after) == dnnl_success;
#if DNNL_VERSION_MAJOR >= 3
  done = done && dnnl_matmul_primitive_desc_create_(description, engine, plan->input, *any,
                                                    shape->has_bias ? plan->bias : NULL, plan->output,
                                                    attributes) == dnnl_success;
#else
  dnnl_matmul_desc_t operation;
  done = done &&
         dnnl_matmul_desc_init_(&operation, &plan->input, any, shape->has_bias ? &plan->bias : NULL,
                                &plan->output) == dnnl_success &&
         dnnl_primitive_desc_create_(description, &operation, attributes, engine, NULL) == dnnl_success;
#endif
  if (after) dnnl_post_ops_destroy_(after);
  if (attributes) dnnl_primitive_attr_destroy_(attributes);
  return done;
}

/// Fills all but the product: nothing is compiled for it.
static int outline(Plan *plan, const od_shape *shape, dnnl_primitive_desc_t *description) {
  stay_on_this_thread();
  dnnl_data_type_t type = shape->bf16 ? dnnl_bf16 : dnnl_f32;
  size_t columns = shape->columns, depth = shape->depth;
  plan->input = matrix(shape->rows, depth, depth, 1, type);
  plan->plain = matrix(depth, columns, 1, depth, dnnl_f32);
  plan->bias = matrix(1, columns, columns, 1, dnnl_f32);
  plan->output = matrix(shape->rows, columns, columns, 1, dnnl_f32);
  plan->has_bias = shape->has_bias;
  plan->is_bf16 = shape->bf16;
  Shape any = any_matrix(depth, columns, type);
  int done = describe(plan, shape, &any, description);
  if (done) {
    copy(&plan->packed, dnnl_primitive_desc_query_md_(*description, dnnl_query_weights_md, 0));
    copy(&plan->scratch, dnnl_primitive_desc_query_md_(*description, dnnl_query_scratchpad_md, 0));
  }
  forget(&any);
  return done;
}

od_plan od_plan_create(const od_shape *shape) {
  Plan *plan = calloc(1, sizeof *plan);
  if (!plan) return 0;
  dnnl_primitive_desc_t description = NULL;
  int done = outline(plan, shape, &description);
  if (done) {
    done = dnnl_primitive_create_(&plan->product, description) == dnnl_success;
    dnnl_primitive_desc_destroy_(description);
  }
  if (done) return (od_plan)plan;
  od_plan_destroy((od_plan)plan);
  return 0;
}

int od_is_blocked(const od_shape *shape) {
  Plan *plan = calloc(1, sizeof *plan);
  if (!plan) return 0;
  dnnl_primitive_desc_t description = NULL;
  const char *name = NULL;
  if (outline(plan, shape, &description)) {
    dnnl_primitive_desc_query_(description, dnnl_query_impl_info_str, 0, &name);
    dnnl_primitive_desc_destroy_(description);
  }
  od_plan_destroy((od_plan)plan);
  return name && strstr(name, "brg");
}

void od_plan_destroy(od_plan handle) {
  Plan *plan = (Plan *)handle;
  if (!plan) return;
  if (plan->product) dnnl_primitive_destroy_(plan->product);
  forget(&plan->input);
  forget(&plan->plain);
  forget(&plan->packed);
  forget(&plan->bias);
  forget(&plan->output);
  forget(&plan->scratch);
  free(plan);
}

size_t od_plan_weight_size(od_plan handle) { return dnnl_memory_desc_get_size_(REF(((Plan *)handle)->packed)); }
size_t od_plan_scratch_size(od_plan handle) { return dnnl_memory_desc_get_size_(REF(((Plan *)handle)->scratch)); }

/// How a packed weight [depth, columns] lies: blocks of columns one after the other, in each all depths.
typedef struct {
  int count;
  dnnl_dims_t sizes, places, steps;
} Blocks;

static int blocks(const Shape *shape, Blocks *out) {
  memset(out, 0, sizeof *out);
#if DNNL_VERSION_MAJOR >= 3
  const dnnl_dims_t *sizes, *places, *steps;
  if (dnnl_memory_desc_query_(*shape, dnnl_query_inner_nblks_s32, &out->count) != dnnl_success ||
      dnnl_memory_desc_query_(*shape, dnnl_query_inner_blks, &sizes) != dnnl_success ||
      dnnl_memory_desc_query_(*shape, dnnl_query_inner_idxs, &places) != dnnl_success ||
      dnnl_memory_desc_query_(*shape, dnnl_query_strides, &steps) != dnnl_success)
    return 0;
  memcpy(out->sizes, *sizes, (size_t)out->count * sizeof **sizes);
  memcpy(out->places, *places, (size_t)out->count * sizeof **places);
  memcpy(out->steps, *steps, 2 * sizeof **steps);
#else
  if (shape->format_kind != dnnl_blocked) return 0;
  const dnnl_blocking_desc_t *own = &shape->format_desc.blocking;
  out->count = own->inner_nblks;
  memcpy(out->sizes, own->inner_blks, (size_t)out->count * sizeof *own->inner_blks);
  memcpy(out->places, own->inner_idxs, (size_t)out->count * sizeof *own->inner_idxs);
  memcpy(out->steps, own->strides, 2 * sizeof *own->strides);
#endif
  return 1;
}

int od_plan_is_part(od_plan part, od_plan whole) {
  const Shape *a = &((Plan *)part)->packed, *b = &((Plan *)whole)->packed;
  if (dnnl_memory_desc_equal_(REF(*a), REF(*b))) return 1;
  Blocks own, other;
  return blocks(a, &own) && blocks(b, &other) && !memcmp(&own, &other, sizeof own) && own.count > 0;
}

size_t od_plan_column(od_plan handle, size_t column) {
  const Plan *plan = (Plan *)handle;
  if (column == 0) return 0;
  Blocks own;
  if (!blocks(&plan->packed, &own)) return SIZE_MAX;
  size_t width = 1;
  for (int n = 0; n < own.count; n++)
    if (own.places[n] == 1) width *= (size_t)own.sizes[n];
  if (width == 1 || column % width || own.steps[1] < own.steps[0]) return SIZE_MAX;
  return column / width * (size_t)own.steps[1] * (plan->is_bf16 ? 2 : 4);
}

// ---- Runs.

static dnnl_memory_t memory(const Shape *shape, const void *data) {
  dnnl_memory_t memory = NULL;
  dnnl_memory_create_(&memory, REF(*shape), engine, (void *)data);
  return memory;
}

/// Executes on memories that it destroys.
static int execute(dnnl_primitive_t primitive, dnnl_exec_arg_t *arguments, int count) {
  dnnl_stream_t stream = NULL;
  int done = dnnl_stream_create_(&stream, engine, dnnl_stream_default_flags) == dnnl_success;
  for (int n = 0; n < count; n++) done = done && arguments[n].memory;
  done = done && dnnl_primitive_execute_(primitive, stream, count, arguments) == dnnl_success;
  for (int n = 0; n < count; n++)
    if (arguments[n].memory) dnnl_memory_destroy_(arguments[n].memory);
  if (stream) dnnl_stream_destroy_(stream);
  return done;
}

static int reorder(const Shape *from, const void *source, const Shape *to, void *out) {
  dnnl_primitive_desc_t description = NULL;
  dnnl_primitive_t primitive = NULL;
  stay_on_this_thread();
  if (dnnl_reorder_primitive_desc_create_(&description, REF(*from), engine, REF(*to), engine, NULL) != dnnl_success)
    return 0;
  int done = dnnl_primitive_create_(&primitive, description) == dnnl_success;
  dnnl_primitive_desc_destroy_(description);
  if (!done) return 0;
  dnnl_exec_arg_t arguments[] = {{DNNL_ARG_FROM, memory(from, source)}, {DNNL_ARG_TO, memory(to, out)}};
  done = execute(primitive, arguments, 2);
  dnnl_primitive_destroy_(primitive);
  return done;
}

int od_pack(od_plan handle, const float *weight, void *packed) {
  Plan *plan = (Plan *)handle;
  return reorder(&plan->plain, weight, &plan->packed, packed);
}

int od_repack(od_plan handle, od_plan from, const void *old, void *packed) {
  return reorder(&((Plan *)from)->packed, old, &((Plan *)handle)->packed, packed);
}

int od_run(od_plan handle, const void *input, const void *packed, const float *bias, float *out, void *scratch) {
  Plan *plan = (Plan *)handle;
  stay_on_this_thread();
  dnnl_exec_arg_t arguments[] = {{DNNL_ARG_SRC, memory(&plan->input, input)},
                                 {DNNL_ARG_WEIGHTS, memory(&plan->packed, packed)},
                                 {DNNL_ARG_DST, memory(&plan->output, out)},
                                 {DNNL_ARG_SCRATCHPAD, memory(&plan->scratch, scratch)},
                                 {DNNL_ARG_BIAS, plan->has_bias ? memory(&plan->bias, bias) : NULL}};
  return execute(plan->product, arguments, plan->has_bias ? 5 : 4);
}

// ---- Scratch memory.

typedef struct {
  void *data;
  size_t bytes;
} Scratch;

static pthread_key_t scratch_key;

static void free_scratch(void *own) {
  free(((Scratch *)own)->data);
  free(own);
}

static void make_key(void) { pthread_key_create(&scratch_key, free_scratch); }

void *od_scratch(size_t bytes) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, make_key);
  Scratch *scratch = pthread_getspecific(scratch_key);
  if (!scratch) {
    scratch = calloc(1, sizeof *scratch);
    if (!scratch || pthread_setspecific(scratch_key, scratch)) return free(scratch), NULL;
  }
  if (!scratch->data || scratch->bytes < bytes) {
    free(scratch->data);
    scratch->bytes = (bytes / 4096 + 1) * 4096;
    scratch->data = aligned_alloc(64, scratch->bytes);
    if (!scratch->data) scratch->bytes = 0;
  }
  return scratch->data;
}

#else

// Built without oneDNN: there is nothing to open.
int od_open(void) { return 0; }

#endif

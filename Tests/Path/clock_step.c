/* Makes a process feel a step of the machine's clock as the kernel would let it: $CLOCK_STEP names a file of eight
   bytes, by how many nanoseconds CLOCK_REALTIME stands apart, read at every call. What waits until a moment of that
   clock waits longer when it is set back, and no longer when it is set forth. CLOCK_MONOTONIC is left alone.

   cc -shared -fPIC -o clock_step.so clock_step.c; LD_PRELOAD=… */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>

#define SECOND 1000000000LL
#define SLICE (10 * 1000000LL)

static const volatile int64_t *step;
static int (*real_gettime)(clockid_t, struct timespec *);
static int (*real_cond_wait)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);

__attribute__((constructor)) static void begin(void) {
  real_gettime = dlsym(RTLD_NEXT, "clock_gettime");
  real_cond_wait = dlsym(RTLD_NEXT, "pthread_cond_timedwait");
  const char *path = getenv("CLOCK_STEP");
  int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  if (file < 0) abort();
  step = mmap(0, sizeof *step, PROT_READ, MAP_SHARED, file, 0);
  if (step == MAP_FAILED) abort();
}

static int64_t in_nanoseconds(const struct timespec *time) { return time->tv_sec * SECOND + time->tv_nsec; }

static struct timespec in_time(int64_t nanoseconds) {
  return (struct timespec){nanoseconds / SECOND, nanoseconds % SECOND};
}

static int64_t now(clockid_t clock) {
  struct timespec time;
  if (!real_gettime) real_gettime = dlsym(RTLD_NEXT, "clock_gettime");
  real_gettime(clock, &time);
  return in_nanoseconds(&time);
}

static int64_t wall(void) { return now(CLOCK_REALTIME) + (step ? *step : 0); }

int clock_gettime(clockid_t clock, struct timespec *time) {
  int is_wall = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
  *time = in_time(is_wall ? wall() : now(clock));
  return 0;
}

int gettimeofday(struct timeval *time, void *zone) {
  (void)zone;
  *time = (struct timeval){wall() / SECOND, wall() % SECOND / 1000};
  return 0;
}

time_t time(time_t *target) {
  time_t seconds = wall() / SECOND;
  if (target) *target = seconds;
  return seconds;
}

int sem_timedwait(sem_t *semaphore, const struct timespec *until) {
  for (;;) {
    if (sem_trywait(semaphore) == 0) return 0;
    if (wall() >= in_nanoseconds(until)) return errno = ETIMEDOUT, -1;
    struct timespec soon = in_time(now(CLOCK_MONOTONIC) + SLICE);
    if (sem_clockwait(semaphore, CLOCK_MONOTONIC, &soon) == 0) return 0;
    if (errno != ETIMEDOUT) return -1;
  }
}

/* A condition may go by either clock: the numbers tell which. */
int pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *mutex, const struct timespec *until) {
  if (until->tv_sec < 1000000000) return real_cond_wait(condition, mutex, until);
  for (;;) {
    if (wall() >= in_nanoseconds(until)) return ETIMEDOUT;
    struct timespec soon = in_time(now(CLOCK_REALTIME) + SLICE);
    int code = real_cond_wait(condition, mutex, &soon);
    if (code != ETIMEDOUT) return code;
  }
}

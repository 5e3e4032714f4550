// The system has no thread while the file that $NO_THREADS names is there, but for those with attributes, as Dispatch's
// have: they carry the signals too.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

typedef int make(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*work)(void *), void *argument) {
  static make *real;
  if (!real) real = (make *)dlsym(RTLD_NEXT, "pthread_create");
  const char *path = getenv("NO_THREADS");
  return path && !attributes && access(path, F_OK) == 0 ? EAGAIN : real(thread, attributes, work, argument);
}

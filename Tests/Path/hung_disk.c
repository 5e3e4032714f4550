/* A disk that does not answer: whoever looks at a path that begins with $HUNG waits for ever. LD_PRELOAD puts it before
   the C library's. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void look(const char *path) {
  const char *hung = getenv("HUNG");
  if (hung && strncmp(path, hung, strlen(hung)) == 0)
    for (;;) pause();
}

int stat(const char *path, struct stat *status) {
  static int (*real)(const char *, struct stat *);
  look(path);
  if (!real) real = (int (*)(const char *, struct stat *))dlsym(RTLD_NEXT, "stat");
  return real(path, status);
}

// While the file that $FAILING_DISK names is there: after as many writes to segments as it says, the disk is full for
// one write, then cannot sync once; and then it is well again, and the file is gone.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "descriptor_path.h"

static atomic_int writes, is_full;

static int left(void) {
  char text[16] = "";
  const char *path = getenv("FAILING_DISK");
  FILE *file = path ? fopen(path, "r") : NULL;
  if (!file) return -1;
  size_t count = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  return count ? atoi(text) : -1;
}

static int is_segment(int fd) { return path_ends(fd, ".arrows"); }

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset) {
  static ssize_t (*real)(int, const void *, size_t, off_t);
  if (!real) real = (ssize_t(*)(int, const void *, size_t, off_t))dlsym(RTLD_NEXT, "pwrite");
  int most = is_segment(fd) ? left() : -1;
  if (most >= 0 && !is_full && writes++ == most) {
    is_full = 1;
    errno = ENOSPC;
    return -1;
  }
  return real(fd, bytes, count, offset);
}

int fdatasync(int fd) {
  static int (*real)(int);
  if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
  if (is_full && is_segment(fd) && left() >= 0) {
    unlink(getenv("FAILING_DISK"));
    errno = EIO;
    return -1;
  }
  return real(fd);
}

// For the stand-ins of this folder: what a descriptor is open on.
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int path_ends(int fd, const char *end) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  size_t size = strlen(end);
  return length >= (ssize_t)size && memcmp(path + length - size, end, size) == 0;
}

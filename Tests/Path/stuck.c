/* A libavcodec that computes for ever once, as soon as the file named by $STUCK is there: LD_PRELOAD puts it before
   the real one. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

int avcodec_send_packet(void *decoder, const void *packet) {
  static int (*real)(void *, const void *);
  volatile unsigned long turns = 0;
  const char *path = getenv("STUCK");
  if (path && unlink(path) == 0)
    for (;;) turns = turns + 1;
  if (!real) real = (int (*)(void *, const void *))dlsym(RTLD_NEXT, "avcodec_send_packet");
  return real(decoder, packet);
}

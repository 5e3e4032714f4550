/* A world outside this machine: connections to 203.0.113.0/24 arrive at 127.0.0.1, and three names have addresses
   there: outside.example, both.example (one of two), turning.example (until somebody has asked). LD_PRELOAD puts it
   before the C library. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>

int connect(int socket, const struct sockaddr *address, socklen_t length) {
  int (*real)(int, const struct sockaddr *, socklen_t) =
      (int (*)(int, const struct sockaddr *, socklen_t))dlsym(RTLD_NEXT, "connect");
  struct sockaddr_in place;
  if (address->sa_family == AF_INET) {
    memcpy(&place, address, sizeof place);
    if ((ntohl(place.sin_addr.s_addr) & 0xFFFFFF00) == 0xCB007100) {
      place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      return real(socket, (struct sockaddr *)&place, sizeof place);
    }
  }
  return real(socket, address, length);
}

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
  int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **) =
      (int (*)(const char *, const char *, const struct addrinfo *, struct addrinfo **))dlsym(RTLD_NEXT, "getaddrinfo");
  static int questions;
  if (name && !strcmp(name, "turning.example"))
    return real(questions++ ? "127.0.0.1" : "203.0.113.1", service, hints, found);
  if (name && !strcmp(name, "outside.example")) return real("203.0.113.1", service, hints, found);
  if (!name || strcmp(name, "both.example")) return real(name, service, hints, found);
  struct addrinfo *last;
  int code = real("203.0.113.1", service, hints, found);
  if (code) return code;
  for (last = *found; last->ai_next;) last = last->ai_next;
  return real("127.0.0.1", service, hints, &last->ai_next);
}

// What Linux has and Swift's Glibc module leaves out: GNU extensions, variadic calls, macros. Numbers of GNU's macros
// are written out: with _GNU_SOURCE the headers define types otherwise than Swift's Glibc module, and in debug builds
// the two clash.
#pragma once
#include <fcntl.h>
#include <semaphore.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

// Both ends of a pipe, with their flags from the first moment on; −1 and errno.
static inline int linux_pipe(int ends[_Nonnull 2], int flags) { return (int)syscall(SYS_pipe2, ends, flags); }

// The next connection, with its flags from the first moment on: closed on exec, never blocking; −1 and errno.
static inline int linux_accept(int fd) {
  return (int)syscall(SYS_accept4, fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

// Two files have each other's names, at once; −1 and errno. The flag is that of <linux/fs.h>.
static inline int linux_exchange(const char *_Nonnull one, const char *_Nonnull other) {
  return (int)syscall(SYS_renameat2, AT_FDCWD, one, AT_FDCWD, other, 1u << 1);
}

// Room on the disk for the first `length` bytes of a file, whose size stays: 0, or −1 and errno. The flag is that of
// <linux/falloc.h>.
static inline int linux_keep_room(int fd, int64_t length) {
  return (int)syscall(SYS_fallocate, fd, 1, (int64_t)0, length);
}

// Memory without a name whose size can be sealed; −1 and errno. The flags' numbers are those of <linux/memfd.h>: it
// closes on exec, and may be sealed.
static inline int linux_sealable_memory(const char *_Nonnull name) {
  return (int)syscall(SYS_memfd_create, name, 0x1 | 0x2);
}

// Forbids every change of size, and of that. The seals' numbers are those of <linux/fcntl.h>.
static const int LINUX_SIZE_SEALS = 0x1 | 0x2 | 0x4;
static inline int linux_seal_size(int fd) { return fcntl(fd, 1024 + 9, LINUX_SIZE_SEALS); }
static inline int linux_has_sealed_size(int fd) {
  int seals = fcntl(fd, 1024 + 10);
  return seals >= 0 && (seals & LINUX_SIZE_SEALS) == LINUX_SIZE_SEALS;
}

// One more of the actions of posix_spawn: the child has no descriptor from this number on. GNU's declaration is missing.
extern int posix_spawn_file_actions_addclosefrom_np(void *_Nonnull actions, int from);
static inline void linux_close_from(void *_Nonnull actions, int from) {
  (void)posix_spawn_file_actions_addclosefrom_np(actions, from);
}

// Waits until then by the monotonic clock, whose number is 1: 0, or −1 and errno. GNU's declaration is missing.
extern int sem_clockwait(sem_t *_Nonnull semaphore, int clock, const struct timespec *_Nonnull deadline);
static inline int linux_wait(sem_t *_Nonnull semaphore, const struct timespec *_Nonnull deadline) {
  return sem_clockwait(semaphore, 1, deadline);
}

// Who has connected to a Unix socket: 0, or −1 and errno.
static inline int linux_peer(int fd, uint32_t *_Nonnull uid, int32_t *_Nonnull pid) {
  struct { int32_t pid; uint32_t uid; uint32_t gid; } peer;
  socklen_t size = sizeof peer;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return -1;
  *uid = peer.uid;
  *pid = peer.pid;
  return 0;
}

// Bytes sent that the other end of a stream socket has not taken: 0, or −1 and errno. The number is TIOCOUTQ of
// <asm-generic/ioctls.h>.
static inline int linux_untaken(int fd, int32_t *_Nonnull count) { return (int)syscall(SYS_ioctl, fd, 0x5411, count); }

// The address space of another process, in bytes: 0, or −1 and errno. 9 is RLIMIT_AS.
static inline int linux_limit_memory(int32_t pid, uint64_t bytes) {
  const uint64_t limit[2] = {bytes, bytes};
  return (int)syscall(SYS_prlimit64, pid, 9, limit, NULL);
}

// The kernel ends a process group as soon as this reading end of a pipe has no writer any more, or something to read:
// 0, or −1 and errno. It does so as long as anybody holds the end. 10 is F_SETSIG, 9 SIGKILL, 020000 O_ASYNC.
static inline int linux_kill_group_by_pipe(int fd, int32_t group) {
  if (fcntl(fd, F_SETOWN, -group) != 0 || fcntl(fd, 10, 9) != 0) return -1;
  return fcntl(fd, F_SETFL, 020000);
}

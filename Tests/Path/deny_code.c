// deny_code prctl|filter PROGRAM …: runs a program that may not make code, as a unit with MemoryDenyWriteExecute=yes
// does. systemd asks the kernel for it by PR_SET_MDWE since 254, where Linux has it (6.3); before, by a system call
// filter. Exit 77: this kernel has no such means.
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef PR_SET_MDWE
#define PR_SET_MDWE 65
#define PR_MDWE_REFUSE_EXEC_GAIN 1
#endif

// The low half of an argument: the bits that matter stand there.
#define ARGUMENT(n) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[n]))
// Goes on if the call is another, by skipping the four instructions that judge this one.
#define CALL(number)                                                        \
  BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)), \
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 4)
#define REFUSE_ALL_OF(n, bits)                                                                        \
  ARGUMENT(n), BPF_STMT(BPF_ALU | BPF_AND | BPF_K, bits), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, bits, 0, 1), \
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM)

static int filter(void) {
  struct sock_filter rules[] = {
      CALL(SYS_mmap), REFUSE_ALL_OF(2, PROT_WRITE | PROT_EXEC),
      CALL(SYS_mprotect), REFUSE_ALL_OF(2, PROT_EXEC),
      CALL(SYS_pkey_mprotect), REFUSE_ALL_OF(2, PROT_EXEC),
      CALL(SYS_shmat), REFUSE_ALL_OF(2, SHM_EXEC),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof rules / sizeof *rules, rules};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

/// Whether code can be made all the same, as a compiler in the process would do it.
static int is_possible(void) {
  void *code = mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return code == MAP_FAILED || mprotect(code, 1, PROT_READ | PROT_WRITE | PROT_EXEC) == 0 ||
         mprotect(code, 1, PROT_READ | PROT_EXEC) == 0 ||
         mmap(NULL, 1, PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}

int main(int count, char **words) {
  if (count < 3) return 64;
  int failed = strcmp(words[1], "prctl") ? filter() : prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0);
  if (failed && errno == EINVAL) return perror(words[1]), 77;
  if (failed || is_possible()) return fputs("code can still be made\n", stderr), 70;
  execv(words[2], words + 2);
  return perror(words[2]), 71;
}

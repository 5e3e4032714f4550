// For loops that may contract to fused multiply-add: compiled for several levels of x86-64, chosen at load time.
#ifndef TK_CLONES_H
#define TK_CLONES_H

#include <stdint.h>  // so that __GLIBC__ is known

#pragma STDC FP_CONTRACT ON

#if defined(__x86_64__) && defined(__linux__) && defined(__GLIBC__)
#define TK_X86 1
#define TK_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define TK_X86 0
#define TK_CLONES
#endif

/// What loops are made of must be compiled with the loop, for its instruction set.
#define TK_INLINE __attribute__((always_inline)) static inline

#endif

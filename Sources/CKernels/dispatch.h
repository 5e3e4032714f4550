// Each kernel is compiled for several instruction sets of x86-64 and chosen when the program is loaded.
// Contraction to fused multiply-add is off everywhere: it would change bits between machines.
#ifndef CK_DISPATCH_H
#define CK_DISPATCH_H

#include <stdint.h>  // so that __GLIBC__ is known

#pragma STDC FP_CONTRACT OFF

#if defined(__x86_64__) && defined(__linux__) && defined(__GLIBC__)
#define CK_DISPATCH __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define CK_DISPATCH
#endif

#endif

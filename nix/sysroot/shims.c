/*
 * What newer headers or libstdc++ ask of glibc and an older one lacks, in terms
 * of what that older one has. Compiled once for each symbol (-DSHIM_NAME), as
 * hidden members of libc_nonshared.a: only a program that needs one gets it,
 * and configure probes see it like any other function.
 */
#define HIDDEN __attribute__((visibility("hidden")))
#define ALIAS(name) __asm__(name)

typedef __SIZE_TYPE__ size_t;
typedef __PTRDIFF_TYPE__ ssize_t;
struct timespec;

extern long syscall(long, ...);
extern int *__errno_location(void);

#include <asm/unistd.h>

#ifdef SHIM_fcntl64
/* Every architecture's fcntl passes its third argument as it is. */
extern int old_fcntl(int, int, void *) ALIAS("fcntl");
HIDDEN int fcntl64(int fd, int cmd, ...) {
  __builtin_va_list args;
  __builtin_va_start(args, cmd);
  void *argument = __builtin_va_arg(args, void *);
  __builtin_va_end(args);
  return old_fcntl(fd, cmd, argument);
}
#endif

#ifdef SHIM_getrandom
HIDDEN ssize_t getrandom(void *buffer, size_t length, unsigned flags) {
  return syscall(__NR_getrandom, buffer, length, flags);
}
#endif

#ifdef SHIM_memfd_create
HIDDEN int memfd_create(const char *name, unsigned flags) {
  return (int)syscall(__NR_memfd_create, name, flags);
}
#endif

#ifdef SHIM_gettid
HIDDEN int gettid(void) { return (int)syscall(__NR_gettid); }
#endif

#ifdef SHIM_tgkill
HIDDEN int tgkill(int group, int thread, int signal) {
  return (int)syscall(__NR_tgkill, group, thread, signal);
}
#endif

#ifdef SHIM_statx
HIDDEN int statx(int dir, const char *path, int flags, unsigned mask, void *buffer) {
  return (int)syscall(__NR_statx, dir, path, flags, mask, buffer);
}
#endif

#ifdef SHIM_renameat2
HIDDEN int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags) {
  return (int)syscall(__NR_renameat2, from_dir, from, to_dir, to, flags);
}
#endif

#ifdef SHIM_copy_file_range
HIDDEN ssize_t copy_file_range(int in, long long *in_at, int out, long long *out_at,
                               size_t length, unsigned flags) {
  return syscall(__NR_copy_file_range, in, in_at, out, out_at, length, flags);
}
#endif

#ifdef SHIM_getdents64
HIDDEN ssize_t getdents64(int fd, void *buffer, size_t length) {
  return syscall(__NR_getdents64, fd, buffer, length);
}
#endif

#ifdef SHIM_getentropy
HIDDEN int getentropy(void *buffer, size_t length) {
  char *at = buffer;
  if (length > 256) {
    *__errno_location() = 5; /* EIO, as getentropy(3) says. */
    return -1;
  }
  while (length > 0) {
    long got = syscall(__NR_getrandom, at, length, 0);
    if (got < 0) {
      if (*__errno_location() == 4) /* EINTR */
        continue;
      return -1;
    }
    at += got;
    length -= (size_t)got;
  }
  return 0;
}
#endif

#ifdef SHIM_explicit_bzero
HIDDEN void explicit_bzero(void *buffer, size_t length) {
  __builtin_memset(buffer, 0, length);
  __asm__ volatile("" : : "r"(buffer) : "memory");
}
#endif

#ifdef SHIM___explicit_bzero_chk
extern void __chk_fail(void) __attribute__((noreturn));
HIDDEN void __explicit_bzero_chk(void *buffer, size_t length, size_t room) {
  if (room < length)
    __chk_fail();
  __builtin_memset(buffer, 0, length);
  __asm__ volatile("" : : "r"(buffer) : "memory");
}
#endif

#ifdef SHIM_reallocarray
extern void *realloc(void *, size_t);
HIDDEN void *reallocarray(void *old, size_t count, size_t size) {
  size_t bytes;
  if (__builtin_mul_overflow(count, size, &bytes)) {
    *__errno_location() = 12; /* ENOMEM */
    return 0;
  }
  return realloc(old, bytes);
}
#endif

/*
 * A wait by the monotonic clock becomes one by the real-time clock with the
 * same time left: the older library knows no other for these objects.
 */
#if defined(SHIM_pthread_cond_clockwait) || defined(SHIM_pthread_mutex_clocklock) ||          \
    defined(SHIM_pthread_rwlock_clockrdlock) || defined(SHIM_pthread_rwlock_clockwrlock)
#include <time.h>
extern int clock_gettime(clockid_t, struct timespec *);
static const struct timespec *in_real_time(clockid_t clock, const struct timespec *until,
                                           struct timespec *converted) {
  struct timespec now, real;
  if (clock == CLOCK_REALTIME || clock_gettime(clock, &now) || clock_gettime(CLOCK_REALTIME, &real))
    return until;
  long long left = (until->tv_sec - now.tv_sec) * 1000000000LL + (until->tv_nsec - now.tv_nsec);
  long long at = real.tv_nsec + (left > 0 ? left : 0);
  converted->tv_sec = real.tv_sec + at / 1000000000LL;
  converted->tv_nsec = at % 1000000000LL;
  return converted;
}
#endif

#ifdef SHIM_pthread_cond_clockwait
extern int pthread_cond_timedwait(void *, void *, const struct timespec *);
HIDDEN int pthread_cond_clockwait(void *cond, void *mutex, clockid_t clock,
                                  const struct timespec *until) {
  struct timespec converted;
  return pthread_cond_timedwait(cond, mutex, in_real_time(clock, until, &converted));
}
#endif

#ifdef SHIM_pthread_mutex_clocklock
extern int pthread_mutex_timedlock(void *, const struct timespec *);
HIDDEN int pthread_mutex_clocklock(void *mutex, clockid_t clock, const struct timespec *until) {
  struct timespec converted;
  return pthread_mutex_timedlock(mutex, in_real_time(clock, until, &converted));
}
#endif

#ifdef SHIM_pthread_rwlock_clockrdlock
extern int pthread_rwlock_timedrdlock(void *, const struct timespec *);
HIDDEN int pthread_rwlock_clockrdlock(void *lock, clockid_t clock, const struct timespec *until) {
  struct timespec converted;
  return pthread_rwlock_timedrdlock(lock, in_real_time(clock, until, &converted));
}
#endif

#ifdef SHIM_pthread_rwlock_clockwrlock
extern int pthread_rwlock_timedwrlock(void *, const struct timespec *);
HIDDEN int pthread_rwlock_clockwrlock(void *lock, clockid_t clock, const struct timespec *until) {
  struct timespec converted;
  return pthread_rwlock_timedwrlock(lock, in_real_time(clock, until, &converted));
}
#endif

#ifdef SHIM___cxa_thread_atexit_impl
/*
 * Destructors of thread_local objects. libstdc++ calls this under another name
 * (the sysroot renames its reference), so that the real one, where the system
 * has it, is still found by its own name through a weak reference.
 */
typedef void (*destructor)(void *);
extern int real(destructor, void *, void *) ALIAS("__cxa_thread_atexit_impl")
    __attribute__((weak));
extern int pthread_key_create(unsigned *, destructor);
extern int pthread_setspecific(unsigned, const void *);
extern void *pthread_getspecific(unsigned);
extern int pthread_once(int *, void (*)(void));
extern void *malloc(size_t);
extern void free(void *);

struct entry {
  destructor run;
  void *object;
  struct entry *next;
};
static unsigned key;
static int once;

static void run_all(void *list) {
  struct entry *entry = list;
  while (entry) {
    struct entry *next = entry->next;
    /* A destructor may register another: it lands on the key's own list. */
    entry->run(entry->object);
    free(entry);
    entry = next;
  }
}
static void make_key(void) { pthread_key_create(&key, run_all); }

HIDDEN int xbuild_thread_atexit(destructor run, void *object, void *dso) {
  if (real)
    return real(run, object, dso);
  struct entry *entry = malloc(sizeof *entry);
  if (!entry)
    return -1;
  pthread_once(&once, make_key);
  entry->run = run;
  entry->object = object;
  entry->next = pthread_getspecific(key);
  return pthread_setspecific(key, entry);
}
#endif

/* C23's strtol and scanf also read 0b…; older programs never expect that. */
#define STRTO(type, name)                                                                     \
  extern type old(const char *, char **, int) ALIAS(#name);                                   \
  HIDDEN type __isoc23_##name(const char *text, char **end, int base) {                       \
    return old(text, end, base);                                                              \
  }
#ifdef SHIM___isoc23_strtol
STRTO(long, strtol)
#endif
#ifdef SHIM___isoc23_strtoul
STRTO(unsigned long, strtoul)
#endif
#ifdef SHIM___isoc23_strtoll
STRTO(long long, strtoll)
#endif
#ifdef SHIM___isoc23_strtoull
STRTO(unsigned long long, strtoull)
#endif

#ifdef SHIM___isoc23_vsscanf
extern int old(const char *, const char *, __builtin_va_list) ALIAS("__isoc99_vsscanf");
HIDDEN int __isoc23_vsscanf(const char *text, const char *format, __builtin_va_list args) {
  return old(text, format, args);
}
#endif
#ifdef SHIM___isoc23_vfscanf
extern int old(void *, const char *, __builtin_va_list) ALIAS("__isoc99_vfscanf");
HIDDEN int __isoc23_vfscanf(void *file, const char *format, __builtin_va_list args) {
  return old(file, format, args);
}
#endif
#define SCANF(call)                                                                           \
  __builtin_va_list args;                                                                     \
  __builtin_va_start(args, format);                                                           \
  int count = call;                                                                           \
  __builtin_va_end(args);                                                                     \
  return count;
#ifdef SHIM___isoc23_sscanf
extern int old(const char *, const char *, __builtin_va_list) ALIAS("__isoc99_vsscanf");
HIDDEN int __isoc23_sscanf(const char *text, const char *format, ...) {
  SCANF(old(text, format, args))
}
#endif
#ifdef SHIM___isoc23_fscanf
extern int old(void *, const char *, __builtin_va_list) ALIAS("__isoc99_vfscanf");
HIDDEN int __isoc23_fscanf(void *file, const char *format, ...) {
  SCANF(old(file, format, args))
}
#endif
#ifdef SHIM___isoc23_scanf
extern int old(const char *, __builtin_va_list) ALIAS("__isoc99_vscanf");
HIDDEN int __isoc23_scanf(const char *format, ...) { SCANF(old(format, args)) }
#endif

#ifdef SHIM_arc4random
HIDDEN unsigned arc4random(void) {
  unsigned value;
  while (syscall(__NR_getrandom, &value, sizeof value, 0) != sizeof value) {
  }
  return value;
}
#endif

/* What a program sees on a stranger's machine: another time, another order of
 * a folder's entries; or, to find out why two builds differ, a clock that
 * stands still and random numbers that repeat.
 *
 * The loader brings it into every dynamic program of the second build, by
 * /etc/ld.so.preload, so that no variable tells of it. What to do stands in
 * /etc/stranger, a line each:
 *
 *   start SECONDS    when the build began; files changed since are "new"
 *   shift SECONDS    the clock is that much ahead
 *   freeze SECONDS   the clock stands still there
 *   reverse          folders are read backwards
 *   repeat           random numbers are the same in every build
 *
 * It calls the kernel itself and needs no symbol of a newer C library than
 * the one it was linked with: programs of several C libraries load it.
 * x86-64 alone: there `struct stat` and `struct dirent` have one layout, the
 * kernel's. Static programs do not load it.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

/* A function of the C library under its own name, whatever the headers make
 * of it. */
#define AS(name) __asm__(name) __attribute__((visibility("default")))

#define STATX_SYS 332
#define GETRANDOM_SYS 318

static struct {
    int read, frozen, reverse, repeat;
    int64_t start, shift, freeze;
} how;

static uint64_t seed = 0xcbf29ce484222325u;

static long slurp(const char *path, char *to, long size) {
    long fd = syscall(SYS_open, path, O_RDONLY | O_CLOEXEC, 0), got = 0, n;
    if (fd < 0)
        return 0;
    while (got < size && (n = syscall(SYS_read, fd, to + got, size - got)) > 0)
        got += n;
    syscall(SYS_close, fd);
    return got;
}

static int64_t number(const char *text) {
    int64_t value = 0;
    int minus = *text == '-';
    for (text += minus; *text >= '0' && *text <= '9'; text++)
        value = value * 10 + (*text - '0');
    return minus ? -value : value;
}

/* Two threads may both do this: they write the same. */
static void learn(void) {
    char text[512];
    int saved = errno;
    if (how.read)
        return;
    text[slurp("/etc/stranger", text, sizeof text - 1)] = 0;
    for (char *line = text; *line;) {
        if (!strncmp(line, "start ", 6))
            how.start = number(line + 6);
        else if (!strncmp(line, "shift ", 6))
            how.shift = number(line + 6);
        else if (!strncmp(line, "freeze ", 7))
            how.freeze = number(line + 7), how.frozen = 1;
        else if (!strncmp(line, "reverse", 7))
            how.reverse = 1;
        else if (!strncmp(line, "repeat", 6))
            how.repeat = 1;
        while (*line && *line++ != '\n')
            ;
    }
    how.read = 1;
    errno = saved;
}

/* ---- the clock ---- */

static int is_wall(clockid_t clock) {
    return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_TAI;
}

int stranger_clock_gettime(clockid_t clock, struct timespec *at) AS("clock_gettime");
int stranger_clock_gettime(clockid_t clock, struct timespec *at) {
    long result = syscall(SYS_clock_gettime, clock, at);
    learn();
    if (result == 0 && is_wall(clock)) {
        if (how.frozen)
            at->tv_sec = how.freeze, at->tv_nsec = 0;
        else
            at->tv_sec += how.shift;
    }
    return (int)result;
}

int stranger_gettimeofday(struct timeval *at, void *zone) AS("gettimeofday");
int stranger_gettimeofday(struct timeval *at, void *zone) {
    struct timespec now;
    int result = stranger_clock_gettime(CLOCK_REALTIME, &now);
    (void)zone;
    if (result == 0 && at)
        at->tv_sec = now.tv_sec, at->tv_usec = now.tv_nsec / 1000;
    return result;
}

time_t stranger_time(time_t *at) AS("time");
time_t stranger_time(time_t *at) {
    struct timespec now;
    stranger_clock_gettime(CLOCK_REALTIME, &now);
    if (at)
        *at = now.tv_sec;
    return now.tv_sec;
}

int stranger_timespec_get(struct timespec *at, int base) AS("timespec_get");
int stranger_timespec_get(struct timespec *at, int base) {
    return base == TIME_UTC && stranger_clock_gettime(CLOCK_REALTIME, at) == 0 ? base : 0;
}

/* A wait until a moment of the wall clock would last for a year, or for ever:
 * it becomes one of the same length on a clock that is left alone. */
typedef int clock_wait(void *, void *, clockid_t, const struct timespec *);
extern clock_wait pthread_cond_clockwait __attribute__((weak));
extern int sem_clockwait(void *, clockid_t, const struct timespec *) __attribute__((weak));

static clockid_t deadline(const struct timespec *at, struct timespec *to) {
    struct timespec wall, steady;
    *to = *at;
    /* A condition may count on the steady clock: that is nowhere near 2001. */
    if (at->tv_sec < 1000000000)
        return CLOCK_MONOTONIC;
    stranger_clock_gettime(CLOCK_REALTIME, &wall);
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &steady);
    int64_t rest = (int64_t)at->tv_nsec - wall.tv_nsec + steady.tv_nsec;
    to->tv_sec = at->tv_sec - wall.tv_sec + steady.tv_sec;
    while (rest < 0)
        rest += 1000000000, to->tv_sec--;
    while (rest >= 1000000000)
        rest -= 1000000000, to->tv_sec++;
    to->tv_nsec = rest;
    if (to->tv_sec < 0)
        to->tv_sec = 0;
    return CLOCK_MONOTONIC;
}

int stranger_cond(void *cond, void *mutex, const struct timespec *at) AS("pthread_cond_timedwait");
int stranger_cond(void *cond, void *mutex, const struct timespec *at) {
    struct timespec to;
    clockid_t clock = deadline(at, &to);
    return pthread_cond_clockwait ? pthread_cond_clockwait(cond, mutex, clock, &to) : ENOSYS;
}

int stranger_sem(void *sem, const struct timespec *at) AS("sem_timedwait");
int stranger_sem(void *sem, const struct timespec *at) {
    struct timespec to;
    clockid_t clock = deadline(at, &to);
    if (sem_clockwait)
        return sem_clockwait(sem, clock, &to);
    errno = ENOSYS;
    return -1;
}

/* ---- the times of files that the build itself made ---- */

/* What is much newer than the build was given its age by somebody. */
#define LONGEST_BUILD 2592000

static void age(int64_t *seconds, int64_t *rest) {
    if (!how.start || *seconds < how.start || *seconds > how.start + LONGEST_BUILD)
        return;
    if (how.frozen)
        *seconds = how.freeze, *rest = 0;
    else
        *seconds += how.shift;
}

static void age_long(struct timespec *at) {
    int64_t seconds = at->tv_sec, rest = at->tv_nsec;
    age(&seconds, &rest);
    at->tv_sec = seconds, at->tv_nsec = rest;
}

static int look(int folder, const char *path, struct stat *to, int flags) {
    long result = syscall(SYS_newfstatat, folder, path, to, flags);
    learn();
    if (result == 0)
        age_long(&to->st_atim), age_long(&to->st_mtim), age_long(&to->st_ctim);
    return (int)result;
}

#define LOOKS(name)                                                                   \
    int stranger_##name(const char *path, struct stat *to) AS(#name);                 \
    int stranger_##name(const char *path, struct stat *to) {                          \
        return look(AT_FDCWD, path, to, 0);                                           \
    }
#define LOOKS_L(name)                                                                 \
    int stranger_##name(const char *path, struct stat *to) AS(#name);                 \
    int stranger_##name(const char *path, struct stat *to) {                          \
        return look(AT_FDCWD, path, to, AT_SYMLINK_NOFOLLOW);                         \
    }
#define LOOKS_F(name)                                                                 \
    int stranger_##name(int fd, struct stat *to) AS(#name);                           \
    int stranger_##name(int fd, struct stat *to) {                                    \
        return look(fd, "", to, AT_EMPTY_PATH);                                       \
    }
#define LOOKS_AT(name)                                                                \
    int stranger_##name(int folder, const char *path, struct stat *to, int flags)     \
        AS(#name);                                                                    \
    int stranger_##name(int folder, const char *path, struct stat *to, int flags) {   \
        return look(folder, path, to, flags);                                         \
    }
/* Before glibc 2.33 the first argument is a version. */
#define LOOKS_V(name)                                                                 \
    int stranger_##name(int version, const char *path, struct stat *to) AS(#name);    \
    int stranger_##name(int version, const char *path, struct stat *to) {             \
        (void)version;                                                                \
        return look(AT_FDCWD, path, to, 0);                                           \
    }
#define LOOKS_LV(name)                                                                \
    int stranger_##name(int version, const char *path, struct stat *to) AS(#name);    \
    int stranger_##name(int version, const char *path, struct stat *to) {             \
        (void)version;                                                                \
        return look(AT_FDCWD, path, to, AT_SYMLINK_NOFOLLOW);                         \
    }
#define LOOKS_FV(name)                                                                \
    int stranger_##name(int version, int fd, struct stat *to) AS(#name);              \
    int stranger_##name(int version, int fd, struct stat *to) {                       \
        (void)version;                                                                \
        return look(fd, "", to, AT_EMPTY_PATH);                                       \
    }
#define LOOKS_ATV(name)                                                               \
    int stranger_##name(int version, int folder, const char *path, struct stat *to,   \
                        int flags) AS(#name);                                         \
    int stranger_##name(int version, int folder, const char *path, struct stat *to,   \
                        int flags) {                                                  \
        (void)version;                                                                \
        return look(folder, path, to, flags);                                         \
    }

LOOKS(stat)
LOOKS(stat64)
LOOKS_L(lstat)
LOOKS_L(lstat64)
LOOKS_F(fstat)
LOOKS_F(fstat64)
LOOKS_AT(fstatat)
LOOKS_AT(fstatat64)
LOOKS_V(__xstat)
LOOKS_V(__xstat64)
LOOKS_LV(__lxstat)
LOOKS_LV(__lxstat64)
LOOKS_FV(__fxstat)
LOOKS_FV(__fxstat64)
LOOKS_ATV(__fxstatat)
LOOKS_ATV(__fxstatat64)

/* statx(2), whose structure old headers lack: four times at byte 64. */
struct moment {
    int64_t seconds;
    uint32_t rest;
    int32_t unused;
};

int stranger_statx(int folder, const char *path, int flags, unsigned mask, void *to) AS("statx");
int stranger_statx(int folder, const char *path, int flags, unsigned mask, void *to) {
    long result = syscall(STATX_SYS, folder, path, flags, mask, to);
    learn();
    if (result == 0) {
        struct moment *moments = (struct moment *)((char *)to + 64);
        for (int i = 0; i < 4; i++) {
            int64_t rest = moments[i].rest;
            age(&moments[i].seconds, &rest);
            moments[i].rest = (uint32_t)rest;
        }
    }
    return (int)result;
}

/* ---- the order of folders ---- */

/* A DIR of our own, read whole when it is opened. All functions that take one
 * are here, so nobody else ever sees inside. */
struct folder {
    int fd;
    long size, room, count, next;
    char *bytes;
    long *places;
};

static int fill(struct folder *folder) {
    folder->size = folder->count = folder->next = 0;
    for (;;) {
        if (folder->room - folder->size < 32768) {
            char *more = realloc(folder->bytes, folder->room + 65536);
            if (!more)
                return -1;
            folder->bytes = more, folder->room += 65536;
        }
        long got = syscall(SYS_getdents64, folder->fd, folder->bytes + folder->size,
                           folder->room - folder->size);
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        folder->size += got;
    }
    for (long at = 0; at < folder->size; folder->count++)
        at += ((struct dirent *)(folder->bytes + at))->d_reclen;
    free(folder->places);
    folder->places = calloc(folder->count + 1, sizeof *folder->places);
    if (!folder->places)
        return -1;
    learn();
    long at = 0;
    for (long i = 0; i < folder->count; i++) {
        folder->places[how.reverse ? folder->count - 1 - i : i] = at;
        at += ((struct dirent *)(folder->bytes + at))->d_reclen;
    }
    for (long i = 0; i < folder->count; i++)
        ((struct dirent *)(folder->bytes + folder->places[i]))->d_off = i + 1;
    return 0;
}

int stranger_closedir(struct folder *folder) AS("closedir");
int stranger_closedir(struct folder *folder) {
    long result = syscall(SYS_close, folder->fd);
    free(folder->bytes), free(folder->places), free(folder);
    return (int)result;
}

struct folder *stranger_fdopendir(int fd) AS("fdopendir");
struct folder *stranger_fdopendir(int fd) {
    struct stat about;
    if (syscall(SYS_newfstatat, fd, "", &about, AT_EMPTY_PATH) < 0)
        return NULL;
    if (!S_ISDIR(about.st_mode)) {
        errno = ENOTDIR;
        return NULL;
    }
    struct folder *folder = calloc(1, sizeof *folder);
    if (!folder)
        return NULL;
    folder->fd = fd;
    if (fill(folder) < 0) {
        int saved = errno;
        free(folder->bytes), free(folder->places), free(folder);
        errno = saved;
        return NULL;
    }
    return folder;
}

struct folder *stranger_opendir(const char *path) AS("opendir");
struct folder *stranger_opendir(const char *path) {
    long fd = syscall(SYS_open, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK, 0);
    if (fd < 0)
        return NULL;
    struct folder *folder = stranger_fdopendir((int)fd);
    if (!folder) {
        int saved = errno;
        syscall(SYS_close, fd);
        errno = saved;
    }
    return folder;
}

struct dirent *stranger_readdir(struct folder *folder) AS("readdir");
struct dirent *stranger_readdir(struct folder *folder) {
    if (folder->next >= folder->count)
        return NULL;
    return (struct dirent *)(folder->bytes + folder->places[folder->next++]);
}

struct dirent *stranger_readdir64(struct folder *folder) AS("readdir64");
struct dirent *stranger_readdir64(struct folder *folder) {
    return stranger_readdir(folder);
}

static int read_into(struct folder *folder, struct dirent *to, struct dirent **result) {
    *result = stranger_readdir(folder);
    if (*result) {
        memcpy(to, *result, (*result)->d_reclen);
        *result = to;
    }
    return 0;
}

int stranger_readdir_r(struct folder *f, struct dirent *to, struct dirent **r) AS("readdir_r");
int stranger_readdir_r(struct folder *f, struct dirent *to, struct dirent **r) {
    return read_into(f, to, r);
}

int stranger_readdir64_r(struct folder *f, struct dirent *to, struct dirent **r)
    AS("readdir64_r");
int stranger_readdir64_r(struct folder *f, struct dirent *to, struct dirent **r) {
    return read_into(f, to, r);
}

int stranger_dirfd(struct folder *folder) AS("dirfd");
int stranger_dirfd(struct folder *folder) {
    return folder->fd;
}

long stranger_telldir(struct folder *folder) AS("telldir");
long stranger_telldir(struct folder *folder) {
    return folder->next;
}

void stranger_seekdir(struct folder *folder, long place) AS("seekdir");
void stranger_seekdir(struct folder *folder, long place) {
    if (place >= 0 && place <= folder->count)
        folder->next = place;
}

void stranger_rewinddir(struct folder *folder) AS("rewinddir");
void stranger_rewinddir(struct folder *folder) {
    syscall(SYS_lseek, folder->fd, 0, SEEK_SET);
    if (fill(folder) < 0)
        folder->count = 0, folder->next = 0;
}

/* ---- random numbers ---- */

/* Repeats from build to build, and is another for each command line: names of
 * temporary files should not meet. The generator is splitmix64. */
static void repeat(unsigned char *to, size_t size) {
    static int begun;
    if (!__atomic_exchange_n(&begun, 1, __ATOMIC_SEQ_CST)) {
        static char line[65536];
        long size_of_line = slurp("/proc/self/cmdline", line, sizeof line);
        for (long i = 0; i < size_of_line; i++)
            seed = (seed ^ (unsigned char)line[i]) * 0x100000001b3u;
    }
    for (size_t i = 0; i < size; i++) {
        uint64_t x = __atomic_add_fetch(&seed, 0x9e3779b97f4a7c15u, __ATOMIC_SEQ_CST);
        x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
        x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
        to[i] = (unsigned char)(x ^ (x >> 31));
    }
}

ssize_t stranger_getrandom(void *to, size_t size, unsigned flags) AS("getrandom");
ssize_t stranger_getrandom(void *to, size_t size, unsigned flags) {
    learn();
    if (!how.repeat)
        return syscall(GETRANDOM_SYS, to, size, flags);
    repeat(to, size);
    return (ssize_t)size;
}

int stranger_getentropy(void *to, size_t size) AS("getentropy");
int stranger_getentropy(void *to, size_t size) {
    if (size > 256) {
        errno = EIO;
        return -1;
    }
    return stranger_getrandom(to, size, 0) == (ssize_t)size ? 0 : -1;
}

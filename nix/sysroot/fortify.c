/*
 * Debian built LLVM's unwinder against glibc with fortified printf; musl has
 * only the plain functions. The checks of the fortified ones are left out.
 */
typedef __SIZE_TYPE__ size_t;
typedef __builtin_va_list va_list;

extern int vfprintf(void *, const char *, va_list);
extern int vsnprintf(char *, size_t, const char *, va_list);

__attribute__((visibility("hidden"))) int __vfprintf_chk(void *file, int flag, const char *format,
                                                         va_list args) {
  return vfprintf(file, format, args);
}

__attribute__((visibility("hidden"))) int __vsnprintf_chk(char *to, size_t length, int flag,
                                                          size_t room, const char *format,
                                                          va_list args) {
  return vsnprintf(to, length, format, args);
}

__attribute__((visibility("hidden"))) int __fprintf_chk(void *file, int flag, const char *format,
                                                        ...) {
  va_list args;
  __builtin_va_start(args, format);
  int count = vfprintf(file, format, args);
  __builtin_va_end(args);
  return count;
}

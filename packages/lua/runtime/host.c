/*
 * The part of the C library that would otherwise ask the host for something.
 *
 * A process has no files but those of Arweave, no environment, no shell and no clock but the message's timestamp.
 * Answering here and not in the host means that every host gives the same answers, and that the module imports nothing
 * that could do harm.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wasi/api.h>

extern int64_t ao_now;

/* emscripten's invoke_ imports reach protected calls through this export. */
#ifdef __wasm64__
__attribute__((export_name("dynCall_vjj")))
#else
__attribute__((export_name("dynCall_vii")))
#endif
void dyn_call(uint32_t function, void *a, void *b) { ((void (*)(void *, void *))(uintptr_t)function)(a, b); }

/* ---------------------------------------------------------------- time: UTC, in whole seconds */

time_t time(time_t *out) {
  time_t seconds = (time_t)(ao_now / 1000);
  if (out) *out = seconds;
  return seconds;
}

clock_t clock(void) { return 0; }

static int64_t days_from_civil(int64_t year, int month, int day) {
  year -= month <= 2;
  int64_t era = (year >= 0 ? year : year - 399) / 400;
  int64_t of_era = year - era * 400;
  int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

struct tm *gmtime_r(const time_t *restrict at, struct tm *restrict out) {
  int64_t days = *at / 86400, rest = *at % 86400;
  if (rest < 0) {
    rest += 86400;
    days--;
  }
  int64_t shifted = days + 719468;
  int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
  int64_t of_era = shifted - era * 146097;
  int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  int64_t month_from_march = (5 * of_year + 2) / 153;
  int month = (int)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
  int64_t year = year_of_era + era * 400 + (month <= 2);
  if (year - 1900 > INT32_MAX || year - 1900 < INT32_MIN) {
    errno = EOVERFLOW;
    return NULL;
  }
  *out = (struct tm){0};
  out->tm_mday = (int)(of_year - (153 * month_from_march + 2) / 5 + 1);
  out->tm_mon = month - 1;
  out->tm_year = (int)(year - 1900);
  out->tm_hour = (int)(rest / 3600);
  out->tm_min = (int)(rest / 60 % 60);
  out->tm_sec = (int)(rest % 60);
  out->tm_wday = (int)((days % 7 + 11) % 7);
  out->tm_yday = (int)(days - days_from_civil(year, 1, 1));
  out->tm_zone = "UTC";
  return out;
}

struct tm *localtime_r(const time_t *restrict at, struct tm *restrict out) { return gmtime_r(at, out); }

static struct tm broken_down;
struct tm *gmtime(const time_t *at) { return gmtime_r(at, &broken_down); }
struct tm *localtime(const time_t *at) { return gmtime_r(at, &broken_down); }

time_t mktime(struct tm *in) {
  int64_t months = (int64_t)in->tm_year * 12 + in->tm_mon;
  int64_t year = months / 12 - (months % 12 < 0);
  int month = (int)(months - year * 12);
  int64_t days = days_from_civil(year + 1900, month + 1, 1) + in->tm_mday - 1;
  time_t at = days * 86400 + (int64_t)in->tm_hour * 3600 + (int64_t)in->tm_min * 60 + in->tm_sec;
  return gmtime_r(&at, in) ? at : (time_t)-1;
}

/* strftime reads the zone through these. */
void __secs_to_zone(long long at, int local, int *dst, long *offset, long *opposite, const char **name) {
  (void)at, (void)local;
  *dst = 0;
  *offset = 0;
  if (opposite) *opposite = 0;
  *name = "UTC";
}
void tzset(void) {}
const char *__tm_to_tzname(const struct tm *tm) { (void)tm; return "UTC"; }

/* ---------------------------------------------------------------- files: see drive.c; nothing else can be opened */

static void *no_file(void) {
  errno = ENOENT;
  return NULL;
}

FILE *freopen(const char *restrict path, const char *restrict mode, FILE *restrict file) {
  (void)path, (void)mode, (void)file;
  return no_file();
}
FILE *tmpfile(void) { return no_file(); }
char *tmpnam(char *out) { (void)out; return NULL; }
int remove(const char *path) { (void)path; no_file(); return -1; }
int rename(const char *from, const char *to) { (void)from, (void)to; no_file(); return -1; }

/* Standard output is swallowed, standard input is at its end. */
__wasi_errno_t __wasi_fd_write(__wasi_fd_t fd, const __wasi_ciovec_t *spans, size_t count, __wasi_size_t *written) {
  (void)fd;
  *written = 0;
  for (size_t i = 0; i < count; i++) *written += spans[i].buf_len;
  return 0;
}
__wasi_errno_t __wasi_fd_read(__wasi_fd_t fd, const __wasi_iovec_t *spans, size_t count, __wasi_size_t *taken) {
  (void)fd, (void)spans, (void)count;
  *taken = 0;
  return 0;
}
__wasi_errno_t __wasi_fd_seek(__wasi_fd_t fd, __wasi_filedelta_t offset, __wasi_whence_t whence, __wasi_filesize_t *position) {
  (void)fd, (void)offset, (void)whence, (void)position;
  return __WASI_ERRNO_SPIPE;
}
__wasi_errno_t __wasi_fd_close(__wasi_fd_t fd) {
  (void)fd;
  return 0;
}
int __syscall_ioctl(int fd, int request, ...) { (void)fd, (void)request; return -59; /* ENOTTY */ }

/* ---------------------------------------------------------------- the rest of the world */

char *getenv(const char *name) { (void)name; return NULL; }

int system(const char *command) {
  if (!command) return 0;
  errno = ENOSYS;
  return -1;
}

_Noreturn void exit(int status) { (void)status; __builtin_trap(); }
_Noreturn void abort(void) { __builtin_trap(); }

/* ---------------------------------------------------------------- numbers */

/* snprintf as Lua calls it, with one argument: a NaN is written without a sign. */
int ao_snprintf(char *out, size_t size, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int written;
  if (strchr("aAeEfFgG", format[strlen(format) - 1])) {
    double number = va_arg(arguments, double);
    written = snprintf(out, size, format, number == number ? number : __builtin_nan(""));
  } else {
    written = vsnprintf(out, size, format, arguments);
  }
  va_end(arguments);
  return written;
}

/* xorshift64*: 53 random bits for math.random, where rand() has 31. The state is plain memory, as everything is. */
static uint64_t random_state = 0x9E3779B97F4A7C15u;

double ao_random(void) {
  random_state ^= random_state >> 12;
  random_state ^= random_state << 25;
  random_state ^= random_state >> 27;
  return (double)(random_state * 0x2545F4914F6CDD1Du >> 11);
}

void ao_seed(unsigned int seed) {
  random_state = (seed + 1ull) * 0x9E3779B97F4A7C15u;
}

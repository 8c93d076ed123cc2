/*
 * Gives the processes that preload it a wall clock of the test's choice. Only the wall clock: event loops and
 * timeouts run on the monotonic one, which stays the machine's.
 *
 * The test says what to show in a file that is mapped here:
 *
 *   shown = anchorShown + (real - anchorReal) * ratePpm / 1,000,000      rate 0 is a clock that stands still
 *
 * There are two slots: the writer fills the one that is not in use, then counts `sequence` up by one. A reader that
 * was overtaken reads again, so nobody ever sees half of a change.
 *
 * In microseconds: nanoseconds would end in the year 2262, and a test may want to know what comes after.
 *
 * System calls instead of dlsym(): an allocator may ask for the time before it can allocate, and dlsym() allocates.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SECOND_US 1000000LL
#define US_NS 1000
#define FULL_RATE_PPM 1000000
#define FIRST_WALL_SECOND 1000000000

typedef struct {
  int64_t anchorRealUs;
  int64_t anchorShownUs;
  int64_t ratePpm;
} Slot;

typedef struct {
  uint64_t sequence;
  Slot slots[2];
  /* How many processes have loaded this library with this file. */
  uint64_t loaded;
} Control;

static Control *control;

__attribute__((constructor)) static void openControl(void) {
  const char *path = getenv("CLOCK_SHIM_FILE");
  int file = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
  if (file < 0) {
    return;
  }
  void *memory = mmap(NULL, sizeof(Control), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (memory != MAP_FAILED) {
    control = memory;
    __atomic_fetch_add(&control->loaded, 1, __ATOMIC_SEQ_CST);
  }
}

static int64_t toUs(const struct timespec *time) {
  return (int64_t)time->tv_sec * SECOND_US + time->tv_nsec / US_NS;
}

static struct timespec fromUs(int64_t us) {
  struct timespec time = {.tv_sec = us / SECOND_US, .tv_nsec = us % SECOND_US * US_NS};
  return time;
}

static int64_t realUs(void) {
  struct timespec time;
  syscall(SYS_clock_gettime, CLOCK_REALTIME, &time);
  return toUs(&time);
}

static int64_t shownUs(int64_t real) {
  if (control == NULL) {
    return real;
  }
  for (;;) {
    uint64_t sequence = __atomic_load_n(&control->sequence, __ATOMIC_ACQUIRE);
    Slot slot = control->slots[sequence & 1];
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    if (__atomic_load_n(&control->sequence, __ATOMIC_RELAXED) == sequence) {
      return slot.anchorShownUs + (int64_t)((__int128)(real - slot.anchorRealUs) * slot.ratePpm / FULL_RATE_PPM);
    }
  }
}

int clock_gettime(clockid_t clock, struct timespec *time) {
  if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) {
    *time = fromUs(shownUs(realUs()));
    return 0;
  }
  return (int)syscall(SYS_clock_gettime, clock, time);
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
  (void)zone;
  struct timespec now = fromUs(shownUs(realUs()));
  time->tv_sec = now.tv_sec;
  time->tv_usec = now.tv_nsec / US_NS;
  return 0;
}

time_t time(time_t *result) {
  time_t now = (time_t)(shownUs(realUs()) / SECOND_US);
  if (result != NULL) {
    *result = now;
  }
  return now;
}

typedef int TimedWait(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);

/*
 * Waiting until an instant: the kernel compares it with the real clock. jemalloc's background thread waits like this,
 * and would spin under a clock that is behind. A condition may run on the monotonic clock instead, which cannot be
 * seen from here: an instant before 2001 is taken for one of that clock.
 */
int pthread_cond_timedwait(pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex,
                           const struct timespec *restrict until) {
  static TimedWait *next;
  if (next == NULL) {
    next = (TimedWait *)dlsym(RTLD_NEXT, "pthread_cond_timedwait");
  }
  if (until->tv_sec < FIRST_WALL_SECOND) {
    return next(condition, mutex, until);
  }
  int64_t real = realUs();
  struct timespec realUntil = fromUs(toUs(until) + real - shownUs(real));
  return next(condition, mutex, &realUntil);
}

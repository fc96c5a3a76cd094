/*
 * What Rust's own standard library does, told to ThreadSanitizer.
 *
 * The library comes compiled, without the sanitizer in it, so what its locks order goes unseen: two threads that take
 * a lock one after the other would be reported to race. Here each of its functions that waits for another thread is
 * wrapped (`ld --wrap`), and says what it orders, no more and no less. Nothing is suppressed: what such a lock does not
 * guard is reported as ever.
 *
 * The functions' names are in `names.h`, which tests/long/tsan makes from the library at hand.
 */
#include <stdbool.h>
#include <stdint.h>

#include "names.h"

void __tsan_acquire(void *);
void __tsan_release(void *);

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define REAL(name) JOIN(__real_, name)
#define WRAP(name) JOIN(__wrap_, name)

/* Locks: the way without waiting is part of its caller and seen; the way with waiting is not. */
#define TAKES(name)              \
    void REAL(name)(void *lock); \
    void WRAP(name)(void *lock)  \
    {                            \
        REAL(name)(lock);        \
        __tsan_acquire(lock);    \
    }

TAKES(MUTEX_LOCK_CONTENDED)
TAKES(RWLOCK_READ_CONTENDED)
TAKES(RWLOCK_WRITE_CONTENDED)

/* A condition variable gives the lock back and takes it again. */
void REAL(CONDVAR_WAIT)(void *condvar, void *lock);
void WRAP(CONDVAR_WAIT)(void *condvar, void *lock)
{
    __tsan_release(lock);
    REAL(CONDVAR_WAIT)(condvar, lock);
    __tsan_acquire(lock);
}

bool REAL(CONDVAR_WAIT_TIMEOUT)(void *condvar, void *lock, uint64_t seconds, uint32_t nanoseconds);
bool WRAP(CONDVAR_WAIT_TIMEOUT)(void *condvar, void *lock, uint64_t seconds, uint32_t nanoseconds)
{
    __tsan_release(lock);
    bool in_time = REAL(CONDVAR_WAIT_TIMEOUT)(condvar, lock, seconds, nanoseconds);
    __tsan_acquire(lock);
    return in_time;
}

/* Whoever comes out of a barrier knows what all others did before it. */
bool REAL(BARRIER_WAIT)(void *barrier);
bool WRAP(BARRIER_WAIT)(void *barrier)
{
    __tsan_release(barrier);
    bool leads = REAL(BARRIER_WAIT)(barrier);
    __tsan_acquire(barrier);
    return leads;
}

/*
 * What is done once: whoever comes later knows what was done. The work is a Rust closure, `&mut dyn FnMut`: a pointer
 * and a table of functions, of which the fifth is the call. It is called through a table of our own, so that its end is
 * told before anybody can see that it is over.
 */
struct work {
    void *closure;
    void *const *table;
    void *once;
};

static void do_work(struct work *work, void *state)
{
    ((void (*)(void *, void *))work->table[4])(work->closure, state);
    __tsan_release(work->once);
}

void REAL(ONCE_CALL)(void *once, bool ignore_poison, void *closure, void *const *table);
void WRAP(ONCE_CALL)(void *once, bool ignore_poison, void *closure, void *const *table)
{
    struct work work = {closure, table, once};
    void *own[5] = {0, (void *)sizeof work, (void *)_Alignof(struct work), 0, (void *)do_work};
    REAL(ONCE_CALL)(once, ignore_poison, &work, own);
    __tsan_acquire(once);
}

/* The end of a thread of a scope, which waits for a count to fall: one of the first three words. */
void REAL(SCOPE_THREAD_ENDS)(char *scope, bool panicked);
void WRAP(SCOPE_THREAD_ENDS)(char *scope, bool panicked)
{
    for (int word = 0; word < 3; word++) {
        __tsan_release(scope + 8 * word);
    }
    REAL(SCOPE_THREAD_ENDS)(scope, panicked);
}

/*
 * `Arc` counts down and, at the last one, makes a fence, which ThreadSanitizer does not know: it orders what was before
 * the other count-downs of that same counter.
 */
static __thread void *counted_down;

uint64_t __real___tsan_atomic64_fetch_sub(volatile uint64_t *counter, uint64_t by, int order);
uint64_t __wrap___tsan_atomic64_fetch_sub(volatile uint64_t *counter, uint64_t by, int order)
{
    counted_down = (void *)counter;
    return __real___tsan_atomic64_fetch_sub(counter, by, order);
}

void __real___tsan_atomic_thread_fence(int order);
void __wrap___tsan_atomic_thread_fence(int order)
{
    if (order == __ATOMIC_ACQUIRE && counted_down) {
        __tsan_acquire(counted_down);
    }
    __real___tsan_atomic_thread_fence(order);
}

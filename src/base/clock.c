#include "rollcall/base/clock.h"

#include <time.h>

static int64_t now_us(clockid_t clock)
{
    struct timespec ts = { 0 };
    clock_gettime(clock, &ts);
    return (int64_t)ts.tv_sec * SECOND_US + ts.tv_nsec / 1000;
}

mono_us clock_mono(void)
{
    return now_us(CLOCK_MONOTONIC);
}

unix_us clock_unix(void)
{
    return now_us(CLOCK_REALTIME);
}

// W5b: a comb filter with a ring buffer of the length of the delay.
#include "render.h"

static float peak, valley, ring[COMB_DELAY];
static int at;

static void render(float *out)
{
    for (int n = 0; n < BLOCK; n++) {
        float x = COMB_PEAK_AMPLITUDE * sine(peak) + COMB_VALLEY_AMPLITUDE * sine(valley);
        peak = wrap(peak + COMB_PEAK / RATE);
        valley = wrap(valley + COMB_VALLEY / RATE);
        out[n] = ring[at] = x + COMB_FEEDBACK * ring[at];
        at = at + 1 == COMB_DELAY ? 0 : at + 1;
    }
}

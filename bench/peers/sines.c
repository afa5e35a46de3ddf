// W1: sines as one loop over lanes.
#include "render.h"

static float phase[SINES] __attribute__((aligned(64)));

static void render(float *out)
{
    for (int n = 0; n < BLOCK; n++) {
        float sum = 0.0f;
        for (int i = 0; i < SINES; i++) {
            sum += sine(phase[i]);
            phase[i] = wrap(phase[i] + SINE_FREQUENCIES[i] / RATE);
        }
        out[n] = sum * SINE_AMPLITUDE;
    }
}

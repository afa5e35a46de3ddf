// W5a: operators as lanes; each sample depends on the previous one.
#include "render.h"

static float phase[OPERATORS] __attribute__((aligned(64)));
static float last[OPERATORS] __attribute__((aligned(64)));

static void render(float *out)
{
    for (int n = 0; n < BLOCK; n++) {
        float sum = 0.0f;
        for (int i = 0; i < OPERATORS; i++) {
            last[i] = sine(phase[i] + OPERATOR_FEEDBACK * 0.15915494f * last[i]);
            phase[i] = wrap(phase[i] + OPERATOR_FREQUENCIES[i] / RATE);
            sum += last[i];
        }
        out[n] = sum * OPERATOR_AMPLITUDE;
    }
}

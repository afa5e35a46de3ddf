// W2: the FM subtractive synth; one loop over samples, voices as lanes.
#include "render.h"

static float phase[4][VOICES], modulator_phase[4][VOICES], gate_phase[VOICES];
static float envelope[VOICES], stage[VOICES];  // stage 0: attack, 1: decay and sustain
static float z1[VOICES], z2[VOICES];
static long now;

static void render(float *out)
{
    for (int n = 0; n < BLOCK; n++, now++) {
        float held = now % (long)(PERIOD * RATE) < (long)(NOTE * RATE) ? 1.0f : 0.0f;
        float sum = 0.0f;
        #pragma omp simd reduction(+ : sum)
        for (int v = 0; v < VOICES; v++) {
            float p[4];
            #pragma GCC unroll 4  // the loop over voices is the one to vectorise
            for (int k = 0; k < 4; k++) {
                p[k] = phase[k][v] + FM_DEPTHS[k][v] * 0.15915494f * sine(modulator_phase[k][v]);
                phase[k][v] = wrap(phase[k][v] + FREQUENCIES[k][v] / RATE);
                modulator_phase[k][v] = wrap(modulator_phase[k][v] + FM_FREQUENCIES[k][v] / RATE);
            }
            float saw = 2.0f * wrap(p[1] - 0.5f);
            float square = wrap(p[2]) < 0.0f ? -1.0f : 1.0f;
            float triangle = 1.0f - 4.0f * __builtin_fabsf(wrap(p[3] - 0.25f));
            float x = AMPLITUDES[0][v] * sine(p[0]) + AMPLITUDES[1][v] * saw
                    + AMPLITUDES[2][v] * square + AMPLITUDES[3][v] * triangle;

            float e = envelope[v], s = stage[v];
            float rising = e + 1.0f / (ATTACK * RATE);
            float falling = e - (1.0f - SUSTAIN) / (DECAY * RATE);
            falling = falling < SUSTAIN ? SUSTAIN : falling;
            float releasing = e - SUSTAIN / (RELEASE * RATE);
            releasing = releasing < 0.0f ? 0.0f : releasing;
            float on = s > 0.5f ? falling : rising;
            s = rising >= 1.0f ? 1.0f : s;
            e = held > 0.5f ? (on > 1.0f ? 1.0f : on) : releasing;
            stage[v] = held > 0.5f ? s : 0.0f;
            envelope[v] = e;

            x *= e;
            float y = FILTER_B[0][v] * x + z1[v];  // transposed direct form II
            z1[v] = FILTER_B[1][v] * x - FILTER_A[1][v] * y + z2[v];
            z2[v] = FILTER_B[2][v] * x - FILTER_A[2][v] * y;

            sum += gate_phase[v] < 0.0f ? 0.0f : y;
            gate_phase[v] = wrap(gate_phase[v] + GATE_FREQUENCIES[v] / RATE);
        }
        out[n] = sum;
    }
}

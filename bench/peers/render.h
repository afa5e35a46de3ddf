// Shared by the C programs: the render loop with its CPU time, and a sine.
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "workloads.h"
#include "wav.h"

// Renders BLOCK samples; each program defines it and its state.
static void render(float *out);

// sin(2π cycles) for any cycles; error below 1e-6. Branch-free, so that it vectorises.
static inline float sine(float cycles)
{
    float x = cycles - __builtin_rintf(cycles);                 // -1/2 … 1/2
    float y = 0.5f - __builtin_fabsf(2.0f * __builtin_fabsf(x) - 0.5f);  // folded to 0 … 1/2
    y = __builtin_copysignf(y, x);
    float z = y * y;
    return y * (3.14159265f + z * (-5.16771061f + z * (2.55008625f + z * (-0.59834151f + z * 0.07775148f))));
}

// Wraps a phase in cycles to -1/2 … 1/2.
static inline float wrap(float cycles)
{
    return cycles - __builtin_rintf(cycles);
}

int main(int argc, char **argv)
{
    long blocks = atof(argv[1]) * RATE / BLOCK;
    float *sound = argc > 2 ? malloc(blocks * BLOCK * sizeof(float)) : NULL;
    static float once[BLOCK] __attribute__((aligned(64)));
    volatile float sum = 0.0f;  // prevents the compiler from removing the render
    clock_t start = clock();
    for (long i = 0; i < blocks; i++) {
        float *out = sound ? sound + i * BLOCK : once;
        render(out);
        sum += out[0];
    }
    printf("%.6f\n", (double)(clock() - start) / CLOCKS_PER_SEC);
    if (sound) write_wav(argv[2], sound, blocks * BLOCK);
    return 0;
}

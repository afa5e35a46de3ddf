// W4: windowed transform with FFTW, gain on every bin, inverse, overlap-add.
#include <fftw3.h>
#include <math.h>

#include "render.h"

static float weights[STFT_SIZE], ring[STFT_SIZE], sum[STFT_SIZE], *frame, phase;
static fftwf_complex *spectrum;
static fftwf_plan forward, inverse;
static int at, due;

// Runs before the clock starts: FFTW measures the fastest plans.
__attribute__((constructor)) static void start(void)
{
    frame = fftwf_alloc_real(STFT_SIZE);
    spectrum = fftwf_alloc_complex(STFT_SIZE / 2 + 1);
    forward = fftwf_plan_dft_r2c_1d(STFT_SIZE, frame, spectrum, FFTW_MEASURE);
    inverse = fftwf_plan_dft_c2r_1d(STFT_SIZE, spectrum, frame, FFTW_MEASURE);
    for (int n = 0; n < STFT_SIZE; n++)
        weights[n] = 0.5f - 0.5f * cosf(6.28318531f * n / STFT_SIZE);
    due = STFT_HOP;
}

static void render(float *out)
{
    for (int n = 0; n < BLOCK; n++) {
        ring[at + n] = STFT_AMPLITUDE * sine(phase);
        phase = wrap(phase + STFT_FREQUENCY / RATE);
        out[n] = sum[at + n];
        sum[at + n] = 0.0f;
    }
    at = (at + BLOCK) % STFT_SIZE;
    due -= BLOCK;
    if (due > 0) return;
    due = STFT_HOP;
    int tail = STFT_SIZE - at;
    for (int n = 0; n < tail; n++) frame[n] = ring[at + n] * weights[n];
    for (int n = tail; n < STFT_SIZE; n++) frame[n] = ring[n - tail] * weights[n];
    fftwf_execute(forward);
    for (int k = 0; k <= STFT_SIZE / 2; k++) {
        spectrum[k][0] *= STFT_GAIN;
        spectrum[k][1] *= STFT_GAIN;
    }
    fftwf_execute(inverse);
    float scale = 1.0f / (STFT_OVERLAP * STFT_SIZE);
    for (int n = 0; n < tail; n++) sum[at + n] += frame[n] * weights[n] * scale;
    for (int n = tail; n < STFT_SIZE; n++) sum[n - tail] += frame[n] * weights[n] * scale;
}

// W6: transform with FFTW, dense layers to a code and back, phases of the input, inverse.
#include <fftw3.h>
#include <math.h>

#include "render.h"

#define LAYERS 8
#define BINS (STFT_SIZE / 2 + 1)

static float window[STFT_SIZE], ring[STFT_SIZE], sum[STFT_SIZE], *frame, phase;
static float *weights[LAYERS], values[2][BINS] __attribute__((aligned(64)));
static fftwf_complex *spectrum;
static fftwf_plan forward, inverse;
static int at, due;

// Hash of a weight's index; see coder_layers() in workloads.py.
static float weight(uint32_t x)
{
    x = (x ^ x >> 16) * 0x21F0AAADu;
    x = (x ^ x >> 15) * 0x735A2D97u;
    x ^= x >> 15;
    return (float)(x / 4294967296.0 - 0.5);
}

// Runs before the clock starts: weights with those of one input adjacent, and FFTW plans.
__attribute__((constructor)) static void start(void)
{
    uint32_t number = 1;
    for (int l = 0; l < LAYERS; l++) {
        int in = (int)CODER_WIDTHS[l], out = (int)CODER_WIDTHS[l + 1];
        float span = CODER_WEIGHT * sqrtf(12.0f / in);
        weights[l] = fftwf_alloc_real((size_t)in * out);
        for (int j = 0; j < out; j++)
            for (int i = 0; i < in; i++) weights[l][i * out + j] = span * weight(number++);
    }
    frame = fftwf_alloc_real(STFT_SIZE);
    spectrum = fftwf_alloc_complex(BINS);
    forward = fftwf_plan_dft_r2c_1d(STFT_SIZE, frame, spectrum, FFTW_MEASURE);
    inverse = fftwf_plan_dft_c2r_1d(STFT_SIZE, spectrum, frame, FFTW_MEASURE);
    for (int n = 0; n < STFT_SIZE; n++)
        window[n] = 0.5f - 0.5f * cosf(6.28318531f * n / STFT_SIZE);
    due = STFT_HOP;
}

static void dense(const float *restrict in, float *restrict out, const float *restrict w, int ins, int outs)
{
    for (int j = 0; j < outs; j++) out[j] = 0.0f;
    int i = 0;
    for (; i + 4 <= ins; i += 4) {
        const float *a = w + i * outs, *b = a + outs, *c = b + outs, *d = c + outs;
        for (int j = 0; j < outs; j++)
            out[j] += in[i] * a[j] + in[i + 1] * b[j] + in[i + 2] * c[j] + in[i + 3] * d[j];
    }
    for (; i < ins; i++)
        for (int j = 0; j < outs; j++) out[j] += in[i] * w[i * outs + j];
}

static void activate(float *x, int count, int sigmoid)
{
    for (int j = 0; j < count; j++)
        x[j] = sigmoid ? 1.0f / (1.0f + expf(-x[j])) : fmaxf(x[j], 0.0f);
}

static void render(float *out)
{
    for (int n = 0; n < BLOCK; n++) {
        ring[at + n] = CODER_AMPLITUDE * 2.0f * phase;
        phase = wrap(phase + CODER_FREQUENCY / RATE);
        out[n] = sum[at + n];
        sum[at + n] = 0.0f;
    }
    at = (at + BLOCK) % STFT_SIZE;
    due -= BLOCK;
    if (due > 0) return;
    due = STFT_HOP;
    int tail = STFT_SIZE - at;
    for (int n = 0; n < tail; n++) frame[n] = ring[at + n] * window[n];
    for (int n = tail; n < STFT_SIZE; n++) frame[n] = ring[n - tail] * window[n];
    fftwf_execute(forward);
    float level = 1e-9f, magnitude[BINS];
    for (int k = 0; k < BINS; k++) {
        magnitude[k] = sqrtf(spectrum[k][0] * spectrum[k][0] + spectrum[k][1] * spectrum[k][1]);
        level = fmaxf(level, magnitude[k]);
    }
    for (int k = 0; k < BINS; k++) values[0][k] = magnitude[k] / level;
    for (int l = 0; l < LAYERS; l++) {
        int sigmoid = l == (int)CODER_SIGMOIDS[0] || l == (int)CODER_SIGMOIDS[1];
        dense(values[l & 1], values[~l & 1], weights[l], (int)CODER_WIDTHS[l], (int)CODER_WIDTHS[l + 1]);
        activate(values[~l & 1], (int)CODER_WIDTHS[l + 1], sigmoid);
    }
    for (int k = 0; k < BINS; k++) {
        float gain = values[0][k] * level / fmaxf(magnitude[k], 1e-20f);
        spectrum[k][0] *= gain;
        spectrum[k][1] *= gain;
    }
    fftwf_execute(inverse);
    float scale = 1.0f / (STFT_OVERLAP * STFT_SIZE);
    for (int n = 0; n < tail; n++) sum[at + n] += frame[n] * window[n] * scale;
    for (int n = tail; n < STFT_SIZE; n++) sum[n - tail] += frame[n] * window[n] * scale;
}

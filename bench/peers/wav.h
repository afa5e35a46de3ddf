// Writes the sound of a workload: shared by the programs in C and the architecture of Faust.
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

// Writes one channel of 32-bit float samples at RATE, which is defined before.
static void write_wav(const char *path, const float *sound, uint32_t samples)
{
    uint32_t bytes = samples * 4, rate = RATE, byte_rate = RATE * 4, riff_bytes = bytes + 36, format_bytes = 16;
    uint16_t format = 3, channels = 1, align = 4, bits = 32;
    FILE *file = fopen(path, "wb");
    if (!file) { perror(path); exit(1); }
    fwrite("RIFF", 1, 4, file); fwrite(&riff_bytes, 4, 1, file); fwrite("WAVEfmt ", 1, 8, file);
    fwrite(&format_bytes, 4, 1, file); fwrite(&format, 2, 1, file); fwrite(&channels, 2, 1, file);
    fwrite(&rate, 4, 1, file); fwrite(&byte_rate, 4, 1, file); fwrite(&align, 2, 1, file);
    fwrite(&bits, 2, 1, file); fwrite("data", 1, 4, file); fwrite(&bytes, 4, 1, file);
    fwrite(sound, 4, samples, file);
    fclose(file);
}

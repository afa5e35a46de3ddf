// The architecture file of the Faust programs: the render loop with its CPU time, and a WAV writer.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <vector>

#define FAUSTFLOAT float

struct Meta { void declare(const char *, const char *) {} };
struct UI {
    void openVerticalBox(const char *) {}
    void closeBox() {}
};
struct dsp {};

<<includeIntrinsic>>
<<includeclass>>

static void write_wav(const char *path, const std::vector<float> &sound, uint32_t rate)
{
    uint32_t bytes = sound.size() * 4, byte_rate = rate * 4, riff_bytes = bytes + 36, format_bytes = 16;
    uint16_t format = 3, channels = 1, align = 4, bits = 32;
    FILE *file = fopen(path, "wb");
    if (!file) { perror(path); exit(1); }
    fwrite("RIFF", 1, 4, file); fwrite(&riff_bytes, 4, 1, file); fwrite("WAVEfmt ", 1, 8, file);
    fwrite(&format_bytes, 4, 1, file); fwrite(&format, 2, 1, file); fwrite(&channels, 2, 1, file);
    fwrite(&rate, 4, 1, file); fwrite(&byte_rate, 4, 1, file); fwrite(&align, 2, 1, file);
    fwrite(&bits, 2, 1, file); fwrite("data", 1, 4, file); fwrite(&bytes, 4, 1, file);
    fwrite(sound.data(), 4, sound.size(), file);
    fclose(file);
}

int main(int argc, char **argv)
{
    const int rate = RATE;
    const long blocks = atof(argv[1]) * rate / BLOCK;
    static mydsp program;
    program.init(rate);
    std::vector<float> sound(argc > 2 ? blocks * BLOCK : 0);
    static float once[BLOCK];
    volatile float sum = 0.0f;  // prevents the compiler from removing the render
    const clock_t start = clock();
    for (long i = 0; i < blocks; i++) {
        float *out = sound.empty() ? once : sound.data() + i * BLOCK;
        program.compute(BLOCK, nullptr, &out);
        sum = sum + out[0];
    }
    printf("%.6f\n", (double)(clock() - start) / CLOCKS_PER_SEC);
    if (!sound.empty()) write_wav(argv[2], sound, rate);
    return 0;
}

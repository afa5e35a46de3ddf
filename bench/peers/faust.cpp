// The architecture file of the Faust programs: the render loop with its CPU time.
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <vector>

#include "wav.h"

#define FAUSTFLOAT float

struct Meta { void declare(const char *, const char *) {} };
struct UI {
    void openVerticalBox(const char *) {}
    void closeBox() {}
};
struct dsp {};

<<includeIntrinsic>>
<<includeclass>>

int main(int argc, char **argv)
{
    const long blocks = atof(argv[1]) * RATE / BLOCK;
    static mydsp program;
    program.init(RATE);
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
    if (!sound.empty()) write_wav(argv[2], sound.data(), sound.size());
    return 0;
}

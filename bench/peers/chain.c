// W3: a graph as an array of nodes, each with a function pointer and a separate buffer.
#include "render.h"

typedef struct Node {
    void (*run)(struct Node *);
    const float *in;
    float *out;
    float parameter;
} Node;

static float buffers[CHAIN + 1][BLOCK] __attribute__((aligned(64)));
static Node nodes[CHAIN];
static float phase;

static void multiply(Node *node)
{
    for (int n = 0; n < BLOCK; n++) node->out[n] = node->in[n] * node->parameter;
}

static void add(Node *node)
{
    for (int n = 0; n < BLOCK; n++) node->out[n] = node->in[n] + node->parameter;
}

static void build(void)
{
    for (int i = 0; i < CHAIN; i++) {
        nodes[i].run = i % 2 ? add : multiply;
        nodes[i].parameter = i % 2 ? CHAIN_TERM : CHAIN_FACTOR;
        nodes[i].in = buffers[i];
        nodes[i].out = buffers[i + 1];
    }
}

static void render(float *out)
{
    if (!nodes[0].run) build();
    for (int n = 0; n < BLOCK; n++) {
        buffers[0][n] = CHAIN_AMPLITUDE * sine(phase);
        phase = wrap(phase + CHAIN_FREQUENCY / RATE);
    }
    for (int i = 0; i < CHAIN; i++) nodes[i].run(&nodes[i]);
    for (int n = 0; n < BLOCK; n++) out[n] = buffers[CHAIN][n];
}

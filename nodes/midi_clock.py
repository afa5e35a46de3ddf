"""MIDI clock, received and sent: 24 clocks per beat. MIDI 1.0 Detailed Specification (1996)."""

from nodegraph.events import CLOCK, CONTINUE, SONG_POSITION, START, STOP, count, event, next_event_offset, send
from nodegraph.maths import clip, floor, modulo, nearest, read_double, rising_edge, wrap
from nodegraph.node import EventIn, EventOut, Example, In, Node, Out, State

CLOCKS = 24.0  # per beat
SIXTEENTH = 6.0  # clocks
STEADY = 0.1  # weight of each clock in the tempo estimate; two clocks further off than FAR_OFF restart it
FAR_OFF = 0.25
SHORTEST = 0.0025  # seconds between two clocks at 1000 bpm; clocks that are nearer were late


class ClockIn(Node):
    """Follows the MIDI clock of another device and outputs its tempo, position and run gate, like a transport.

    Between two clocks the position advances at the current tempo, up to the next clock. Clocks that arrive together
    after the device or the program stood still are counted, and do not change the tempo.
    """

    words = (
        "MIDI clock, sync, external clock, slave, follow clock, sync in, clock sync, tempo sync, midi sync, DIN sync, "
        "Ableton Link, MTC, rtin, Takt"
    )
    example = Example(inputs={"events": "clock"}, output="phase", heard="value")

    events = EventIn(doc="MIDI messages")
    meter = In(4.0, unit="beats", min=1.0, max=64.0, smooth=False, doc="beats per bar")
    run = Out(unit="gate", doc="high from start or continue until stop")
    jump = Out(unit="gate", doc="high for one sample at start and continue; for inputs such as restart and reset")
    bar = Out(unit="bars", doc="bar number, from 0")
    phase = Out(unit="cycles", doc="position in the bar, 0 to 1")
    beat = Out(unit="beats", doc="position in beats")
    bpm = Out(unit="bpm", doc="tempo of the clock; 0 before the second clock")
    # Clocks since the start of the piece (-1 before the first), samples since the last clock, samples between two,
    # and the last clock: none (0), in time (1), late (-1), far off (2).
    clocks, since, interval, known, running, jumps = State(-1.0), State(), State(), State(), State(), State()

    def block(events, meter, run, jump, bar, phase, beat, bpm, clocks, since, interval, known, running, jumps, sr):
        begin = 0
        for k in range(count(events) + 1):
            end = next_event_offset(events, k, run.shape[0])
            for i in range(begin, end):
                ahead = clip(since[0] / interval[0], 0.0, 1.0) if interval[0] > 0.0 and running[0] > 0.5 else 0.0
                now = max(clocks[0] + (ahead if clocks[0] >= 0.0 else 0.0), 0.0) / CLOCKS
                bars = now / max(read_double(meter, (i, 0)), 1.0)
                run[i, 0], jump[i, 0], jumps[0] = running[0], jumps[0], 0.0
                bar[i, 0], phase[i, 0], beat[i, 0] = floor(bars), wrap(bars), now
                bpm[i, 0] = 60.0 * sr / (CLOCKS * interval[0]) if interval[0] > 0.0 else 0.0
                since[0] += 1.0
            begin = end
            if k == count(events):
                break
            _, status, data1, data2, _ = event(events, k)
            if status == CLOCK:
                if running[0] > 0.5:
                    clocks[0] += 1.0
                late, far = (known[0] != 0.0) & (since[0] < SHORTEST * sr), False
                if (known[0] > 0.0) & (not late):
                    off = since[0] - interval[0]
                    far = (interval[0] > 0.0) & (abs(off) > FAR_OFF * interval[0])
                    if (interval[0] == 0.0) | (far & (known[0] > 1.0)):
                        interval[0] = since[0]
                    elif not far:
                        interval[0] += STEADY * off
                known[0] = -1.0 if late else 2.0 if far & (known[0] < 2.0) else 1.0
                since[0] = 0.0
            elif status == START:
                clocks[0], running[0], jumps[0] = -1.0, 1.0, 1.0
            elif status == CONTINUE:
                running[0], jumps[0] = 1.0, 1.0
            elif status == STOP:
                clocks[0], running[0] = max(clocks[0], 0.0), 0.0
            elif status == SONG_POSITION:
                clocks[0] = SIXTEENTH * (128 * data2 + data1) - 1.0

    def lanes(inputs, settings):
        return dict.fromkeys(("run", "jump", "bar", "phase", "beat", "bpm"), 1)


class ClockOut(Node):
    """Sends MIDI clock at a tempo, and start, stop and song position when a transport starts, stops or jumps.

    Wire the ``bpm``, ``run``, ``jump`` and ``beat`` of a transport. Without wires the clock runs from the start.
    """

    words = "MIDI clock out, send clock, master clock, sync out, drum machine sync, midi sync, clock master, DIN sync"
    example = Example(vary="", heard="clock")

    tempo = In(120.0, unit="bpm", min=0.0, max=400.0, doc="beats per minute")
    run = In(1.0, unit="gate", min=0.0, max=1.0, smooth=False, doc="high while the clock runs")
    jump = In(0.0, unit="gate", min=0.0, max=1.0, smooth=False, doc="a rising edge reports a jump of beat")
    beat = In(0.0, unit="beats", min=0.0, max=1000000.0, smooth=False, doc="position in beats at a start or jump")
    out = EventOut(doc="clock, start, continue, stop, song position")
    next, last_run, last_jump, speed = State(), State(), State(), State()

    def block(tempo, run, jump, beat, out, next, last_run, last_jump, speed, sr):
        for i in range(run.shape[0]):
            now = read_double(tempo, (i, 0))
            speed[0] = now if now > 0.0 else speed[0]  # a stopped transport has no tempo
            starts = rising_edge(run[i, 0], last_run[0])
            jumps = rising_edge(jump[i, 0], last_jump[0]) and run[i, 0] > 0.5
            if (last_run[0] > 0.5 and run[i, 0] <= 0.5) or (jumps and not starts):
                send(out, i, STOP, 0, 0, 0.0)
            if starts or jumps:
                place = max(read_double(beat, (i, 0)), 0.0) * CLOCKS
                sixteenths = int(clip(nearest(place / SIXTEENTH), 0.0, 16383.0))
                if sixteenths > 0:
                    send(out, i, SONG_POSITION, sixteenths & 127, sixteenths >> 7, 0.0)
                send(out, i, CONTINUE if sixteenths > 0 else START, 0, 0, 0.0)
                next[0] = modulo(-place, 1.0)  # clocks until the next whole clock position
            if next[0] < 1e-9:
                send(out, i, CLOCK, 0, 0, 0.0)
                next[0] += 1.0
            next[0] -= speed[0] * CLOCKS / (60.0 * sr)
            last_run[0], last_jump[0] = run[i, 0], jump[i, 0]

    def lanes(inputs, settings):
        return {}

"""Sound recorded into memory and played from there: buffers and loopers."""

from nodegraph.blocks.band_limited import CROSSINGS, RESOLUTION, sinc_table
from nodegraph.maths import clip, finite_or_zero, floor, read_double, rising_edge, smoothstep
from nodegraph.node import Example, In, Line, Node, Option, Out, State, Table

from .delays import lagrange, next_position
from .mixing import lane_of

FADE_SECONDS = 0.008  # of the seam, of jumps, of overdubs
MIN_LOOP = 4  # samples


class Buffer(Node):
    """Records into a ring and reads it anywhere: ``out = ring[position]``, by cubic interpolation, apart from writing.

    While ``record`` is high the write head moves on by a sample; a rising edge of ``restart`` returns it to the start.
    Wire a ramp to ``position`` to play, an LFO to scrub; each lane has its own ring and read head.
    """

    words = (
        "table, tabwrite~, tabread4~, BufWr, BufRd, RecordBuf, poke~, peek~, index~, record into memory, ring buffer, "
        "memory, array, scratch, scratching, table read, table write, wavetable read, lookup, scrub, LocalBuf, tape "
        "head, Speicher, reverse, backwards, bufferwrite, bufferread"
    )
    example = Example(inputs={"audio": "plucks"})

    audio = In(0.0, doc="signal to record")
    record = In(0.0, unit="gate", min=0.0, max=1.0, smooth=False, doc="records while above 0.5")
    restart = In(0.0, unit="gate", min=0.0, max=1.0, smooth=False, doc="a rising edge returns the write head to 0")
    position = In(0.0, unit="s", min=0.0, max=600.0, doc="read position, modulo the length")
    length = Option(1.0, unit="s", min=0.001, max=600.0, doc="length of the ring")
    out = Out(doc="recorded signal at the position")
    written = Out(unit="s", doc="position of the write head")
    line = Line(lambda settings, sr: max(round(settings["length"] * sr), 4))
    head, last_restart = State(0), State()

    def tick(audio, record, restart, position, line, line_size, head, last_restart, sr, dt):
        head = 0 if rising_edge(restart, last_restart) else head
        at = finite_or_zero(position) * sr
        at -= line_size * floor(at / line_size)
        whole = int(clip(at, 0.0, line_size - 1.0))
        b, c = whole, next_position(whole, line_size)
        a, d = (whole if whole > 0 else line_size) - 1, next_position(c, line_size)
        out = lagrange(
            read_double(line, a), read_double(line, b), read_double(line, c), read_double(line, d), at - whole
        )
        records = record > 0.5
        written = head * dt
        line[head] = audio if records else read_double(line, head)
        return out, written, next_position(head, line_size) if records else head, restart


class Looper(Node):
    """Records loops by gates, also those just played: overdubs, plays backwards and at half speed, without clicks.

    The input is always recorded into a ring. When ``record`` falls, what was recorded while it was high becomes the
    loop; a rising edge of ``capture`` makes a loop of the last ``seconds``. Its end fades into what preceded its start.
    While ``overdub`` is high the loop becomes ``feedback`` times itself plus the input. A loop is exact to the
    sample. Each lane is a looper.
    """

    words = (
        "loop, overdub, loop pedal, loop station, live loop, live looping, phrase sampler, Frippertronics, karma~, "
        "capture, sound on sound, tape loop, record loop, RC-20, sampling pedal, Schleife, boucle, boucleur, "
        "retrigger, live sampling, dub loop, reverse, phrase"
    )
    example = Example(inputs={"audio": "plucks"}, vary="")

    audio = In(0.0, doc="signal to record")
    record = In(0.0, unit="gate", min=0.0, max=1.0, smooth=False, doc="records while high; its end starts the loop")
    overdub = In(0.0, unit="gate", min=0.0, max=1.0, smooth=False, doc="adds the input to the loop while high")
    feedback = In(1.0, unit="ratio", min=0.0, max=1.0, doc="part of the loop that an overdub keeps")
    play = In(1.0, unit="gate", min=0.0, max=1.0, smooth=False, doc="plays while above 0.5")
    restart = In(0.0, unit="gate", min=0.0, max=1.0, smooth=False, doc="a rising edge jumps to the start of the loop")
    reverse = In(0.0, unit="gate", min=0.0, max=1.0, smooth=False, doc="plays backwards while high")
    half = In(0.0, unit="gate", min=0.0, max=1.0, smooth=False, doc="plays at half speed while high")
    capture = In(0.0, unit="gate", min=0.0, max=1.0, smooth=False, doc="a rising edge makes a loop of the last seconds")
    seconds = In(4.0, unit="s", min=0.01, max=600.0, smooth=False, doc="length of a captured loop")
    clear = In(0.0, unit="gate", min=0.0, max=1.0, smooth=False, doc="a rising edge removes the loop")
    max_time = Option(20.0, unit="s", min=0.1, max=600.0, doc="longest loop; sets the memory")
    out = Out(doc="the loop, without the input")
    phase = Out(unit="ratio", doc="position in the loop, 0 to 1")
    begins = Out(unit="gate", doc="1 for the first sample of the loop, as a clock")
    line = Line(lambda settings, sr: 2 * (int(settings["max_time"] * sr) + int(FADE_SECONDS * sr) + 2))
    table = Table(sinc_table)
    active, head, filled, recorded = State(0), State(0), State(0), State(0)
    start, length, at = State(0), State(0), State(0)
    level, dubbing, added, additions, step = State(), State(), State(), State(0), State(0)
    tail_at, tail_step, tail_dubbing = State(0), State(0), State()  # an overdub that fades out where the head has left
    last, offset, offset_left = State(), State(), State(0)
    last_record, last_restart, last_capture, last_clear = State(), State(), State(), State()

    def block(
        audio, record, overdub, feedback, play, restart, reverse, half, capture, seconds, clear, out, phase, begins,
        line, table, active, head, filled, recorded, start, length, at, level, dubbing, added, additions, step,
        tail_at, tail_step, tail_dubbing, last, offset, offset_left,
        last_record, last_restart, last_capture, last_clear, sr,
    ):  # fmt: skip
        size = line.shape[1] // 2
        fade = int(FADE_SECONDS * sr)
        for v in range(out.shape[1]):
            for i in range(out.shape[0]):
                x = finite_or_zero(lane_of(audio, i, v))
                now = lane_of(record, i, v)
                wanted = 0
                if now > 0.5 and last_record[v] <= 0.5:
                    recorded[v] = 0
                elif last_record[v] > 0.5 and (now <= 0.5 or recorded[v] >= size - fade):
                    wanted = recorded[v]
                    recorded[v] = 0
                last_record[v] = now
                jumps = rising_edge(lane_of(restart, i, v), last_restart[v])
                last_restart[v] = lane_of(restart, i, v)
                if rising_edge(lane_of(capture, i, v), last_capture[v]):
                    wanted = int(clip(finite_or_zero(lane_of(seconds, i, v)) * sr + 0.5, 0.0, float(filled[v])))
                last_capture[v] = lane_of(capture, i, v)
                if rising_edge(lane_of(clear, i, v), last_clear[v]):
                    length[v], jumps = 0, True
                last_clear[v] = lane_of(clear, i, v)
                if wanted >= MIN_LOOP:
                    active[v] = 1 - active[v]
                    length[v] = min(wanted, size - fade)
                    start[v] = (head[v] - length[v]) % size
                    close_seam(
                        line, v, active[v] * size, size, start[v], length[v], min(fade, length[v] // 2), filled[v]
                    )
                    head[v], filled[v], recorded[v], jumps = 0, 0, 0, True
                slow = lane_of(half, i, v) > 0.5
                if not slow:
                    at[v] -= at[v] & 1
                up = lane_of(play, i, v) > 0.5 and length[v] > 0
                level[v] = clip(level[v] + (1.0 if up else -1.0) / (fade + 1.0), 0.0, 1.0)
                stride = (-1 if lane_of(reverse, i, v) > 0.5 else 1) * (1 if slow else 2)
                turns = (stride < 0) != (step[v] < 0)
                leaves = (jumps or turns) and dubbing[v] > 0.0
                if leaves:
                    tail_at[v], tail_step[v] = at[v], step[v]
                    tail_dubbing[v], dubbing[v] = 0.0 if wanted >= MIN_LOOP else dubbing[v], 0.0
                step[v] = stride
                dubs = up and lane_of(overdub, i, v) > 0.5 and tail_dubbing[v] <= 0.0
                dubbing[v] = clip(dubbing[v] + (1.0 if dubs else -1.0) / (fade + 1.0), 0.0, 1.0)
                if jumps and length[v] > 0:
                    at[v], level[v] = 0, 1.0 if up else 0.0
                first, y = active[v] * size, 0.0
                if length[v] > 0 and level[v] > 0.0:
                    y = level[v] * loop_value(line, v, first, size, start[v], length[v], at[v], table)
                if jumps or offset_left[v] < 0:
                    offset[v], offset_left[v] = last[v] - y, fade
                y += offset[v] * offset_left[v] / (fade + 1.0)
                offset_left[v] = -1 if leaves else max(offset_left[v] - 1, 0)  # the next sample may be the new overdub
                last[v] = y
                out[i, v] = y
                phase[i, v] = at[v] / (2.0 * length[v]) if length[v] > 0 else 0.0
                begins[i, v] = 1.0 if length[v] > 0 and level[v] > 0.0 and at[v] < (1 if slow else 2) else 0.0
                added[v], additions[v] = added[v] + x, additions[v] + 1
                moves = length[v] > 0 and level[v] > 0.0
                keeps = clip(lane_of(feedback, i, v), 0.0, 1.0)
                if moves and (not slow or at[v] & 1 == 1):
                    place = first + (start[v] + (at[v] >> 1)) % size
                    add_to_loop(line, v, place, dubbing[v], keeps, added[v] / additions[v])
                    added[v], additions[v] = 0.0, 0
                if length[v] > 0 and tail_dubbing[v] > 0.0:
                    place = first + (start[v] + (tail_at[v] >> 1)) % size
                    add_to_loop(line, v, place, tail_dubbing[v] if tail_at[v] & 1 == 0 else 0.0, keeps, x)
                    tail_at[v] = (tail_at[v] + tail_step[v]) % (2 * length[v])
                    tail_dubbing[v] -= 1.0 / (fade + 1.0)
                if moves:
                    at[v] = (at[v] + stride) % (2 * length[v])
                else:
                    added[v], additions[v] = 0.0, 0
                line[v, (1 - active[v]) * size + head[v]] = x
                head[v] = next_position(head[v], size)
                filled[v] = min(filled[v] + 1, size - fade)
                if now > 0.5:
                    recorded[v] += 1


def add_to_loop(line, v, place, amount, feedback, x):
    """Overdub a sample: the loop falls to ``feedback`` and the input rises with ``amount``, 0 to 1."""
    if amount > 0.0:
        line[v, place] = (1.0 - amount * (1.0 - feedback)) * read_double(line, (v, place)) + amount * x


def close_seam(line, v, first, size, start, length, fade, filled):
    """Fade the end of a loop, ``length`` samples of the ring from ``start`` on, into what was recorded before it.

    If that is too short, the end fades into the start backwards.
    """
    known = filled - length >= fade
    for j in range(fade):
        end = first + (start + length - fade + j) % size
        lead = first + (start + (j - fade if known else fade - j)) % size
        value = read_double(line, (v, end))
        line[v, end] = value + smoothstep((j + 0.5) / fade) * (read_double(line, (v, lead)) - value)


def loop_value(line, v, first, size, start, length, at, table):
    """Return the loop at half sample ``at``; between two samples by band-limited interpolation."""
    whole = at >> 1
    if at & 1 == 0:
        return read_double(line, (v, first + (start + whole) % size))
    total = 0.0
    for k in range(CROSSINGS):
        below, above = (whole - k) % length, (whole + 1 + k) % length
        pair = read_double(line, (v, first + (start + below) % size))
        pair += read_double(line, (v, first + (start + above) % size))
        total += read_double(table, RESOLUTION // 2 + k * RESOLUTION) * pair
    return total

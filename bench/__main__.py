"""``python -m bench``: compare the speed of nodegraph with that of other programs."""

from __future__ import annotations

import argparse

from rich.progress import Progress

from . import phase
from . import workloads as w
from .checks import WrongSound
from .measure import PeerFailed, Result, choose_length, render_is_correct, speed, use_one_core
from .nodegraph_peer import NodegraphPeer, RowsPeer
from .peers.base import Peer
from .peers.c import C
from .peers.csound import Csound
from .peers.faust import Faust
from .peers.puredata import PureData
from .peers.python_peer import DAWDREAMER, NUMPY, PYO, SIGNALFLOW
from .peers.supercollider import SuperCollider
from .report import Results, save, show

# nodegraph is last, so that its column is next to the ratio.
PEERS: list[Peer] = [
    SuperCollider(), PureData(), Csound(), Faust(), DAWDREAMER, SIGNALFLOW, PYO, NUMPY, C(), RowsPeer(),
    NodegraphPeer(),
]  # fmt: skip

PHASE = "phase"  # the table of phase reconstruction methods

NOTES = [
    "W5a: scsynth and pyo use a dedicated unit (SinOscFB, SineLoop); Pd uses blocks of one sample.",
    "W5b: Pd uses blocks of one sample for the comb, scsynth for everything.",
    "W6: NumPy calls BLAS for each layer of each frame.",
    "Csound: W5a uses opcodes of one sample at control rate, W5b blocks of one sample.",
    "Faust: a program for each workload, by faust -vec and g++; W5a without -vec.",
    "DawDreamer: the programs of Faust, compiled by its processor.",
    "C: a separate program for each workload; only W3 is a graph.",
    "rows: nodegraph without fused kernels, as during edits.",
]


def main() -> int:
    names = [peer.name for peer in PEERS]
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--peer", action="append", choices=names, help="only this peer (repeatable)")
    parser.add_argument("--workload", action="append", choices=[*(x.name for x in w.ALL), PHASE])
    parser.add_argument("--runs", type=int, default=5, help="runs of each render (default 5)")
    parser.add_argument("--cpu", type=float, default=0.5, help="approximate CPU seconds of a render (default 0.5)")
    options = parser.parse_args()
    peers = [peer for peer in PEERS if not options.peer or peer.name in options.peer]
    chosen = [x.name for x in w.ALL if not options.workload or x.name in options.workload]

    use_one_core()
    results: Results = {}
    with Progress(transient=True) as progress:
        task = progress.add_task("", total=len(chosen) * len(peers) * (options.runs + 1))
        for workload in chosen:
            results[workload] = {}
            lengths = {}
            for peer in peers:
                progress.update(task, description=f"{workload} {peer.name}: check", advance=1)
                reason, lengths[peer.name] = prepare(peer, workload, options.cpu)
                results[workload][peer.name] = Result(reason=reason)
            # Runs are interleaved, so that other load on the machine affects all peers equally.
            for run in range(options.runs):
                for peer in peers:
                    progress.update(task, description=f"{workload} {peer.name}: run {run + 1}", advance=1)
                    result = results[workload][peer.name]
                    if not result.reason:
                        try:
                            result.speeds.append(speed(peer, workload, lengths[peer.name]))
                        except PeerFailed as error:
                            result.reason = str(error)
    found = {}
    if not options.peer and (not options.workload or PHASE in options.workload):
        with Progress(transient=True) as progress:
            task = progress.add_task("", total=None)
            found = phase.measure(lambda label: progress.update(task, description=label))
    shown = {*chosen, *(peer.name for peer in peers)}
    notes = [note for note in NOTES if note.partition(":")[0] in shown]
    show(results, [peer.name for peer in peers], notes, found)
    print(f"Saved: {save(results, [peer.name for peer in peers], notes, found)}")
    ours = [by_peer[NodegraphPeer.name].reason for by_peer in results.values() if NodegraphPeer.name in by_peer]
    return 1 if any(ours) else 0


def prepare(peer: Peer, workload: str, cpu_seconds: float) -> tuple[str, float]:
    """Return why the peer cannot run the workload, else "" and the seconds of audio of a render."""
    reason = peer.unavailable_reason() or peer.unsupported_reason(workload)
    if reason:
        return reason, 0.0
    try:
        render_is_correct(peer, workload)
        return "", choose_length(peer, workload, cpu_seconds)
    except WrongSound as error:
        return f"wrong sound: {error}", 0.0
    except PeerFailed as error:
        return str(error), 0.0


if __name__ == "__main__":
    raise SystemExit(main())

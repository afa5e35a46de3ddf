"""nodegraph as a peer of the benchmark."""

from __future__ import annotations

import sys
from pathlib import Path

from .peers.base import Job, Peer


class NodegraphPeer(Peer):
    name = "nodegraph"

    def job(self, workload: str, seconds: float, output: Path | None) -> Job:
        argv = [sys.executable, "-m", "bench.render_nodegraph", workload, str(seconds)]
        return Job(argv + ([str(output)] if output else []), prints_cpu=True)

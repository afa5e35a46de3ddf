"""nodegraph as a peer of the benchmark, in both tiers: plans of rows, and fused kernels."""

from __future__ import annotations

import sys
from pathlib import Path

from .peers.base import Job, Peer


class NodegraphPeer(Peer):
    name = "nodegraph"
    tier = "fused"

    def job(self, workload: str, seconds: float, output: Path | None) -> Job:
        argv = [sys.executable, "-m", "bench.render_nodegraph", workload, self.tier, str(seconds)]
        return Job(argv + ([str(output)] if output else []), prints_cpu=True)


class RowsPeer(NodegraphPeer):
    name = "rows"
    tier = "rows"

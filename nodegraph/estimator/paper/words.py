"""The bag of words of the models FC: how often each of 1000 typical spectra occurs in a sound."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

COMPONENTS = 64
WORDS = 1000


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """Principal components of spectra, and the centroids of clusters of their coefficients."""

    pca: Any
    clusters: Any

    @classmethod
    def fit(cls, spectrograms: np.ndarray, seed: int = 0, words: int = WORDS) -> Vocabulary:
        """Fit a vocabulary to spectrograms (N, times, frequencies), with at least ``words`` spectra in all."""
        from sklearn.cluster import MiniBatchKMeans
        from sklearn.decomposition import PCA

        spectra = spectrograms.reshape(-1, spectrograms.shape[-1])
        pca = PCA(min(COMPONENTS, spectra.shape[1]), svd_solver="covariance_eigh").fit(spectra)
        clusters = MiniBatchKMeans(words, random_state=seed, batch_size=max(4096, 4 * words), n_init=1)
        return cls(pca, clusters.fit(pca.transform(spectra)))

    @property
    def explained(self) -> float:
        """The share of the variance of the spectra that the components explain."""
        return float(self.pca.explained_variance_ratio_.sum())

    def bags(self, spectrograms: np.ndarray) -> np.ndarray:
        """Return the share of each word, float32 (N, words) with sum 1, of spectrograms (N, times, frequencies)."""
        count, times, width = spectrograms.shape
        found = self.clusters.predict(self.pca.transform(spectrograms.reshape(-1, width))).reshape(count, times)
        words = len(self.clusters.cluster_centers_)
        places = found + words * np.arange(count)[:, None]
        counts = np.bincount(places.ravel(), minlength=count * words).reshape(count, words)
        return (counts / times).astype(np.float32)

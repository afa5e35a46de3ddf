"""The published figures: of the journal version (Barkan, Tsiris, Katz & Koenigstein, InverSynth, 2019).

Table 1 of the preprint has the columns of table 4 of the journal version. Figures of curves are read off the plots.
"""

from __future__ import annotations

from collections.abc import Mapping

SOURCE = "Barkan & Tsiris, Deep synthesizer parameter estimation (ICASSP 2019)"

# Pearson's correlation × 100: STFT mean and median, FT mean and median; F_delta mean and median
RECONSTRUCTION: Mapping[str, tuple[float, ...]] = {
    "FC Linear": (75.24, 80.83, 54.74, 51.15, 1427.0, 1328.8),
    "FC2": (77.22, 82.32, 58.18, 57.19, 1336.7, 1267.9),
    "HC": (84.62, 88.53, 59.68, 59.73, 1117.5, 1084.6),
    "HC3": (88.04, 92.59, 64.39, 68.07, 918.8, 916.5),
    "Conv4": (90.97, 94.99, 73.29, 86.29, 765.6, 744.0),
    "Conv5": (91.09, 95.10, 73.46, 87.40, 757.7, 726.9),
    "Conv6": (91.38, 95.39, 74.28, 88.00, 740.3, 705.0),
    "Conv6XL": (92.04, 95.61, 76.13, 90.22, 708.9, 679.4),
    "ConvE2E": (88.33, 93.41, 71.36, 80.61, 904.1, 885.0),
}

# mean percentile rank over all parameters
PERCENTILE_RANK: Mapping[str, float] = {
    "FC Linear": 65.59,
    "FC1": 66.85,
    "FC2": 67.05,
    "FC3": 66.72,
    "HC": 72.80,
    "HC3": 75.80,
    "Conv1": 70.69,
    "Conv2": 75.78,
    "Conv3": 76.51,
    "Conv4": 77.35,
    "Conv5": 77.66,
    "Conv6": 77.81,
    "Conv6XL": 77.90,
    "ConvE2E": 76.17,
}

# percentile rank of each parameter, Conv6XL
PARAMETER_RANK: Mapping[str, float] = {
    "a": 70.85, "d": 53.53, "s": 53.55, "r": 90.23, "f_gate": 97.88, "f_cut": 99.68, "q": 96.62,
    "A_saw": 77.12, "B_saw": 85.73, "v_saw": 66.79, "f_saw": 80.16,
    "A_sin": 67.28, "B_sin": 86.50, "v_sin": 68.02, "f_sin": 80.41,
    "A_sqr": 76.46, "B_sqr": 90.85, "v_sqr": 69.55, "f_sqr": 86.27,
    "A_tri": 65.41, "B_tri": 84.27, "v_tri": 66.61, "f_tri": 77.90,
}  # fmt: skip

# validation loss after 100 epochs
LOSS: Mapping[str, float] = {
    "FC Linear": 0.197,
    "FC2": 0.193,
    "HC": 0.188,
    "HC3": 0.169,
    "Conv1": 0.1875,
    "Conv2": 0.166,
    "Conv3": 0.162,
    "Conv4": 0.157,
    "Conv5": 0.1555,
    "Conv6": 0.1545,
    "Conv6XL": 0.1545,
    "ConvE2E": 0.161,
}
CHANCE_LOSS = 0.2338  # of predicting 1/16 for every class

# group → model → top-k mean accuracy in % for k = 1 and k = 5
TOP_K: Mapping[str, Mapping[str, tuple[float, float]]] = {
    "All": {
        "FC Linear": (21.5, 49.0),
        "FC2": (23.5, 51.0),
        "HC": (34.5, 66.0),
        "HC3": (42.0, 72.0),
        "Conv1": (30.0, 62.0),
        "Conv2": (45.0, 71.0),
        "Conv3": (48.0, 72.0),
        "Conv5": (50.0, 74.0),
        "Conv6": (50.5, 74.0),
        "Conv6XL": (51.0, 74.0),
        "ConvE2E": (47.0, 74.0),
    },
    "Filter": {"Conv6XL": (83.5, 99.0)},
    "Notes": {"Conv6XL": (50.0, 73.0), "ConvE2E": (45.0, 74.0)},
    "Amplitude LFO": {"Conv6XL": (90.5, 97.5), "FC2": (8.0, 35.0)},
    "Frequency LFO": {"Conv6XL": (44.0, 67.5)},
    "Oscillator amplitude": {"Conv6XL": (15.0, 57.5)},
    "Amplitude ADSR": {"Conv6XL": (22.0, 51.5), "HC3": (22.5, 56.5), "ConvE2E": (26.5, 58.5)},
}

# group → mean absolute error in classes of Conv6, ConvE2E and HC3
CLASS_ERROR_MODELS = ("Conv6", "ConvE2E", "HC3")
CLASS_ERROR: Mapping[str, tuple[float, float, float]] = {
    "Filter": (0.2, 0.35, 0.3),
    "Notes": (2.17, 2.53, 2.96),
    "Amplitude LFO": (0.33, 0.38, 0.65),
    "Frequency LFO": (2.43, 2.85, 2.93),
    "Oscillator amplitude": (2.8, 3.05, 3.1),
    "Amplitude ADSR": (3.2, 2.8, 3.15),
    "All": (2.3, 2.5, 2.7),
}

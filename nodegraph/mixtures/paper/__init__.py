"""Herbert-Voss (2016) repeated, and a comparison of recipes with what needs no optimisation.

    pairs ──► pair_sounds (instruments, pieces) ──► table   (three image forms: correlations) ──► table_report
                                                └─► figures (seven to fourteen, as pictures)
                                                └─► curves  (recipes and baselines: hypervolume) ──► curves_report

Results are stored one by one by ``stored``, so that an interrupted run resumes.
"""

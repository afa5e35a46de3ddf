"""Reproduction of Barkan & Tsiris, Deep synthesizer parameter estimation (ICASSP 2019), on our synthesizer.

    architectures (plain data) ──► network (torch)
    corpus ──► inputs (STFT, bag of words, hand-crafted features) ──► training ──► metrics ──► report, drawing

``experiment`` runs the models one after the other and stores each result, so that an interrupted run resumes.
"""

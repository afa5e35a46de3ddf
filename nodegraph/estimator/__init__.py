"""Estimation of a patch's parameters from a sound: data sets, features, search and models.

``parameters`` says which inputs of a patch vary, ``rendering`` renders many settings at once, ``examples`` draws them
at random, ``features`` analyses their sounds.
"""

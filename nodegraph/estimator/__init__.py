"""Estimation of the parameters of a patch from a sound."""

"""Train a model: an autoencoder or an estimator.

Each file here is a kind of model.
"""

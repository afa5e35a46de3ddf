"""Reproduction of the tables of two papers: published errors next to those measured here.

tables/ (one file per table: networks, settings, published errors) ──► run ──► report (Markdown, JSON)
"""

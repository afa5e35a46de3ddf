"""The tables of two papers, trained again: published figures and ours side by side.

tables/ (a file each: what was trained, how, and the figures printed) ──► run ──► report (Markdown, JSON)
"""

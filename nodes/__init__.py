"""The block library: each module is a family of blocks, each block a class that shows its equation."""

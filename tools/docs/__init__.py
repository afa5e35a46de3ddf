"""The documentation site: pages of the repository, and pages generated from blocks, patches and lessons."""

/// See docs/ARCHITECTURE.md.

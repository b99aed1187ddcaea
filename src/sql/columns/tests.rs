//! Single rules of names and columns; whole statements are in `tests/lineage`.

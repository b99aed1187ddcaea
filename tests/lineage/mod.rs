//! Lineage: labelled statements, whole projects, and the soundness test.

mod statements;

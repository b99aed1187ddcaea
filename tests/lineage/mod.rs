//! Lineage: labelled statements, whole projects, and the soundness test.

mod projects;
mod soundness;
mod statements;

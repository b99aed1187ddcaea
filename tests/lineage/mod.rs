//! Lineage: labelled statements, whole projects, and the soundness test.

mod project_soundness;
mod projects;
mod soundness;
mod statements;

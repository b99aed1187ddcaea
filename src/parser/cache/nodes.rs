//! Nodes in the parse cache, as they are before references are resolved.

use std::sync::Arc;

use super::codec::{Kept, Reader, Writer, keep};
use crate::manifest::{
    Checksum, ColumnProperties, Constraint, DependsOn, FunctionDetails, Node, RefCall, RefVersion, ResourceType,
    TestDetails, TestMetadata,
};

keep! {
    RefCall { name, package, version, span }
    RefVersion { written }
    DependsOn { macros, nodes }
    Constraint { values }
    ColumnProperties {
        name, description, meta, config, data_type, constraints, quote, tags, doc_blocks, extra, span,
    }
    TestDetails { metadata, column_name, file_key_name, attached_node }
    FunctionDetails { arguments, returns }
    TestMetadata { name, namespace, kwargs }
    Node {
        unique_id, resource_type, name, package_name, path, original_file_path, fqn, alias, database, schema, relation_name,
        checksum, config, unrendered_config, config_call, raw_code, span, language, refs, sources, metrics, functions, depends_on,
        description, columns, tags, meta, group, docs, patch_path, doc_blocks, created_at, access, version, latest_version,
        deprecation_date, constraints, primary_key, time_spine, test, function, root_path, properties_span, index,
    }
}

impl Kept for Arc<Node> {
    fn put(&self, out: &mut Writer) {
        self.as_ref().put(out);
    }

    fn get(from: &mut Reader<'_>) -> Option<Self> {
        Node::get(from).map(Arc::new)
    }
}

/// Kinds of nodes that are kept; others are made anew by each parse.
const KINDS: &[ResourceType] = &[ResourceType::Model, ResourceType::Seed, ResourceType::Analysis, ResourceType::Test];

impl Kept for ResourceType {
    fn put(&self, out: &mut Writer) {
        match KINDS.iter().position(|kind| kind == self) {
            Some(number) => number.put(out),
            None => out.is_lossy = true,
        }
    }

    fn get(from: &mut Reader<'_>) -> Option<Self> {
        KINDS.get(usize::get(from)?).copied()
    }
}

impl Kept for Checksum {
    fn put(&self, out: &mut Writer) {
        self.name.put(out);
        self.checksum.put(out);
    }

    fn get(from: &mut Reader<'_>) -> Option<Self> {
        Some(Self { name: Kept::get(from)?, checksum: Kept::get(from)? })
    }
}

/// Names of hashes and languages.
const WORDS: &[&str] = &["sha256", "path", "none", "sql", "python"];

impl Kept for &'static str {
    fn put(&self, out: &mut Writer) {
        match WORDS.iter().position(|word| word == self) {
            Some(number) => number.put(out),
            None => out.is_lossy = true,
        }
    }

    fn get(from: &mut Reader<'_>) -> Option<Self> {
        WORDS.get(usize::get(from)?).copied()
    }
}

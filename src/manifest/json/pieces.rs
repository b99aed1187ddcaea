//! A manifest's text in pieces, so that those that did not change can be taken from an earlier manifest.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;

use serde::Serialize;

use super::node::NodeJson;
use super::{Entries, ManifestJson, NodesJson};
use crate::manifest::{Manifest, Node};

/// Where the text of a manifest goes, piece by piece.
pub trait Pieces {
    /// Takes the next piece: `before`, then `value` as JSON.
    ///
    /// Pieces with the same mark have the same text, also those of different manifests; a piece without one is unlike any other.
    ///
    /// # Errors
    ///
    /// Those of where it is written to.
    fn piece<T: Serialize>(&mut self, mark: Option<u64>, before: &[&str], value: &T) -> io::Result<()>;

    /// Takes text that stands between pieces.
    ///
    /// # Errors
    ///
    /// Those of where it is written to.
    fn text(&mut self, text: &str) -> io::Result<()>;
}

impl ManifestJson<'_> {
    /// Writes the manifest piece by piece; all of them together are what it serializes to.
    ///
    /// # Errors
    ///
    /// Those of where it is written to.
    pub fn write_pieces(&self, out: &mut impl Pieces) -> io::Result<()> {
        out.text("{")?;
        self.entries(&mut EntryWriter { manifest: self.manifest, out, is_first: true, links: None })?;
        out.text("}")
    }
}

struct EntryWriter<'a, P> {
    manifest: &'a Manifest,
    out: &'a mut P,
    is_first: bool,
    /// A hash of who depends on whom.
    links: Option<u64>,
}

impl<P: Pieces> EntryWriter<'_, P> {
    fn comma(&mut self) -> &'static str {
        if std::mem::take(&mut self.is_first) { "" } else { "," }
    }
}

impl<P: Pieces> Entries for EntryWriter<'_, P> {
    type Error = io::Error;

    fn entry<T: Serialize>(&mut self, key: &'static str, value: &T) -> io::Result<()> {
        let comma = self.comma();
        self.out.piece(None, &[comma, "\"", key, "\":"], value)
    }

    fn links<T: Serialize>(&mut self, key: &'static str, value: &T) -> io::Result<()> {
        let links = *self.links.get_or_insert_with(|| hash_of_links(self.manifest));
        let mut hasher = DefaultHasher::new();
        (key, links).hash(&mut hasher);
        let comma = self.comma();
        self.out.piece(Some(hasher.finish()), &[comma, "\"", key, "\":"], value)
    }

    fn nodes(&mut self, key: &'static str, value: &NodesJson<'_>) -> io::Result<()> {
        let comma = self.comma();
        self.out.text(comma)?;
        self.out.text("\"")?;
        self.out.text(key)?;
        self.out.text("\":{")?;
        let mut is_first = true;
        for (id, node) in value.nodes() {
            let key = serde_json::to_string(id)?;
            let mark = mark(self.manifest, &node, is_first);
            let comma = if std::mem::take(&mut is_first) { "" } else { "," };
            self.out.piece(mark, &[comma, &key, ":"], &node)?;
        }
        self.out.text("}")
    }
}

/// A hash of all that the text of a node depends on; none if that is not known.
fn mark(manifest: &Manifest, json: &NodeJson<'_>, is_first: bool) -> Option<u64> {
    let node: &Node = json.uncompiled()?;
    let file_hash = manifest.file_hashes.get(&node.span?.source)?;
    let mut hasher = DefaultHasher::new();
    (is_first, file_hash, &node.unique_id).hash(&mut hasher);
    // What linking adds.
    (&node.depends_on.nodes, &node.group, &node.test.attached_node, &node.primary_key).hash(&mut hasher);
    (node.config.enabled(), &node.description, &node.doc_blocks).hash(&mut hasher);
    for column in node.columns.values() {
        (&column.description, &column.doc_blocks).hash(&mut hasher);
    }
    Some(hasher.finish())
}

fn hash_of_links(manifest: &Manifest) -> u64 {
    let mut hasher = DefaultHasher::new();
    manifest.nodes.iter().for_each(|(id, node)| (id, &node.depends_on.nodes).hash(&mut hasher));
    for id in super::maps::members(manifest).skip(manifest.nodes.len()) {
        let upstream: Vec<&str> = manifest.dependencies(id).collect();
        (id, upstream).hash(&mut hasher);
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::manifest::{ArtifactMetadata, CompiledNodes, ManifestMetadata, sample};

    struct Text(Vec<u8>);

    impl Pieces for Text {
        fn piece<T: Serialize>(&mut self, _: Option<u64>, before: &[&str], value: &T) -> io::Result<()> {
            self.0.extend(before.concat().into_bytes());
            Ok(serde_json::to_writer(&mut self.0, value)?)
        }

        fn text(&mut self, text: &str) -> io::Result<()> {
            self.0.extend(text.as_bytes());
            Ok(())
        }
    }

    #[test]
    fn all_pieces_together_are_the_manifest() {
        let manifest = sample::sample(&[
            ("model.shop.b", &["model.shop.a"]),
            ("model.shop.a", &["source.shop.raw.t"]),
            ("source.shop.raw.t", &[]),
            ("function.shop.f", &[]),
        ]);
        let artifact = ArtifactMetadata {
            generated_at: Timestamp::UNIX_EPOCH,
            invocation_id: "1".into(),
            invocation_started_at: Timestamp::UNIX_EPOCH,
            env: indexmap::IndexMap::new(),
        };
        let quoting = crate::adapters::RelationParts { database: true, schema: true, identifier: true };
        let metadata = ManifestMetadata { artifact, quoting };
        let compiled = CompiledNodes::new();
        let json = ManifestJson { manifest: &manifest, metadata: &metadata, compiled: &compiled };
        let mut text = Text(Vec::new());
        json.write_pieces(&mut text).unwrap();
        assert_eq!(String::from_utf8(text.0).unwrap(), serde_json::to_string(&json).unwrap());
    }
}

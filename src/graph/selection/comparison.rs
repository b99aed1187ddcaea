//! [`Comparison`]: what differs between a resource and the same one in an earlier manifest, as dbt judges it.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::members::Member;
use crate::diagnostics::{Code, Diagnostic};
use crate::manifest::{Exposure, Node, ResourceType, Source, freshness_json};

/// A resource and its earlier form, if it had one.
#[derive(Clone, Copy)]
pub(super) struct Comparison<'m> {
    pub(super) new: Member<'m>,
    pub(super) old: Option<Member<'m>>,
    /// Whether sources are compared by the database and schema that are written, not by what the target makes of them
    /// (dbt's flag `state_modified_compare_more_unrendered_values`).
    pub(super) as_written: bool,
}

/// Configs that place a node or only label it: other checks are for those.
const NOT_COMPARED: [&str; 5] = ["alias", "schema", "database", "tags", "group"];

/// The only configs of a data test that change its outcome.
const OF_TESTS: [&str; 8] =
    ["severity", "where", "limit", "fail_calc", "warn_if", "error_if", "store_failures", "store_failures_as"];

impl<'m> Comparison<'m> {
    pub(super) fn is_node(self) -> bool {
        matches!(self.new, Member::Node(_))
    }

    pub(super) fn has_relation(self) -> bool {
        matches!(self.new, Member::Node(_) | Member::Source(_))
    }

    pub(super) fn has_config(self) -> bool {
        !matches!(self.new, Member::UnitTest(_) | Member::Unknown)
    }

    fn nodes(self) -> Option<(&'m Node, &'m Node)> {
        match (self.new, self.old) {
            (Member::Node(new), Some(Member::Node(old))) => Some((new, old)),
            _ => None,
        }
    }

    /// Whether nothing changed that matters. A node or unit test that is new differs; a new source, exposure or resource of
    /// the semantic layer does not (dbt selects those by `state:new` only).
    pub(super) fn same_contents(self) -> bool {
        match (self.new, self.old) {
            (Member::Node(new), Some(Member::Node(old))) => self.same_node(new, old),
            (Member::Source(new), Some(Member::Source(old))) => self.same_relation() && same_source(new, old),
            (Member::Exposure(new), Some(Member::Exposure(old))) => same_exposure(new, old),
            (Member::UnitTest(new), Some(Member::UnitTest(old))) => new.checksum == old.checksum,
            (Member::Semantic(kind, new), Some(Member::Semantic(_, old))) => same_semantic(kind, new, old),
            (Member::Node(_) | Member::UnitTest(_), None) => false,
            (_, None) => true,
            _ => false,
        }
    }

    fn same_node(self, new: &Node, old: &Node) -> bool {
        let same_names = self.same_config() && new.fqn == old.fqn;
        if new.test.metadata.is_some() {
            return same_names;
        }
        let same_reference = new.resource_type != ResourceType::Model
            || (new.latest_version == old.latest_version
                && new.access == old.access
                && new.deprecation_date == old.deprecation_date);
        let signature = |node: &Node| {
            let arguments: Vec<_> = node.function.arguments.iter().map(without_nulls).collect();
            (arguments, without_nulls(&node.function.returns))
        };
        let same_function = new.resource_type != ResourceType::Function || signature(new) == signature(old);
        same_names
            && same_function
            && self.same_body()
            && self.same_persisted_description()
            && self.same_relation()
            && same_reference
    }

    pub(super) fn same_body(self) -> bool {
        self.nodes().is_some_and(|(new, old)| match new.resource_type {
            ResourceType::Seed => new.checksum == old.checksum,
            _ => new.raw_code == old.raw_code,
        })
    }

    /// What is not known of a large seed, whose checksum is its path.
    pub(super) fn large_seed(self) -> Option<Diagnostic> {
        let (new, old) =
            self.nodes().filter(|(new, _)| new.resource_type == ResourceType::Seed && new.checksum.name == "path")?;
        let (event, judged) = if old.checksum.name != "path" {
            ("SeedIncreased", "was smaller before: it counts as changed")
        } else if new.checksum == old.checksum {
            (
                "SeedExceedsLimitSamePath",
                "lies where it was: whether its rows changed is not known, it counts as the same",
            )
        } else {
            ("SeedExceedsLimitAndPathChanged", "lay elsewhere before: it counts as changed")
        };
        let message = format!("seed `{}.{}` is >1MB and {judged}", new.package_name, new.name);
        Some(Diagnostic::warning(Code::SEED_NOT_COMPARED, message).named(event))
    }

    pub(super) fn same_config(self) -> bool {
        let (new, old) = match (self.new, self.old) {
            (Member::Node(new), Some(Member::Node(old))) => {
                let (mine, theirs) = (&new.unrendered_config, &old.unrendered_config);
                return match new.resource_type {
                    ResourceType::Test => OF_TESTS.iter().all(|key| mine.get(*key) == theirs.get(*key)),
                    _ => same_values(mine, theirs, &NOT_COMPARED),
                };
            }
            (Member::Source(new), Some(Member::Source(old))) => (&new.unrendered_config, &old.unrendered_config),
            (Member::Exposure(new), Some(Member::Exposure(old))) => (&new.unrendered_config, &old.unrendered_config),
            (Member::Semantic(_, new), Some(Member::Semantic(_, old))) => {
                return new.get("unrendered_config") == old.get("unrendered_config");
            }
            _ => return false,
        };
        same_values(new, old, &[])
    }

    /// Descriptions count where they are written to the warehouse.
    pub(super) fn same_persisted_description(self) -> bool {
        self.nodes().is_some_and(|(new, old)| {
            let persists = |what: &str| {
                new.config.get("persist_docs").and_then(|docs| docs.get(what)).and_then(Value::as_bool) == Some(true)
            };
            let columns = |node: &'m Node| {
                node.columns.iter().map(|(name, column)| (name.as_str(), column.description.as_str())).collect()
            };
            let (mine, theirs): (HashSet<_>, HashSet<_>) = (columns(new), columns(old));
            (!persists("relation") || new.description == old.description) && (!persists("columns") || mine == theirs)
        })
    }

    /// For nodes the configured names count, not what `generate_schema_name` and the target make of them.
    pub(super) fn same_relation(self) -> bool {
        match (self.new, self.old) {
            (Member::Node(new), Some(Member::Node(old))) => ["database", "schema", "alias"]
                .iter()
                .all(|key| new.unrendered_config.get(*key) == old.unrendered_config.get(*key)),
            (Member::Source(new), Some(Member::Source(old))) if self.as_written => {
                new.unrendered_database == old.unrendered_database
                    && new.unrendered_schema == old.unrendered_schema
                    && new.identifier == old.identifier
            }
            (Member::Source(new), Some(Member::Source(old))) => {
                new.database == old.database && new.schema == old.schema && new.identifier == old.identifier
            }
            _ => false,
        }
    }
}

/// What is set.
fn without_nulls(values: &Map<String, Value>) -> Map<String, Value> {
    values.iter().filter(|(_, value)| !value.is_null()).map(|(k, v)| (k.clone(), v.clone())).collect()
}

/// Whether two configs say the same, some keys aside.
fn same_values(new: &Map<String, Value>, old: &Map<String, Value>, aside: &[&str]) -> bool {
    new.keys().chain(old.keys()).filter(|key| !aside.contains(&key.as_str())).all(|key| new.get(key) == old.get(key))
}

fn same_source(new: &Source, old: &Source) -> bool {
    let (mine, theirs) = (without_nulls(&new.quoting), without_nulls(&old.quoting));
    new.fqn == old.fqn
        && same_values(&new.unrendered_config, &old.unrendered_config, &[])
        && same_values(&mine, &theirs, &[])
        && freshness_json(new.freshness.as_ref()) == freshness_json(old.freshness.as_ref())
        && new.loaded_at_field == old.loaded_at_field
        && new.external == old.external
}

fn same_exposure(new: &Exposure, old: &Exposure) -> bool {
    let reads = |exposure: &Exposure| exposure.depends_on.nodes.iter().cloned().collect::<HashSet<_>>();
    new.fqn == old.fqn
        && new.exposure_type == old.exposure_type
        && new.owner == old.owner
        && new.maturity == old.maturity
        && new.url == old.url
        && new.description == old.description
        && new.label == old.label
        && reads(new) == reads(old)
        && same_values(&new.unrendered_config, &old.unrendered_config, &[])
}

fn same_semantic(kind: ResourceType, new: &Value, old: &Value) -> bool {
    let pointers: &[&str] = match kind {
        // dbt does not look at a metric's type_params and filter yet.
        ResourceType::Metric => &["/type", "/description", "/label", "/unrendered_config"],
        ResourceType::SavedQuery => &[
            "/query_params/metrics",
            "/query_params/group_by",
            "/query_params/where",
            "/description",
            "/label",
            "/config",
            "/group",
            "/tags",
        ],
        _ => &[
            "/model",
            "/description",
            "/defaults",
            "/entities",
            "/dimensions",
            "/measures",
            "/config",
            "/primary_entity",
            "/group",
        ],
    };
    pointers.iter().all(|pointer| new.pointer(pointer) == old.pointer(pointer)) && exports(new) == exports(old)
}

/// What a saved query is exported as, by what is written: the target's schema is not.
fn exports(query: &Value) -> Vec<(&Value, Map<String, Value>)> {
    let written = |export: &Value| export["unrendered_config"].as_object().map(without_nulls).unwrap_or_default();
    let exports = query.get("exports").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    exports.iter().map(|export| (&export["name"], written(export))).collect()
}

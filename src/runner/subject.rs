//! What a job is about, and the lines that say so.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::diagnostics::Span;
use crate::events::{Event, NodeInfo};
use crate::jinja::{from_json, to_text};
use crate::manifest::{Exposure, Manifest, Node, ResourceType, Source, UnitTest, time_limit};
use crate::plan::{NodeResult, NodeStatus};

/// The resource of a job.
#[derive(Debug, Clone)]
pub(super) enum Subject {
    /// A model, seed, snapshot, data test, analysis or hook.
    Node(Arc<Node>),
    /// A unit test.
    UnitTest(Arc<UnitTest>),
    /// An exposure.
    Exposure(Arc<Exposure>),
    /// A source.
    Source(Arc<Source>),
    /// A metric, semantic model or saved query: id and name.
    Semantic(String, ResourceType),
}

impl Subject {
    /// The resource of this unique id.
    pub(super) fn find(manifest: &Manifest, unique_id: &str) -> Option<Self> {
        if let Some(node) = manifest.nodes.get(unique_id) {
            return Some(Self::Node(Arc::clone(node)));
        }
        if let Some(test) = manifest.unit_tests.get(unique_id) {
            return Some(Self::UnitTest(Arc::clone(test)));
        }
        if let Some(exposure) = manifest.exposures.get(unique_id) {
            return Some(Self::Exposure(Arc::clone(exposure)));
        }
        if let Some(source) = manifest.sources.get(unique_id) {
            return Some(Self::Source(Arc::clone(source)));
        }
        let semantic = &manifest.semantic;
        [
            (&semantic.metrics, ResourceType::Metric),
            (&semantic.semantic_models, ResourceType::SemanticModel),
            (&semantic.saved_queries, ResourceType::SavedQuery),
        ]
        .into_iter()
        .find(|(map, _)| map.contains_key(unique_id))
        .map(|(_, kind)| Self::Semantic(unique_id.to_owned(), kind))
    }

    /// Its kind.
    pub(super) fn resource_type(&self) -> ResourceType {
        match self {
            Self::Node(node) => node.resource_type,
            Self::UnitTest(_) => ResourceType::UnitTest,
            Self::Exposure(_) => ResourceType::Exposure,
            Self::Source(_) => ResourceType::Source,
            Self::Semantic(_, kind) => *kind,
        }
    }

    /// Its name.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Node(node) => &node.name,
            Self::UnitTest(test) => &test.name,
            Self::Exposure(exposure) => &exposure.name,
            Self::Source(source) => &source.name,
            Self::Semantic(id, _) => id.rsplit('.').next().unwrap_or(id),
        }
    }

    /// Path of its file below the package's root.
    pub(super) fn path(&self) -> &str {
        match self {
            Self::Node(node) => &node.original_file_path,
            Self::UnitTest(test) => &test.original_file_path,
            Self::Exposure(exposure) => &exposure.original_file_path,
            Self::Source(source) => &source.original_file_path,
            Self::Semantic(..) => "",
        }
    }

    /// Where it is defined.
    pub(super) fn span(&self) -> Option<Span> {
        match self {
            Self::Node(node) => node.span,
            Self::UnitTest(test) => test.span,
            Self::Exposure(exposure) => exposure.span,
            Self::Source(source) => source.span,
            Self::Semantic(..) => None,
        }
    }

    /// How long it may take; the parser has refused what is no limit.
    pub(super) fn time_limit(&self) -> Option<Duration> {
        match self {
            Self::Node(node) => time_limit(&node.config).ok().flatten(),
            Self::UnitTest(test) => time_limit(&test.config).ok().flatten(),
            Self::Exposure(_) | Self::Source(_) | Self::Semantic(..) => None,
        }
    }

    /// What events say of it before it has started.
    pub(super) fn node_info(&self) -> NodeInfo {
        match self {
            Self::Node(node) => node.node_info(),
            Self::UnitTest(test) => test.node_info(),
            Self::Exposure(exposure) => exposure.node_info(),
            Self::Source(source) => source.node_info(),
            Self::Semantic(id, kind) => NodeInfo::bare(id, self.name(), kind.as_str()),
        }
    }

    /// The same with the group that it belongs to.
    pub(super) fn node_info_with_group(&self, manifest: &Manifest) -> NodeInfo {
        let name = match self {
            Self::Node(node) => node.group.as_deref(),
            _ => None,
        };
        let group = name.and_then(|name| manifest.groups.values().find(|group| group.name == name));
        NodeInfo { group: group.map(|group| group.to_logged()), ..self.node_info() }
    }

    /// The word by which results are counted and sorted: `table model`, `test`, `project hook`.
    pub(super) fn counted_as(&self) -> String {
        match self {
            Self::Node(node) => match node.resource_type {
                ResourceType::Model => format!("{} model", node.config.materialized()),
                ResourceType::Operation => "project hook".into(),
                other => other.as_str().into(),
            },
            other => other.resource_type().as_str().into(),
        }
    }

    fn description(&self) -> String {
        match self {
            Self::Node(node) => match node.resource_type {
                ResourceType::Model => {
                    let kind = if node.config.is_microbatch() { "microbatch" } else { node.config.materialized() };
                    format!("{} {kind} model {}", node.language, relation_words(node))
                }
                ResourceType::Seed => format!("seed file {}", relation_words(node)),
                ResourceType::Snapshot => format!("snapshot {}", relation_words(node)),
                ResourceType::Function => format!("function {}", relation_words(node)),
                other => format!("{} {}", other.as_str(), node.name),
            },
            Self::UnitTest(test) => format!("unit_test {}", unit_test_words(test)),
            other => format!("{} {}", other.resource_type().as_str(), other.name()),
        }
    }

    /// The line with which it begins; none for what has nothing to do.
    pub(super) fn start_line(&self, index: usize, total: usize, node_info: &NodeInfo) -> Option<Event> {
        matches!(self, Self::Node(_) | Self::UnitTest(_)).then(|| Event::LogStartLine {
            description: self.description(),
            index,
            node_info: node_info.clone(),
            total,
        })
    }

    /// The line with which it ends.
    pub(super) fn result_line(&self, result: &NodeResult, index: usize, total: usize, node_info: NodeInfo) -> Event {
        let execution_time = result.execution_time;
        let answer = result.message.clone().unwrap_or_default();
        let is_error = result.status == NodeStatus::Error;
        let status = if is_error { "error".to_owned() } else { answer.clone() };
        let tested = |name: String, attached_node: String, node_info| Event::LogTestResult {
            attached_node,
            execution_time,
            index,
            name,
            node_info,
            num_failures: result.failures.unwrap_or(0).max(0).unsigned_abs(),
            num_models: total,
            status: result.status.as_str().into(),
        };
        match self {
            Self::Node(node) => match node.resource_type {
                ResourceType::Seed => Event::LogSeedResult {
                    execution_time,
                    index,
                    node_info,
                    relation: node.alias.clone(),
                    result_message: answer,
                    schema: node.schema.clone(),
                    status: result.status.as_str().into(),
                    total,
                },
                ResourceType::Snapshot => Event::LogSnapshotResult {
                    cfg: texts_of(node.config.values()),
                    description: relation_words(node),
                    execution_time,
                    index,
                    node_info,
                    result_message: answer,
                    status: result.status.as_str().into(),
                    total,
                },
                ResourceType::Function => Event::LogFunctionResult {
                    description: self.description(),
                    execution_time,
                    index,
                    node_info,
                    status: result.status.as_str().into(),
                    total,
                },
                ResourceType::Test => {
                    tested(node.name.clone(), node.test.attached_node.clone().unwrap_or_default(), node_info)
                }
                _ => Event::LogModelResult {
                    description: self.description(),
                    execution_time,
                    index,
                    node_info,
                    status,
                    total,
                },
            },
            Self::UnitTest(test) => tested(unit_test_words(test), String::new(), node_info),
            _ => Event::LogNodeNoOpResult {
                description: self.description(),
                execution_time,
                index,
                node_info,
                status: String::new(),
                total,
            },
        }
    }

    /// The line that says it is not run.
    pub(super) fn skip_line(&self, index: usize, total: usize, node_info: NodeInfo) -> Event {
        Event::SkippingDetails {
            index,
            node_name: self.name().to_owned(),
            resource_type: self.resource_type().as_str().to_owned(),
            schema: node_info.node_relation.schema.clone(),
            node_info,
            total,
        }
    }
}

/// The configs that have a value, as Python writes them: dbt's event knows texts only.
fn texts_of(config: &Map<String, Value>) -> Map<String, Value> {
    without_nulls(config).map(|(key, value)| (key, to_text(&from_json(&value)).into())).collect()
}

fn without_nulls(map: &Map<String, Value>) -> impl Iterator<Item = (String, Value)> {
    map.iter().filter(|(_, value)| !value.is_null()).map(|(key, value)| match value {
        Value::Object(inner) => (key.clone(), Value::Object(without_nulls(inner).collect())),
        other => (key.clone(), other.clone()),
    })
}

/// `schema.alias`: as lines show a relation, with the database where it is not the target's.
fn relation_words(node: &Node) -> String {
    format!("{}.{}", node.schema, node.alias)
}

fn unit_test_words(test: &UnitTest) -> String {
    match &test.version {
        Some(serde_json::Value::String(version)) => format!("{}::{}_v{version}", test.model, test.name),
        Some(version) => format!("{}::{}_v{version}", test.model, test.name),
        None => format!("{}::{}", test.model, test.name),
    }
}

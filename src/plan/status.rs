//! [`NodeStatus`]: what became of a job, in dbt's words.

use serde::{Serialize, Serializer};

/// What became of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NodeStatus {
    /// A model, seed, snapshot or hook was made.
    Success,
    /// It could not be made, or a test could not be run.
    Error,
    /// A test found what it must not find.
    Fail,
    /// A test found it, and only warns.
    Warn,
    /// Not run because something upstream failed, or the run was stopped.
    Skipped,
    /// Some batches of a microbatch model failed.
    PartialSuccess,
    /// A test found nothing.
    Pass,
    /// The freshness of a source could not be found.
    RuntimeError,
    /// There was nothing to do (exposures, saved queries).
    NoOp,
}

impl NodeStatus {
    /// dbt's word, as artifacts and logs have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Error => "error",
            Self::Fail => "fail",
            Self::Warn => "warn",
            Self::Skipped => "skipped",
            Self::PartialSuccess => "partial success",
            Self::Pass => "pass",
            Self::RuntimeError => "runtime error",
            Self::NoOp => "no-op",
        }
    }

    /// The status of a word, as a previous `run_results.json` has it.
    pub fn parse(word: &str) -> Option<Self> {
        const ALL: [NodeStatus; 9] = [
            NodeStatus::Success,
            NodeStatus::Error,
            NodeStatus::Fail,
            NodeStatus::Warn,
            NodeStatus::Skipped,
            NodeStatus::PartialSuccess,
            NodeStatus::Pass,
            NodeStatus::RuntimeError,
            NodeStatus::NoOp,
        ];
        ALL.into_iter().find(|status| status.as_str() == word)
    }

    /// Whether jobs downstream are skipped. A failed test skips them too: in `build` nodes wait for tests, and nothing
    /// waits for one in other commands.
    pub fn blocks_downstream(self) -> bool {
        matches!(self, Self::Error | Self::Fail | Self::Skipped | Self::PartialSuccess | Self::RuntimeError)
    }

    /// Whether the command ends with exit code 1.
    pub fn is_failure(self) -> bool {
        self.blocks_downstream()
    }
}

impl Serialize for NodeStatus {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

//! The events.

use serde::Serialize;
use serde_json::{Map, Value};

use super::NodeInfo;
use crate::diagnostics::{Diagnostic, SourceMap, render};

/// How many results of each kind there were.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct RunStats {
    /// Failed.
    pub error: usize,
    /// Had nothing to do.
    pub noop: usize,
    /// Succeeded.
    pub pass: usize,
    /// Skipped.
    pub skip: usize,
    /// All.
    pub total: usize,
    /// Passed with a warning.
    pub warn: usize,
}

/// How often one kind of deprecation was met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeprecationSummary {
    /// dbt's name of it.
    pub event_name: String,
    /// dbt's code of it.
    pub event_code: String,
    /// How often.
    pub occurrences: usize,
}

impl DeprecationSummary {
    /// The summary of one of dbt's events.
    pub fn new(event_name: &str, occurrences: usize) -> Self {
        let event_code = super::kind::code_of_warning(event_name).unwrap_or_default().to_owned();
        Self { event_name: event_name.to_owned(), event_code, occurrences }
    }
}

/// What happened. Variants are dbt's event classes and fields are theirs, so they need no words of ours;
/// times are seconds, indexes count from 1.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
#[allow(missing_docs)]
pub enum Event {
    MainReportVersion {
        log_version: u32,
        version: String,
    },
    MainReportArgs {
        args: Map<String, Value>,
    },
    StarterProjectPath {
        dir: String,
    },
    ProjectCreated {
        project_name: String,
        docs_url: String,
        slack_url: String,
    },
    DeprecationsSummary {
        summaries: Vec<DeprecationSummary>,
        show_all_hint: bool,
    },
    AdapterRegistered {
        adapter_name: String,
        adapter_version: String,
    },
    ConnectionUsed {
        conn_name: String,
        conn_type: String,
    },
    SQLQuery {
        conn_name: String,
        sql: String,
        node_info: Option<NodeInfo>,
    },
    SQLQueryStatus {
        elapsed: f64,
        query_id: String,
        status: String,
        node_info: Option<NodeInfo>,
    },
    FinishedRunningStats {
        execution: String,
        execution_time: f64,
        stat_line: String,
    },
    ParsePerfInfoPath {
        path: String,
    },
    JinjaLogInfo {
        msg: String,
        node_info: Option<NodeInfo>,
    },
    JinjaLogDebug {
        msg: String,
        node_info: Option<NodeInfo>,
    },
    DepsNoPackagesFound {
        packages_filename: String,
    },
    DepsStartPackageInstall {
        package_name: String,
    },
    DepsInstallInfo {
        version_name: String,
    },
    DepsUpdateAvailable {
        version_latest: String,
    },
    DepsUpToDate {},
    DepsListSubdirectory {
        subdirectory: String,
    },
    DepsNotifyUpdatesAvailable {
        packages: Vec<String>,
    },
    DepsSetDownloadDirectory {
        path: String,
    },
    DepsUnpinned {
        git: String,
        revision: String,
    },
    DepsLockUpdating {
        lock_filepath: String,
    },
    DepsAddPackage {
        package_name: String,
        packages_filepath: String,
        version: String,
    },
    DepsFoundDuplicatePackage {
        removed_package: Map<String, Value>,
    },
    DepsScrubbedPackageName {
        package_name: String,
    },
    DepsCreatingLocalSymlink {},
    DepsSymlinkNotAvailable {},
    EnsureGitInstalled {},
    GitSparseCheckoutSubdirectory {
        subdir: String,
    },
    GitProgressCheckoutRevision {
        revision: String,
    },
    GitProgressPullingNewDependency {
        dir: String,
    },
    GitProgressCheckedOutAt {
        end_sha: String,
    },
    RegistryProgressGETRequest {
        url: String,
    },
    RegistryProgressGETResponse {
        resp_code: u16,
        url: String,
    },
    RegistryIndexProgressGETRequest {
        url: String,
    },
    RegistryIndexProgressGETResponse {
        resp_code: u16,
        url: String,
    },
    RetryExternalCall {
        attempt: u32,
        max: u32,
    },
    NoNodesForSelectionCriteria {
        spec_raw: String,
    },
    ArtifactWritten {
        artifact_path: String,
        artifact_type: String,
    },
    RunningOperationCaughtError {
        exc: String,
    },
    CatalogWritten {
        path: String,
    },
    BuildingCatalog {},
    LogTestResult {
        attached_node: String,
        execution_time: f64,
        index: usize,
        name: String,
        node_info: NodeInfo,
        num_failures: u64,
        num_models: usize,
        status: String,
    },
    LogStartLine {
        description: String,
        index: usize,
        node_info: NodeInfo,
        total: usize,
    },
    /// `status` is `error` or what the warehouse answered.
    LogModelResult {
        description: String,
        execution_time: f64,
        index: usize,
        node_info: NodeInfo,
        status: String,
        total: usize,
    },
    /// `status` is that of the node: `success`, `error`.
    LogFunctionResult {
        description: String,
        execution_time: f64,
        index: usize,
        node_info: NodeInfo,
        status: String,
        total: usize,
    },
    LogSnapshotResult {
        cfg: Map<String, Value>,
        description: String,
        execution_time: f64,
        index: usize,
        node_info: NodeInfo,
        result_message: String,
        status: String,
        total: usize,
    },
    LogSeedResult {
        execution_time: f64,
        index: usize,
        node_info: NodeInfo,
        relation: String,
        result_message: String,
        schema: String,
        status: String,
        total: usize,
    },
    LogFreshnessResult {
        execution_time: f64,
        index: usize,
        node_info: NodeInfo,
        source_name: String,
        status: String,
        table_name: String,
        total: usize,
    },
    LogNodeNoOpResult {
        description: String,
        execution_time: f64,
        index: usize,
        node_info: NodeInfo,
        status: String,
        total: usize,
    },
    LogCancelLine {
        conn_name: String,
    },
    NodeStart {
        node_info: NodeInfo,
    },
    NodeFinished {
        node_info: NodeInfo,
        run_result: Value,
    },
    ConcurrencyLine {
        node_count: usize,
        num_threads: usize,
        target_name: String,
    },
    WritingInjectedSQLForNode {
        node_info: NodeInfo,
    },
    NodeCompiling {
        node_info: NodeInfo,
    },
    NodeExecuting {
        node_info: NodeInfo,
    },
    LogHookStartLine {
        index: usize,
        node_info: NodeInfo,
        statement: String,
        total: usize,
    },
    LogHookEndLine {
        execution_time: f64,
        index: usize,
        node_info: NodeInfo,
        statement: String,
        status: String,
        total: usize,
    },
    SkippingDetails {
        index: usize,
        node_info: NodeInfo,
        node_name: String,
        resource_type: String,
        schema: String,
        total: usize,
    },
    /// All sources were asked.
    FreshnessCheckComplete {},
    NothingToDo {},
    NoNodesSelected {},
    CommandCompleted {
        command: String,
        completed_at: String,
        elapsed: f64,
        success: bool,
    },
    /// `preview` is the table as text, or JSON when `output_format` is `json`.
    ShowNode {
        is_inline: bool,
        node_name: String,
        output_format: String,
        preview: String,
        quiet: bool,
        unique_id: String,
    },
    CompiledNode {
        compiled: String,
        is_inline: bool,
        node_name: String,
        output_format: String,
        quiet: bool,
        unique_id: String,
    },
    LogStartBatch {
        batch_index: usize,
        description: String,
        node_info: NodeInfo,
        total_batches: usize,
    },
    LogBatchResult {
        batch_index: usize,
        description: String,
        execution_time: f64,
        node_info: NodeInfo,
        status: String,
        total_batches: usize,
    },
    FoundStats {
        stat_line: String,
    },
    MainKeyboardInterrupt {},
    /// What ended the command: all errors as text without and with colour.
    MainEncounteredError {
        exc: String,
        #[serde(skip)]
        coloured: String,
    },
    CheckCleanPath {
        path: String,
    },
    ConfirmCleanPath {
        path: String,
    },
    FinishedCleanPaths {},
    Formatting {
        msg: String,
    },
    RunResultWarning {
        node_info: NodeInfo,
        node_name: String,
        path: String,
        resource_type: String,
    },
    RunResultFailure {
        node_info: NodeInfo,
        node_name: String,
        path: String,
        resource_type: String,
    },
    StatsLine {
        stats: RunStats,
    },
    /// `shown` is what people see instead of `msg`: the same problem in the compiled SQL, without and with colour.
    RunResultError {
        msg: String,
        node_info: NodeInfo,
        #[serde(skip)]
        shown: Option<(String, String)>,
    },
    RunResultErrorNoMessage {
        node_info: NodeInfo,
        status: String,
    },
    SQLCompiledPath {
        node_info: NodeInfo,
        path: String,
    },
    CheckNodeTestFailure {
        node_info: NodeInfo,
        relation_name: String,
    },
    EndOfRunSummary {
        keyboard_interrupt: bool,
        num_errors: usize,
        num_partial_success: usize,
        num_warnings: usize,
    },
    MarkSkippedChildren {
        run_result: Value,
        status: String,
        unique_id: String,
    },
    LogSkipBecauseError {
        index: usize,
        relation: String,
        schema: String,
        status: String,
        total: usize,
    },
    RunResultWarningMessage {
        msg: String,
        node_info: NodeInfo,
    },
    OpenCommand {
        open_cmd: String,
        profiles_dir: String,
    },
    DebugCmdOut {
        msg: String,
    },
    DebugCmdResult {
        msg: String,
    },
    Note {
        msg: String,
    },
    /// A note for those who look for a cause.
    QuietNote {
        msg: String,
    },
    PrintEvent {
        msg: String,
    },
    ListCmdOut {
        msg: String,
    },
    /// A problem that does not stop the command, as JSON of `diagnostics::render` and as text without and with colour.
    Diagnosed {
        diagnostic: Value,
        /// The message alone.
        msg: String,
        /// What dbt's event has for fields.
        #[serde(flatten)]
        fields: Map<String, Value>,
        /// dbt's name of such a warning, where it has one.
        #[serde(skip)]
        event: Option<&'static str>,
        #[serde(skip)]
        is_error: bool,
        #[serde(skip)]
        text: String,
        #[serde(skip)]
        coloured: String,
    },
}

impl Event {
    /// An empty line.
    pub fn blank() -> Self {
        Self::Formatting { msg: String::new() }
    }

    /// A problem that does not stop the command.
    pub fn diagnosed(diagnostic: &Diagnostic, sources: &SourceMap) -> Self {
        Self::Diagnosed {
            diagnostic: render::json(diagnostic, sources),
            msg: diagnostic.message.clone(),
            fields: diagnostic.fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
            event: diagnostic.events().first().copied().filter(|_| !diagnostic.is_error()),
            is_error: diagnostic.is_error(),
            text: render::text(diagnostic, sources),
            coloured: render::coloured(diagnostic, sources),
        }
    }

    /// The problems that end a command.
    pub fn fatal<'a>(problems: impl IntoIterator<Item = &'a Diagnostic> + Clone, sources: &SourceMap) -> Self {
        let join = |write: fn(&Diagnostic, &SourceMap) -> String| {
            let mut texts: Vec<String> =
                problems.clone().into_iter().map(|problem| write(problem, sources).trim_end().to_owned()).collect();
            let count = texts.len();
            if count > 1 {
                texts.push(format!("found {count} errors"));
            }
            let sort = problems.clone().into_iter().next().map_or("Runtime Error", |problem| problem.code.sort());
            format!("{sort}\n{}", texts.join("\n\n"))
        };
        Self::MainEncounteredError { exc: join(render::text), coloured: join(render::coloured) }
    }

    /// The group of the node whose result it tells.
    pub fn group(&self) -> Option<&Value> {
        match self {
            Self::LogTestResult { node_info, .. }
            | Self::LogModelResult { node_info, .. }
            | Self::LogSnapshotResult { node_info, .. }
            | Self::LogSeedResult { node_info, .. }
            | Self::LogBatchResult { node_info, .. }
            | Self::SkippingDetails { node_info, .. }
            | Self::RunResultWarning { node_info, .. }
            | Self::RunResultWarningMessage { node_info, .. }
            | Self::RunResultFailure { node_info, .. }
            | Self::RunResultError { node_info, .. }
            | Self::RunResultErrorNoMessage { node_info, .. }
            | Self::SQLCompiledPath { node_info, .. }
            | Self::CheckNodeTestFailure { node_info, .. } => node_info.group.as_ref(),
            _ => None,
        }
    }

    /// The node it is about.
    pub fn node_info(&self) -> Option<&NodeInfo> {
        match self {
            Self::LogTestResult { node_info, .. }
            | Self::LogStartLine { node_info, .. }
            | Self::LogModelResult { node_info, .. }
            | Self::LogFunctionResult { node_info, .. }
            | Self::LogSnapshotResult { node_info, .. }
            | Self::LogSeedResult { node_info, .. }
            | Self::LogFreshnessResult { node_info, .. }
            | Self::LogNodeNoOpResult { node_info, .. }
            | Self::NodeStart { node_info }
            | Self::NodeFinished { node_info, .. }
            | Self::SkippingDetails { node_info, .. } => Some(node_info),
            _ => None,
        }
    }
}

//! Name, code and level of every event, as dbt 1.11 has them.

use std::str::FromStr;

use super::Event;

/// How important an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// For those who look for a cause.
    Debug,
    /// For everyone.
    Info,
    /// Something is probably wrong.
    Warn,
    /// Something failed.
    Error,
}

impl Level {
    /// As written in logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

impl FromStr for Level {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name.to_ascii_lowercase().as_str() {
            "debug" => Ok(Self::Debug),
            "info" => Ok(Self::Info),
            "warn" => Ok(Self::Warn),
            "error" | "none" => Ok(Self::Error),
            _ => Err(format!("`{name}` is not a log level; use debug, info, warn, error or none")),
        }
    }
}

/// What sort of event it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventKind {
    /// dbt's class name: `LogModelResult`.
    pub name: &'static str,
    /// dbt's code: `Q012`.
    pub code: &'static str,
    /// Its importance.
    pub level: Level,
}

/// dbt's codes of warnings that are diagnostics here, by dbt's names.
const WARNINGS: &[(&str, &str)] = &[
    ("ArgumentsPropertyInGenericTestDeprecation", "D038"),
    ("ConfigDataPathDeprecation", "D004"),
    ("ConfigLogPathDeprecation", "D010"),
    ("ConfigSourcePathDeprecation", "D003"),
    ("ConfigTargetPathDeprecation", "D011"),
    ("CustomKeyInConfigDeprecation", "D026"),
    ("CustomKeyInObjectDeprecation", "D027"),
    ("CustomOutputPathInSourceFreshnessDeprecation", "D029"),
    ("CustomTopLevelKeyDeprecation", "D025"),
    ("DeprecatedModel", "I065"),
    ("DeprecatedReference", "I067"),
    ("DeprecationsSummary", "D028"),
    ("DuplicateNameDistinctNodeTypesDeprecation", "D040"),
    ("DuplicateYAMLKeysDeprecation", "D024"),
    ("EnvironmentVariableNamespaceDeprecation", "D036"),
    ("EnvironmentVariableRenamed", "D009"),
    ("ExposureNameDeprecation", "D007"),
    ("InvalidConcurrentBatchesConfig", "I075"),
    ("InvalidMacroAnnotation", "I076"),
    ("JinjaLogWarning", "I061"),
    ("MFCumulativeTypeParamsDeprecation", "D019"),
    ("MFTimespineWithoutYamlConfigurationDeprecation", "D018"),
    ("MacroNotFoundForPatch", "I059"),
    ("MicrobatchMacroOutsideOfBatchesDeprecation", "D020"),
    ("MicrobatchModelNoEventTimeInputs", "I074"),
    ("MissingArgumentsPropertyInGenericTestDeprecation", "D039"),
    ("ModelParamUsageDeprecation", "D032"),
    ("NoNodeForYamlKey", "I058"),
    ("NoNodesForSelectionCriteria", "M030"),
    ("NodeNotFoundOrDisabled", "I060"),
    ("PackageInstallPathDeprecation", "D002"),
    ("PackageMaterializationOverrideDeprecation", "D016"),
    ("PackageNodeDependsOnRootProjectNode", "I077"),
    ("PackageRedirectDeprecation", "D001"),
    ("ProjectFlagsMovedDeprecation", "D013"),
    ("PropertyMovedToConfigDeprecation", "D030"),
    ("ResourceNamesWithSpacesDeprecation", "D015"),
    ("SeedExceedsLimitAndPathChanged", "I054"),
    ("SeedExceedsLimitSamePath", "I053"),
    ("SeedIncreased", "I052"),
    ("SourceFreshnessProjectHooksNotRun", "D017"),
    ("SourceOverrideDeprecation", "D035"),
    ("UnexpectedJinjaBlockDeprecation", "D023"),
    ("UnsupportedConstraintMaterialization", "I068"),
    ("UnusedResourceConfigPath", "I051"),
    ("UnusedTables", "I056"),
    ("UnversionedBreakingChange", "I071"),
    ("UpcomingReferenceDeprecation", "I066"),
    ("WEOIncludeExcludeDeprecation", "D031"),
    ("WarnStateTargetEqual", "I072"),
];

/// dbt's code of a warning that is a diagnostic here.
pub(super) fn code_of_warning(name: &str) -> Option<&'static str> {
    WARNINGS.iter().find(|(known, _)| *known == name).map(|(_, code)| *code)
}

/// Whether dbt counts a warning of this name among deprecations.
pub fn is_deprecation(name: &str) -> bool {
    code_of_warning(name).is_some_and(|code| code.starts_with('D'))
}

macro_rules! kinds {
    ($event:expr; $($variant:ident $code:literal $level:expr;)*) => {
        match $event {
            $(Event::$variant { .. } => EventKind { name: stringify!($variant), code: $code, level: $level },)*
        }
    };
}

impl Event {
    /// Name, code and level.
    pub fn kind(&self) -> EventKind {
        use Level::{Debug, Error, Info, Warn};
        let by_status = self.level_of_status();
        let kind = kinds! { self;
            MainReportVersion "A001" Info;
            MainReportArgs "A002" Debug;
            StarterProjectPath "A017" Debug;
            ProjectCreated "A026" Info;
            AdapterRegistered "E034" Info;
            DeprecationsSummary "D028" Warn;
            ConnectionUsed "E015" Debug;
            SQLQuery "E016" Debug;
            SQLQueryStatus "E017" Debug;
            FinishedRunningStats "E047" Info;
            ParsePerfInfoPath "I010" Info;
            JinjaLogInfo "I062" Info;
            JinjaLogDebug "I063" Debug;
            DepsNoPackagesFound "M013" Info;
            DepsStartPackageInstall "M014" Info;
            DepsInstallInfo "M015" Info;
            DepsUpdateAvailable "M016" Info;
            DepsUpToDate "M017" Info;
            DepsListSubdirectory "M018" Info;
            DepsNotifyUpdatesAvailable "M019" Info;
            GitSparseCheckoutSubdirectory "M001" Debug;
            GitProgressCheckoutRevision "M002" Debug;
            GitProgressPullingNewDependency "M004" Debug;
            GitProgressCheckedOutAt "M007" Debug;
            RegistryProgressGETRequest "M008" Debug;
            RegistryProgressGETResponse "M009" Debug;
            RetryExternalCall "M020" Debug;
            RegistryIndexProgressGETRequest "M022" Debug;
            RegistryIndexProgressGETResponse "M023" Debug;
            DepsSetDownloadDirectory "M028" Debug;
            DepsUnpinned "M029" Warn;
            DepsLockUpdating "M031" Info;
            DepsAddPackage "M032" Info;
            DepsFoundDuplicatePackage "M033" Info;
            DepsScrubbedPackageName "M035" Warn;
            EnsureGitInstalled "Z036" Error;
            DepsCreatingLocalSymlink "Z037" Debug;
            DepsSymlinkNotAvailable "Z038" Debug;
            NoNodesForSelectionCriteria "M030" Warn;
            ArtifactWritten "P001" Debug;
            RunningOperationCaughtError "Q001" Error;
            FreshnessCheckComplete "Q003" Info;
            CatalogWritten "E042" Info;
            BuildingCatalog "E044" Info;
            LogTestResult "Q007" by_status;
            LogStartLine "Q011" Info;
            LogModelResult "Q012" by_status;
            LogSnapshotResult "Q015" by_status;
            LogSeedResult "Q016" by_status;
            LogFreshnessResult "Q018" by_status;
            LogNodeNoOpResult "Q019" Info;
            LogCancelLine "Q022" Error;
            NodeStart "Q024" Debug;
            NodeFinished "Q025" Debug;
            ConcurrencyLine "Q027" Info;
            WritingInjectedSQLForNode "Q029" Debug;
            NodeCompiling "Q030" Debug;
            NodeExecuting "Q031" Debug;
            LogHookStartLine "Q032" Info;
            LogHookEndLine "Q033" Info;
            SkippingDetails "Q034" Info;
            NothingToDo "Q035" Warn;
            LogFunctionResult "Q047" by_status;
            NoNodesSelected "Q038" Warn;
            CommandCompleted "Q039" Debug;
            ShowNode "Q041" Info;
            CompiledNode "Q042" Info;
            LogStartBatch "Q045" Info;
            LogBatchResult "Q046" by_status;
            FoundStats "W006" Info;
            MainKeyboardInterrupt "Z001" Info;
            MainEncounteredError "Z002" Error;
            CheckCleanPath "Z012" Info;
            ConfirmCleanPath "Z013" Info;
            FinishedCleanPaths "Z015" Info;
            OpenCommand "Z016" Info;
            Formatting "Z017" Info;
            RunResultWarning "Z021" Warn;
            RunResultFailure "Z022" Error;
            StatsLine "Z023" Info;
            RunResultError "Z024" Error;
            RunResultErrorNoMessage "Z025" Error;
            SQLCompiledPath "Z026" Info;
            CheckNodeTestFailure "Z027" Info;
            EndOfRunSummary "Z030" Info;
            MarkSkippedChildren "Z033" Debug;
            LogSkipBecauseError "Z034" Error;
            RunResultWarningMessage "Z046" Warn;
            DebugCmdOut "Z047" Info;
            DebugCmdResult "Z048" Info;
            Note "Z050" Info;
            QuietNote "Z050" Debug;
            PrintEvent "Z052" Info;
            ListCmdOut "Z052" Info;
            Diagnosed "H001" by_status;
        };
        match self {
            // dbt prints lists as plain output, under the name of its print event.
            Self::ListCmdOut { .. } => EventKind { name: "PrintEvent", ..kind },
            Self::QuietNote { .. } => EventKind { name: "Note", ..kind },
            Self::Diagnosed { event: Some(name), .. } => match code_of_warning(name) {
                Some(code) => EventKind { name, code, ..kind },
                None => kind,
            },
            _ => kind,
        }
    }

    fn level_of_status(&self) -> Level {
        match self {
            Self::LogTestResult { status, .. } => match status.as_str() {
                "fail" | "error" => Level::Error,
                "warn" => Level::Warn,
                _ => Level::Info,
            },
            Self::LogFreshnessResult { status, .. } => match status.as_str() {
                "runtime error" | "error" => Level::Error,
                "warn" => Level::Warn,
                _ => Level::Info,
            },
            Self::LogModelResult { status, .. }
            | Self::LogFunctionResult { status, .. }
            | Self::LogSnapshotResult { status, .. }
            | Self::LogSeedResult { status, .. }
            | Self::LogBatchResult { status, .. }
                if status == "error" =>
            {
                Level::Error
            }
            Self::Diagnosed { is_error: true, .. } => Level::Error,
            Self::Diagnosed { .. } => Level::Warn,
            _ => Level::Info,
        }
    }

    /// Whether it is the output that was asked for, which `--quiet` does not silence and which has no timestamp.
    pub fn is_output(&self) -> bool {
        matches!(
            self,
            Self::PrintEvent { .. } | Self::ListCmdOut { .. } | Self::ShowNode { .. } | Self::CompiledNode { .. }
        )
    }
}

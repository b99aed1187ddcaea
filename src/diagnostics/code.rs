//! The closed list of diagnostic codes. Each has a section in `docs/errors.md` and a fixture.

/// A code such as `E0501`; the hundreds name the area.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code {
    /// As printed: `E0501`.
    pub id: &'static str,
    /// A few words that name the kind of problem.
    pub title: &'static str,
}

impl Code {
    /// dbt's names of warnings of this kind, as `--warn-error-options` lists them.
    pub fn events(self) -> &'static [&'static str] {
        match self {
            Self::YAML_UNKNOWN_KEY => {
                &["CustomTopLevelKeyDeprecation", "CustomKeyInObjectDeprecation", "CustomKeyInConfigDeprecation"]
            }
            Self::YAML_DUPLICATE_KEY => &["DuplicateYAMLKeysDeprecation"],
            Self::TEMPLATE_WARNING => &["JinjaLogWarning"],
            Self::UNUSED_CONFIG_PATH => &["UnusedResourceConfigPath"],
            Self::DEPRECATED => {
                &["ConfigSourcePathDeprecation", "ConfigTargetPathDeprecation", "ExposureNameDeprecation"]
            }
            Self::ORPHAN_PATCH => &["NoNodeForYamlKey", "MacroNotFoundForPatch"],
            Self::TEST_PARENT_NOT_FOUND => &["NodeNotFoundOrDisabled"],
            Self::NOTHING_SELECTED => &["NoNodesForSelectionCriteria"],
            Self::SEMANTIC_WARNING => &["SemanticValidationFailure"],
            Self::CONTRACT => &["UnversionedBreakingChange"],
            _ => &[],
        }
    }

    /// dbt's sort of error, which tools look for in messages: `Compilation Error`.
    pub fn sort(self) -> &'static str {
        match self {
            Self::DATABASE | Self::CONNECTION | Self::TARGET_IN_USE => "Database Error",
            Self::CANCELLED | Self::SEED | Self::UNSUPPORTED | Self::TEST_FAILED | Self::TIMED_OUT => "Runtime Error",
            _ => match &self.id[1..3] {
                "01" | "04" | "06" => "Runtime Error",
                "02" => "Parsing Error",
                _ => "Compilation Error",
            },
        }
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $id:literal, $title:literal;)*) => {
        impl Code {
            $($(#[$doc])* pub const $name: Code = Code { id: $id, title: $title };)*
            /// Every code, in order.
            pub const ALL: &'static [Code] = &[$(Code::$name),*];
        }
    };
}

codes! {
    // 01: files and the command line
    /// A file cannot be read.
    UNREADABLE_FILE = "E0101", "file cannot be read";
    /// A text file is not UTF-8.
    NOT_UTF8 = "E0102", "file is not UTF-8";
    /// A flag or argument is wrong.
    USAGE = "E0103", "wrong usage";
    /// A file or folder cannot be written.
    UNWRITABLE_FILE = "E0104", "file cannot be written";
    /// The parse cache and the files do not agree (`--verify-parse-cache`).
    PARSE_CACHE_DIFFERS = "E0105", "parse cache differs";
    /// The server of the documentation site cannot listen there.
    CANNOT_LISTEN = "E0106", "server cannot start";

    // 02: YAML
    /// YAML that does not parse.
    YAML_SYNTAX = "E0201", "malformed YAML";
    /// A value of another type than expected.
    YAML_TYPE = "E0202", "wrong type in YAML";
    /// A required key is missing.
    YAML_MISSING_KEY = "E0203", "missing key in YAML";
    /// A key that nobody reads.
    YAML_UNKNOWN_KEY = "W0204", "unknown key in YAML";
    /// The same key twice in one mapping.
    YAML_DUPLICATE_KEY = "W0205", "duplicate key in YAML";
    /// A value outside the allowed ones.
    YAML_VALUE = "E0206", "value not allowed in YAML";

    // 03: Jinja
    /// A template that does not parse.
    JINJA_SYNTAX = "E0301", "malformed Jinja";
    /// A name that is not defined.
    JINJA_UNDEFINED = "E0302", "undefined name in Jinja";
    /// An expression or filter failed while rendering.
    JINJA_RUNTIME = "E0303", "Jinja failed while rendering";
    /// A macro was called with wrong arguments.
    JINJA_ARGUMENTS = "E0304", "wrong arguments to a macro";
    /// `exceptions.raise_compiler_error` was called.
    COMPILER_ERROR_RAISED = "E0305", "error raised by a template";
    /// A required `var` is missing.
    MISSING_VAR = "E0306", "required variable is missing";
    /// A required environment variable is missing.
    MISSING_ENV_VAR = "E0307", "required environment variable is missing";
    /// `exceptions.warn` was called.
    TEMPLATE_WARNING = "W0308", "warning raised by a template";
    /// A secret environment variable outside of the files that may use it.
    SECRET_ENV_VAR = "E0309", "secret environment variable used where it may not be";

    // 04: project and profile
    /// No `dbt_project.yml` found.
    NO_PROJECT = "E0401", "no project found";
    /// `dbt_project.yml` is invalid.
    INVALID_PROJECT = "E0402", "invalid project file";
    /// The profile or target cannot be found.
    PROFILE_NOT_FOUND = "E0403", "profile or target not found";
    /// The profile is invalid.
    INVALID_PROFILE = "E0404", "invalid profile";
    /// `require-dbt-version` excludes the version we answer as.
    DBT_VERSION = "E0405", "required dbt version does not match";
    /// A package is declared but not installed, or cannot be installed.
    PACKAGE = "E0406", "package problem";
    /// A configuration path applies to nothing.
    UNUSED_CONFIG_PATH = "W0407", "configuration applies to no resource";
    /// A setting that is deprecated in dbt.
    DEPRECATED = "W0408", "deprecated";
    /// A package's archive with members outside of its folder.
    PACKAGE_ARCHIVE = "E0409", "package archive refused";

    // 05: resources and references
    /// A `ref` to a node that does not exist.
    REF_NOT_FOUND = "E0501", "referenced node not found";
    /// A `source` that does not exist.
    SOURCE_NOT_FOUND = "E0502", "source not found";
    /// A cycle in the graph.
    CYCLE = "E0503", "cycle in the graph";
    /// Two resources of one name.
    DUPLICATE_RESOURCE = "E0504", "two resources of the same name";
    /// A properties entry for a resource that does not exist.
    ORPHAN_PATCH = "W0505", "properties for a resource that does not exist";
    /// A reference to a disabled node.
    REF_DISABLED = "E0506", "referenced node is disabled";
    /// A reference that access or group rules forbid.
    REF_ACCESS = "E0507", "referenced node is not accessible";
    /// A macro that does not exist.
    MACRO_NOT_FOUND = "E0508", "macro not found";
    /// A config value that cannot be used.
    INVALID_CONFIG = "E0509", "invalid configuration";
    /// A test definition that cannot be used.
    INVALID_TEST = "E0510", "invalid test definition";
    /// A test whose parent does not exist (it is skipped, as dbt does).
    TEST_PARENT_NOT_FOUND = "W0511", "test of a node that does not exist";
    /// Two nodes would be the same relation.
    AMBIGUOUS_RELATION = "E0512", "two nodes with one relation";
    /// A doc block that does not exist.
    DOC_NOT_FOUND = "E0513", "doc block not found";
    /// A `ref` or `source` at run time that was not seen while parsing.
    REF_NOT_DECLARED = "E0514", "dependency was not known when the project was parsed";
    /// A resource definition that cannot be used.
    INVALID_RESOURCE = "E0515", "invalid resource definition";
    /// Semantic models, metrics and saved queries that do not fit together.
    SEMANTIC_LAYER = "E0516", "semantic layer is not valid";
    /// Something in the semantic layer that may not be meant.
    SEMANTIC_WARNING = "W0517", "questionable semantic layer";
    /// `compile --strict`: a model selects a column that nothing it selects from has.
    COLUMN_NOT_FOUND = "E0518", "column not found";
    /// A package's node refers to the root project without naming it.
    REF_LEAVES_PACKAGE = "W0519", "a package refers to the root project";
    /// Constraints of a materialization that has none.
    CONSTRAINTS_IGNORED = "W0520", "constraints without effect";
    /// A microbatch model that does not what its configs say.
    MICROBATCH_WARNING = "W0521", "questionable microbatch model";
    /// With `validate_macro_args`: properties of a macro do not fit its definition.
    MACRO_ARGUMENTS = "W0522", "documented arguments do not fit the macro";

    // 06: selection
    /// A selector that does not parse or names an unknown method.
    SELECTOR = "E0601", "invalid selector";
    /// A selection that matches nothing.
    NOTHING_SELECTED = "W0602", "nothing selected";
    /// A seed of which only the path is known, so that its rows cannot be compared with an earlier state.
    SEED_NOT_COMPARED = "W0603", "seed too large to be compared";

    // 07: warehouse
    /// The database cannot be opened or reached.
    CONNECTION = "E0701", "cannot connect to the warehouse";
    /// The database refused a statement.
    DATABASE = "E0702", "database error";
    /// A CSV file that cannot be loaded.
    SEED = "E0703", "seed cannot be loaded";
    /// The command was cancelled.
    CANCELLED = "E0704", "cancelled";
    /// What an adapter does not support.
    UNSUPPORTED = "E0705", "not supported by the warehouse";
    /// A contract that the SQL does not keep.
    CONTRACT = "E0706", "contract violated";
    /// A test found failing rows.
    TEST_FAILED = "E0707", "test failed";
    /// A node took longer than its `timeout`.
    TIMED_OUT = "E0708", "timed out";
    /// Another run holds the target.
    TARGET_IN_USE = "E0709", "another run writes to the target";
    /// What is finished cannot take its place, because others use what is there.
    PUBLISH_HINDERED = "E0710", "cannot be published";
    /// What is recorded of runs is not what was written.
    HISTORY_BROKEN = "E0711", "history of runs is broken";
    // 08: linters
    /// Settings of a linter, such as `.sqlfluff`, that it refuses.
    LINT_SETTINGS = "E0801", "settings of the linter refused";
}

#[cfg(test)]
mod tests {
    use super::Code;

    #[test]
    fn ids_are_unique_and_ordered_within_their_area() {
        let mut ids: Vec<_> = Code::ALL.iter().map(|code| &code.id[1..]).collect();
        let listed = ids.clone();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids, listed);
    }
}

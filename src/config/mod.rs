//! `dbt_project.yml`, `profiles.yml`, packages, vars and flags, read and resolved into a [`Config`].
//!
//! [`load`] is the way in: an [`Invocation`] (what the process was given: the only reading of the environment) and the
//! command line's [`Overrides`] become the root [`Project`] with its packages, the [`Profile`], [`Flags`] and [`Vars`].
//! Nothing here reads models or speaks to a warehouse.

mod catalogs;
mod config_tree;
mod duration;
mod flag_sources;
mod flags;
mod git_commit;
mod invocation;
mod load;
mod locate;
mod native;
mod overrides;
mod package_reader;
mod packages;
mod profile;
mod profile_file;
mod project;
mod project_file;
mod reader;
mod secrets;
mod settings;
mod template;
mod vars;
mod version;

pub use catalogs::check_catalogs;
pub use config_tree::{ConfigKind, ConfigLevel, ConfigTree, NodeConfigChain};
pub use duration::duration;
pub use flags::{Flags, IndirectSelection, LogFormat, LogLevel, OutputFormat, WarnErrorOptions, WarningFate};
pub use invocation::Invocation;
pub use load::{Config, Loaded, load};
pub use locate::{named_profiles_dir, project_around, project_dir};
pub use overrides::Overrides;
pub use package_reader::{PackageMetadata, PackageReader};
pub use profile::{Profile, ProfileOrigin};
pub use project::{DispatchRule, Hook, PackageSpec, Project, ProjectPaths, QueryComment};
pub use secrets::Secrets;
pub use settings::Settings;
pub use template::SECRET_PREFIX;
pub use vars::Vars;

/// The version of dbt Core that projects are told they run on (`dbt_version`, `require-dbt-version`).
pub const DBT_VERSION: &str = "1.11.16";

//! What commands write to the target folder.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::opening::Opening;
use super::parsed::ParsedProject;
use crate::adapters::CatalogRow;
use crate::artifacts::{
    ArtifactMetadata, CatalogJson, ManifestJson, ManifestMetadata, MetadataJson, PastRun, RunResultsJson, SourcesJson,
    TargetFolder, remember_run,
};
use crate::config::SECRET_PREFIX;
use crate::diagnostics::Diagnostics;
use crate::events::Event;
use crate::manifest::CompiledNodes;
use crate::parser::FirstLook;
use crate::plan::RunResults;
use crate::runner::FreshnessReport;

impl Opening {
    pub(super) fn target(&self) -> TargetFolder {
        let project = &self.config.project;
        TargetFolder::new(project.root.clone(), project.target_path.clone())
    }

    fn metadata(&self) -> ArtifactMetadata {
        let invocation = &self.config.invocation;
        ArtifactMetadata {
            generated_at: jiff::Timestamp::now(),
            invocation_id: invocation.invocation_id.clone(),
            invocation_started_at: invocation.started_at,
            env: invocation
                .environment
                .iter()
                .filter_map(|(name, value)| Some((name.strip_prefix("DBT_ENV_CUSTOM_ENV_")?.to_owned(), value.clone())))
                .collect(),
        }
    }

    /// Writes `manifest.json`, if artifacts are to be written.
    pub(crate) fn write_manifest(&self, project: &ParsedProject, compiled: &CompiledNodes) -> Result<(), Diagnostics> {
        if !self.config.flags.write_json {
            return Ok(());
        }
        let metadata = ManifestMetadata { artifact: self.metadata(), quoting: project.session.quoting() };
        let manifest = ManifestJson { manifest: &project.manifest, metadata: &metadata, compiled };
        let id = project.id.filter(|_| compiled.is_empty());
        let path = self.target().write_manifest(id, &manifest)?;
        let semantic = self.target().semantic_manifest();
        for (path, kind) in [(path, "WritableManifest"), (semantic, "SemanticManifest")] {
            self.report(&Event::ArtifactWritten {
                artifact_path: path.display().to_string(),
                artifact_type: kind.into(),
            });
        }
        Ok(())
    }

    /// Brings `manifest.json` up to date without parsing, if nothing changed since a parse that there was nothing to say
    /// about; returns where it is, or what was seen of the files.
    pub(crate) fn renew_manifest(&self) -> Result<Result<PathBuf, Option<FirstLook>>, Diagnostics> {
        let flags = &self.config.flags;
        if !flags.partial_parse || !flags.write_json || flags.verify_parse_cache {
            return Ok(Err(None));
        }
        let adapter = self.adapter()?;
        if !adapter.warnings().is_empty() {
            return Ok(Err(None));
        }
        let look = FirstLook::new(&self.config, adapter.as_ref(), true);
        let Some(id) = look.unchanged() else { return Ok(Err(Some(look))) };
        let quoting = self.config.project.resolved_quoting(adapter.default_quoting());
        let metadata = ManifestMetadata { artifact: self.metadata(), quoting };
        let metadata = MetadataJson {
            project_name: &self.config.project.name,
            adapter_type: adapter.type_name(),
            metadata: &metadata,
        };
        let path = self.target().renew_manifest(id, &metadata);
        if let Some(path) = &path {
            self.report(&Event::ArtifactWritten {
                artifact_path: path.display().to_string(),
                artifact_type: "WritableManifest".into(),
            });
        }
        Ok(path.ok_or(Some(look)))
    }

    /// Writes `run_results.json`, if artifacts are to be written.
    pub(crate) fn write_run_results(&self, results: &RunResults) -> Result<(), Diagnostics> {
        if !self.config.flags.write_json {
            return Ok(());
        }
        let metadata = self.metadata();
        let args = self.arguments();
        let path = self
            .target()
            .write_json("run_results.json", &RunResultsJson { results, metadata: &metadata, args: &args })?;
        // dbt names the class that wrote it.
        let artifact_type = match self.config.invocation.which.as_str() {
            "run-operation" => "RunResultsArtifact",
            _ => "RunExecutionResult",
        };
        self.report(&Event::ArtifactWritten {
            artifact_path: path.display().to_string(),
            artifact_type: artifact_type.into(),
        });
        Ok(())
    }

    /// Adds a run that made or tested something to what the documentation site shows of earlier runs.
    pub(crate) fn remember(&self, results: &RunResults) -> Result<(), Diagnostics> {
        let invocation = &self.config.invocation;
        let run = PastRun::new(&invocation.which, &invocation.invocation_id, jiff::Timestamp::now(), results);
        if let Some(run) = run.filter(|run| self.config.flags.write_json && !run.results.is_empty()) {
            remember_run(&self.target(), &run)?;
        }
        Ok(())
    }

    /// Writes `sources.json`, or the file that was asked for; paths are of the project.
    pub(crate) fn write_sources(&self, report: &FreshnessReport, output: Option<&Path>) -> Result<(), Diagnostics> {
        let metadata = self.metadata();
        let sources = SourcesJson { results: &report.sources, elapsed_time: report.elapsed, metadata: &metadata };
        let name = output.map_or_else(|| PathBuf::from("sources.json"), |path| self.config.project.root.join(path));
        let path = self.target().write_json(&name.to_string_lossy(), &sources)?;
        self.report(&Event::ArtifactWritten {
            artifact_path: path.display().to_string(),
            artifact_type: "FreshnessResult".into(),
        });
        Ok(())
    }

    /// Writes `catalog.json`, of what is `selected` or of all.
    pub(crate) fn write_catalog(
        &self,
        project: &ParsedProject,
        rows: &[CatalogRow],
        selected: Option<&HashSet<String>>,
    ) -> Result<(), Diagnostics> {
        let metadata = self.metadata();
        let catalog = CatalogJson { manifest: &project.manifest, rows, selected, errors: None, metadata: &metadata };
        let path = self.target().write_json("catalog.json", &catalog)?;
        self.report(&Event::ArtifactWritten {
            artifact_path: path.display().to_string(),
            artifact_type: "CatalogArtifact".into(),
        });
        self.report(&Event::CatalogWritten { path: path.display().to_string() });
        Ok(())
    }

    /// Copies the folders of `asset-paths`, which descriptions may show images of, into the target folder.
    pub(crate) fn copy_assets(&self) -> Result<(), Diagnostics> {
        let project = &self.config.project;
        for path in &project.paths.asset {
            let from = project.root.join(path);
            if from.is_dir() {
                self.target().copy_folder(&from, path)?;
            }
        }
        Ok(())
    }

    /// The command with its flags, as `run_results.json` has it.
    fn arguments(&self) -> Map<String, Value> {
        let invocation = &self.config.invocation;
        let mut args = self.config.invocation_args();
        let command = invocation.argv.iter().skip(1).cloned().collect::<Vec<_>>().join(" ");
        args.insert("invocation_command".into(), self.console.without_secrets(format!("dbt {command}")).into());
        if let Some(Value::Object(vars)) = args.get_mut("vars") {
            for (_, value) in vars.iter_mut().filter(|(name, _)| name.starts_with(SECRET_PREFIX)) {
                *value = "*****".into();
            }
        }
        if let Some(vars) = args.get_mut("vars") {
            self.config.profile.secrets.hide_in(vars);
        }
        args
    }
}

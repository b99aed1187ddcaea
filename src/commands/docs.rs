//! `docs`: writes the documentation site, and serves it.

use std::collections::HashSet;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::compile::KINDS;
use super::opening::{Opening, Outcome, with_project};
use super::parsed::ParsedProject;
use super::running::Request;
use super::selection_args::SelectionArgs;
use crate::adapters::CatalogRow;
use crate::artifacts::{keep_run_results, read_run_history, read_sources};
use crate::config::Overrides;
use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::events::Event;
use crate::lineage::{Lineage, LineageColumn, Source};
use crate::manifest::{CompiledNodes, ResourceType};
use crate::plan::Mode;
use crate::runner::{Action, catalog_rows};
use crate::site::server::Server;
use crate::site::{ColumnLineage, ColumnLink, ColumnOrigin, ColumnOrigins, Site, SiteParts};
use crate::sql::EdgeKind;

/// Describe the project and what is in the warehouse
#[derive(Debug, Args)]
pub(crate) struct Docs {
    #[command(subcommand)]
    command: DocsCommand,
}

#[derive(Debug, Subcommand)]
enum DocsCommand {
    Generate(Generate),
    Serve(Serve),
}

/// Write target/manifest.json, target/catalog.json and the documentation site
#[derive(Debug, Args)]
struct Generate {
    #[command(flatten)]
    selection: SelectionArgs,
    /// Do not ask the warehouse; the catalog is empty
    #[arg(long)]
    empty_catalog: bool,
    /// Compile nodes first (this is so unless --no-compile is given)
    #[arg(long, overrides_with = "no_compile")]
    compile: bool,
    /// Do not compile nodes
    #[arg(long)]
    no_compile: bool,
    /// Also write the whole site as one file, target/static_index.html, which needs no server
    #[arg(long)]
    r#static: bool,
}

/// Serve the documentation site that `hetl docs generate` wrote, and show new runs as they come
#[derive(Debug, Args)]
struct Serve {
    /// Port to listen on; 0: any that is free
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Address to listen on; other than this machine alone only with a token, which is in the address that is printed
    #[arg(long, default_value = "127.0.0.1")]
    host: String,
    /// Open a browser (this is so unless --no-browser is given)
    #[arg(long, overrides_with = "no_browser")]
    browser: bool,
    /// Do not open a browser
    #[arg(long)]
    no_browser: bool,
}

/// What the catalog describes.
const CATALOGED: &[ResourceType] =
    &[ResourceType::Model, ResourceType::Seed, ResourceType::Snapshot, ResourceType::Source, ResourceType::Test];

impl Docs {
    pub(crate) fn run(&self, overrides: &Overrides) -> ExitCode {
        match &self.command {
            DocsCommand::Generate(generate) => {
                with_project("generate", generate.selection.to_map(), overrides, |opening| generate.write(opening))
            }
            DocsCommand::Serve(serve) => {
                with_project("serve", serde_json::Map::new(), overrides, |opening| serve.serve(opening))
            }
        }
    }
}

impl Generate {
    fn write(&self, opening: &Opening) -> Result<Outcome, Diagnostics> {
        let mut outcome = Outcome::Success;
        // Compiling leaves a `run_results.json` of its own.
        keep_run_results(&opening.target())?;
        let (project, compiled) = if self.no_compile {
            let project = opening.parse()?;
            opening.report_found(&project.manifest);
            (project, CompiledNodes::default())
        } else {
            let request =
                Request { selection: &self.selection, kinds: KINDS, mode: Mode::Topological, action: Action::Compile };
            let finished = opening.run_nodes(&request)?;
            if let Some(report) = &finished.report {
                outcome = opening.failed_nodes(report)?;
            }
            (finished.project, finished.report.map(|report| report.compiled).unwrap_or_default())
        };
        opening.copy_assets()?;
        // Only what is compiled has been selected.
        let selected = (!self.no_compile)
            .then(|| opening.select(&project, &self.selection, CATALOGED, true))
            .transpose()?
            .map(|ids| ids.into_iter().collect());
        let rows = if self.empty_catalog {
            Vec::new()
        } else {
            opening.report(&Event::BuildingCatalog {});
            catalog_rows(&project.session, &project.manifest, selected.as_ref())?
        };
        opening.write_catalog(&project, &rows, selected.as_ref())?;
        let lineage = opening.lineage_of(&project, &compiled)?;
        // What is not selected is not compiled, and its lineage would be missing.
        if !self.no_compile && self.selection.is_empty() {
            opening.write_lineage(&lineage)?;
        }
        self.write_site(opening, &project, &compiled, &rows, &column_lineage(&lineage))?;
        Ok(outcome)
    }

    fn write_site(
        &self,
        opening: &Opening,
        project: &ParsedProject,
        compiled: &CompiledNodes,
        rows: &[CatalogRow],
        lineage: &ColumnLineage,
    ) -> Result<(), Diagnostics> {
        let target = opening.target();
        let history = read_run_history(&target.path())?;
        let sources = read_sources(&target.path())?;
        let site = Site::build(&SiteParts {
            manifest: &project.manifest,
            compiled,
            catalog: rows,
            lineage,
            built_in: project.session.adapter().macro_packages(),
            history: &history,
            sources: sources.as_ref(),
            generated_at: jiff::Timestamp::now(),
        });
        // The index names its pages: it comes last, so that a reader who loads it finds them.
        let mut files = site.files();
        files.sort_by_key(|file| file.name == "core.json");
        for file in &files {
            target.write_bytes(&format!("site/{}", file.name), &file.bytes)?;
        }
        target.remove_others("site", &files.iter().map(|file| file.name.as_str()).collect::<HashSet<_>>());
        let mut path = target.write_bytes("index.html", site.page().as_bytes())?;
        if self.r#static {
            path = target.write_bytes("static_index.html", site.in_one_file().as_bytes())?;
        }
        opening.report(&Event::Note { msg: format!("Documentation written to {}", path.display()) });
        Ok(())
    }
}

/// Lineage as the site shows it.
fn column_lineage(lineage: &Lineage) -> ColumnLineage {
    let origin = |source: &Source| ColumnOrigin {
        unique_id: source.from.node.clone(),
        column: source.from.column.clone(),
        link: match source.kind {
            EdgeKind::Copied => ColumnLink::Copied,
            EdgeKind::Derived => ColumnLink::Derived,
            EdgeKind::Aggregated => ColumnLink::Aggregated,
        },
    };
    let origins = |column: &LineageColumn| ColumnOrigins {
        column: column.name.clone(),
        data_type: column.data_type.clone(),
        from: column.sources.iter().map(origin).collect(),
        unknown: (!column.unknown.is_empty()).then(|| column.unknown.join("; ")),
    };
    lineage.nodes.iter().map(|(id, node)| (id.clone(), node.columns.iter().map(origins).collect())).collect()
}

impl Serve {
    fn serve(&self, opening: &Opening) -> Result<Outcome, Diagnostics> {
        let target = opening.target().path();
        for name in ["index.html", "site/core.json"] {
            let path = target.join(name);
            if !path.is_file() {
                let problem = format!("there is no documentation to serve: {} is missing", path.display());
                return Err(Diagnostic::error(Code::UNREADABLE_FILE, problem)
                    .hint("`hetl docs generate` writes it")
                    .into());
            }
        }
        let server = Server::bind(&self.host, self.port, target).map_err(|error| {
            Diagnostic::error(Code::CANNOT_LISTEN, format!("cannot listen on {}:{}: {error}", self.host, self.port))
                .hint("another port is chosen with `--port`; 0 takes any that is free")
        })?;
        let address = server.address();
        opening.report(&Event::Note { msg: format!("Serving the documentation at {address}") });
        opening.report(&Event::Note { msg: "Press Ctrl+C to exit.".to_owned() });
        if !self.no_browser {
            open_browser(&address);
        }
        server.serve();
        Ok(Outcome::Success)
    }
}

/// Opens the system's browser; where there is none, the address that was printed has to do.
fn open_browser(address: &str) {
    use std::process::{Command, Stdio};
    let mut command = if cfg!(target_os = "macos") {
        Command::new("open")
    } else if cfg!(windows) {
        let mut command = Command::new("rundll32");
        command.arg("url.dll,FileProtocolHandler");
        command
    } else {
        Command::new("xdg-open")
    };
    let _ = command.arg(address).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
}

//! [`Renderer`]: files of the project to SQL, without a warehouse.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::RenderedSql;
use crate::adapters::Offline;
use crate::context::{NodeRun, RunParts, Session, Worker};
use crate::diagnostics::{Code, Diagnostic, SourceMap};
use crate::jinja::{Origin, Piece, PieceKind, Trace, has_tags};
use crate::manifest::{Manifest, Node, ResourceType};

/// What became of a file.
#[derive(Debug)]
pub enum Rendering {
    /// Its SQL; of a file with several snapshots, that of each.
    Sql(Vec<RenderedSql>),
    /// Why it is passed over.
    Skipped(&'static str),
    /// Why its template cannot be rendered.
    Failed(Diagnostic),
}

/// Renders files of one project; each thread has its own.
pub struct Renderer {
    session: Arc<Session>,
    manifest: Arc<Manifest>,
    worker: Arc<Worker>,
    asked: Arc<AtomicBool>,
    /// Nodes whose SQL stands in files of the root project, by path.
    nodes: Arc<HashMap<String, Vec<Arc<Node>>>>,
}

impl std::fmt::Debug for Renderer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Renderer")
    }
}

impl Clone for Renderer {
    /// Another one of the same project, for another thread.
    fn clone(&self) -> Self {
        Self::with_nodes(Arc::clone(&self.session), Arc::clone(&self.manifest), Arc::clone(&self.nodes))
    }
}

impl Renderer {
    /// A renderer of the files of this project.
    pub fn new(session: Arc<Session>, manifest: Arc<Manifest>) -> Self {
        let mut nodes: HashMap<String, Vec<Arc<Node>>> = HashMap::new();
        for node in manifest.nodes.values().filter(|node| is_linted(node, &manifest)) {
            nodes.entry(node.original_file_path.clone()).or_default().push(Arc::clone(node));
        }
        Self::with_nodes(session, manifest, Arc::new(nodes))
    }

    fn with_nodes(session: Arc<Session>, manifest: Arc<Manifest>, nodes: Arc<HashMap<String, Vec<Arc<Node>>>>) -> Self {
        let (offline, asked) = Offline::new();
        let worker = Arc::new(Worker::new("lint", Box::new(offline)));
        Self { session, manifest, worker, asked, nodes }
    }

    /// The texts that its diagnostics point into.
    pub fn sources(&self) -> &SourceMap {
        self.session.sources()
    }

    /// Paths of all files that can be linted, relative to the project.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.nodes.keys().map(String::as_str)
    }

    /// The SQL of a file of the project. `path` is relative to the project, with `/`; `shown` is its name in findings.
    pub fn render(&self, path: &str, shown: &str, source: &str) -> Rendering {
        let Some(nodes) = self.nodes.get(path) else {
            return Rendering::Skipped("it is no model, snapshot, analysis or test of the project, or a disabled one");
        };
        let mut rendered = Vec::with_capacity(nodes.len());
        for node in nodes {
            match self.node(node, shown, source) {
                Ok(sql) => rendered.push(sql),
                Err(problem) => return Rendering::Failed(problem),
            }
        }
        Rendering::Sql(rendered)
    }

    fn node(&self, node: &Arc<Node>, shown: &str, source: &str) -> Result<RenderedSql, Diagnostic> {
        if !has_tags(source) {
            return Ok(RenderedSql::plain(shown, source));
        }
        let text = source.replace("\r\n", "\n").replace('\r', "\n");
        let body = body_of(node, &text);
        let trace = Trace::of(&text[body.clone()]);
        let Ok(trace) = trace else {
            return Err(self.failure(node, shown, &text, &body).unwrap_or_else(|| unreadable(node)));
        };
        self.asked.store(false, Ordering::Relaxed);
        let mut marked = self.run(node, &trace.marked, None, true);
        if marked.is_err() && self.asked.load(Ordering::Relaxed) {
            // The template cannot do without the answers that a warehouse gives: it must be able to where `execute` is false.
            marked = self.run(node, &trace.marked, None, false);
        }
        let marked = match marked {
            Ok(marked) => marked,
            Err(problem) => return Err(self.failure(node, shown, &text, &body).unwrap_or(problem)),
        };
        let (rendered, mut slices) = trace.follow(&marked);
        let mut pieces = trace.pieces;
        if body != (0..text.len()) {
            frame(&mut pieces, &body, text.len());
            slices.iter_mut().for_each(|slice| slice.piece += 1);
        }
        let is_incomplete = self.asked.load(Ordering::Relaxed);
        Ok(RenderedSql {
            path: shown.to_owned(),
            source: source.to_owned(),
            text: rendered,
            pieces,
            slices,
            is_incomplete,
        })
    }

    /// Why a template fails, placed in its own text.
    fn failure(&self, node: &Arc<Node>, shown: &str, text: &str, body: &Range<usize>) -> Option<Diagnostic> {
        let origin = Origin::new(self.session.sources().add(shown, text), body.start);
        self.run(node, &text[body.clone()], Some(origin), true).err()
    }

    /// A template of a node as text; `execute` is what the template sees under that name.
    fn run(
        &self,
        node: &Arc<Node>,
        template: &str,
        origin: Option<Origin>,
        execute: bool,
    ) -> Result<String, Diagnostic> {
        let run = NodeRun::new(RunParts {
            session: Arc::clone(&self.session),
            manifest: Arc::clone(&self.manifest),
            node: Arc::clone(node),
            worker: Arc::clone(&self.worker),
        });
        let names = (!execute).then(|| ("execute".to_owned(), false.into()));
        let context = run.context_with(names.into_iter().collect());
        let rendered = self.session.engine().render_str(template, origin, context);
        rendered
            .map(|rendered| rendered.text())
            .map_err(|error| error.suggest(self.session.macros().names()).diagnostic)
    }
}

fn unreadable(node: &Node) -> Diagnostic {
    Diagnostic::error(Code::JINJA_SYNTAX, format!("{} is no template", node.unique_id))
}

/// Nodes that are SQL queries in a file of their own.
fn is_linted(node: &Node, manifest: &Manifest) -> bool {
    let has_file = match node.resource_type {
        ResourceType::Model | ResourceType::Snapshot | ResourceType::Analysis => true,
        ResourceType::Test => node.test.metadata.is_none(),
        _ => false,
    };
    has_file
        && node.package_name == manifest.project_name
        && node.language == "sql"
        && node.original_file_path.to_lowercase().ends_with(".sql")
}

/// The part of the file that is the node's: all of it, or one snapshot block.
fn body_of(node: &Node, text: &str) -> Range<usize> {
    let is_block = node.resource_type == ResourceType::Snapshot;
    match text.find(&*node.raw_code).filter(|_| is_block) {
        Some(start) => start..start + node.raw_code.len(),
        None => 0..text.len(),
    }
}

/// Puts what stands around a block into pieces of their own.
fn frame(pieces: &mut Vec<Piece>, body: &Range<usize>, length: usize) {
    for piece in pieces.iter_mut() {
        piece.range = piece.range.start + body.start..piece.range.end + body.start;
    }
    pieces.insert(0, Piece::new(PieceKind::Comment, 0..body.start));
    pieces.push(Piece::new(PieceKind::Comment, body.end..length));
}

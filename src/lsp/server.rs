//! The loop of the server: messages in, answers out, and the project read again after changes.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use crossbeam_channel::{Receiver, Sender, select, unbounded};
use lsp_server::{Connection, ErrorCode, Message, Notification, Request, RequestId, Response};
use lsp_types::notification::{
    DidChangeTextDocument, DidChangeWatchedFiles, DidCloseTextDocument, DidOpenTextDocument, DidSaveTextDocument,
    Notification as _, PublishDiagnostics,
};
use lsp_types::request::{
    Completion, DocumentSymbolRequest, GotoDefinition, HoverRequest, PrepareRenameRequest, Rename, Request as _,
};
use lsp_types::{
    CompletionOptions, CompletionResponse, Diagnostic, DidChangeTextDocumentParams, DidCloseTextDocumentParams,
    DidOpenTextDocumentParams, DocumentSymbolResponse, GotoDefinitionResponse, HoverProviderCapability, OneOf,
    PrepareRenameResponse, PublishDiagnosticsParams, RenameOptions, ServerCapabilities, TextDocumentPositionParams,
    TextDocumentSyncCapability, TextDocumentSyncKind, WorkDoneProgressOptions,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::publish::diagnostics;
use super::text;
use super::workspace::{Loaded, Workspace, path_of, uri_of};

/// Reads the project, with these texts in place of the files of these paths. An error is a sentence for the user.
pub type Loader = Arc<dyn Fn(HashMap<PathBuf, Arc<str>>) -> Result<Loaded, String> + Send + Sync>;

/// A project that was read with what is to be shown in its files, or why it cannot be.
type Reading = Result<(Loaded, BTreeMap<PathBuf, Vec<Diagnostic>>), String>;

fn capabilities() -> ServerCapabilities {
    ServerCapabilities {
        text_document_sync: Some(TextDocumentSyncCapability::Kind(TextDocumentSyncKind::INCREMENTAL)),
        definition_provider: Some(OneOf::Left(true)),
        hover_provider: Some(HoverProviderCapability::Simple(true)),
        document_symbol_provider: Some(OneOf::Left(true)),
        completion_provider: Some(CompletionOptions {
            trigger_characters: Some(["'", "\"", ".", "{", "("].map(str::to_owned).to_vec()),
            ..CompletionOptions::default()
        }),
        rename_provider: Some(OneOf::Right(RenameOptions {
            prepare_provider: Some(true),
            work_done_progress_options: WorkDoneProgressOptions::default(),
        })),
        ..ServerCapabilities::default()
    }
}

/// Speaks with an editor on a connection until it says good-bye. An error is a sentence about the connection.
pub fn serve(connection: &Connection, load: Loader) -> Result<(), String> {
    let capabilities = serde_json::to_value(capabilities()).map_err(|error| error.to_string())?;
    connection.initialize(capabilities).map_err(|error| error.to_string())?;
    let (asked, to_read) = unbounded::<HashMap<PathBuf, Arc<str>>>();
    let (given, read) = unbounded();
    let reader = thread::spawn(move || read_again(&to_read, &given, &load));
    let mut server =
        Server { connection, workspace: Workspace::default(), asked, shown: BTreeSet::new(), waiting: Vec::new() };
    server.ask();
    let result = server.run(&read);
    drop(server);
    let _ = reader.join();
    result
}

/// Reads the project as often as it is asked for; of several requests that wait, the last.
fn read_again(to_read: &Receiver<HashMap<PathBuf, Arc<str>>>, given: &Sender<Reading>, load: &Loader) {
    while let Ok(first) = to_read.recv() {
        let open = to_read.try_iter().last().unwrap_or(first);
        let read = load(open).map(|loaded| {
            let shown = diagnostics(&loaded);
            (loaded, shown)
        });
        if given.send(read).is_err() {
            return;
        }
    }
}

struct Server<'c> {
    connection: &'c Connection,
    workspace: Workspace,
    asked: Sender<HashMap<PathBuf, Arc<str>>>,
    /// Files that problems are shown in.
    shown: BTreeSet<PathBuf>,
    /// Requests that came before the project was read for the first time.
    waiting: Vec<Request>,
}

impl Server<'_> {
    fn run(&mut self, read: &Receiver<Reading>) -> Result<(), String> {
        loop {
            select! {
                recv(self.connection.receiver) -> message => match message {
                    Ok(Message::Request(request)) => {
                        if self.connection.handle_shutdown(&request).map_err(|error| error.to_string())? {
                            return Ok(());
                        }
                        if self.workspace.loaded.is_none() {
                            self.waiting.push(request);
                        } else {
                            self.answer(request)?;
                        }
                    }
                    Ok(Message::Notification(notification)) => self.hear(notification),
                    Ok(Message::Response(_)) => {}
                    Err(_) => return Ok(()),
                },
                recv(read) -> loaded => match loaded {
                    Ok(loaded) => self.renew(loaded)?,
                    Err(_) => return Err("the thread that reads the project has ended".to_owned()),
                },
            }
        }
    }

    fn ask(&self) {
        // The reader ends with the server only.
        let _ = self.asked.send(self.workspace.open.clone());
    }

    fn renew(&mut self, read: Reading) -> Result<(), String> {
        match read {
            Ok((loaded, by_file)) => {
                let gone: Vec<PathBuf> =
                    self.shown.iter().filter(|path| !by_file.contains_key(*path)).cloned().collect();
                self.shown = by_file.keys().cloned().collect();
                for (path, diagnostics) in gone.into_iter().map(|path| (path, Vec::new())).chain(by_file) {
                    if let Some(uri) = uri_of(&path) {
                        let publication = PublishDiagnosticsParams { uri, diagnostics, version: None };
                        self.notify(PublishDiagnostics::METHOD, publication)?;
                    }
                }
                self.workspace.loaded = Some(loaded);
                for request in std::mem::take(&mut self.waiting) {
                    self.answer(request)?;
                }
            }
            Err(message) => {
                self.notify("window/showMessage", serde_json::json!({"type": 1, "message": message}))?;
                for request in std::mem::take(&mut self.waiting) {
                    self.respond(Response::new_ok(request.id, Value::Null))?;
                }
            }
        }
        Ok(())
    }

    fn notify(&self, method: &str, params: impl Serialize) -> Result<(), String> {
        let notification = Notification::new(method.to_owned(), params);
        self.connection.sender.send(notification.into()).map_err(|error| error.to_string())
    }

    fn respond(&self, response: Response) -> Result<(), String> {
        self.connection.sender.send(response.into()).map_err(|error| error.to_string())
    }

    fn hear(&mut self, notification: Notification) {
        match notification.method.as_str() {
            DidOpenTextDocument::METHOD => {
                let Some(params) = read_params::<DidOpenTextDocumentParams>(notification.params) else { return };
                if let Some(path) = path_of(&params.text_document.uri) {
                    let text: Arc<str> = params.text_document.text.into();
                    let is_as_on_disk = std::fs::read(&path).is_ok_and(|bytes| bytes == text.as_bytes());
                    self.workspace.open.insert(path, text);
                    if !is_as_on_disk {
                        self.ask();
                    }
                }
            }
            DidChangeTextDocument::METHOD => {
                let Some(params) = read_params::<DidChangeTextDocumentParams>(notification.params) else { return };
                self.change(params);
            }
            DidCloseTextDocument::METHOD => {
                let Some(params) = read_params::<DidCloseTextDocumentParams>(notification.params) else { return };
                if let Some(path) = path_of(&params.text_document.uri) {
                    self.workspace.open.remove(&path);
                    self.ask();
                }
            }
            DidSaveTextDocument::METHOD | DidChangeWatchedFiles::METHOD => self.ask(),
            _ => {}
        }
    }

    fn change(&mut self, params: DidChangeTextDocumentParams) {
        let Some(path) = path_of(&params.text_document.uri) else { return };
        let mut text = self.workspace.open.get(&path).map(ToString::to_string).unwrap_or_default();
        for change in params.content_changes {
            match change.range {
                Some(range) => {
                    let (start, end) = (text::offset(&text, range.start), text::offset(&text, range.end));
                    text.replace_range(start..end.max(start), &change.text);
                }
                None => text = change.text,
            }
        }
        self.workspace.open.insert(path, text.into());
        self.ask();
    }

    fn answer(&mut self, request: Request) -> Result<(), String> {
        let Request { id, method, params } = request;
        let workspace = &self.workspace;
        let response = match method.as_str() {
            GotoDefinition::METHOD => at(id, params, workspace, |path, offset| {
                workspace.definition_at(path, offset).map(GotoDefinitionResponse::Scalar)
            }),
            HoverRequest::METHOD => at(id, params, workspace, |path, offset| workspace.hover_at(path, offset)),
            Completion::METHOD => at(id, params, workspace, |path, offset| {
                Some(CompletionResponse::Array(workspace.completion_at(path, offset)))
            }),
            PrepareRenameRequest::METHOD => at(id, params, workspace, |path, offset| {
                let (node, bytes) = workspace.renamed_at(path, offset)?;
                let range = text::range(&workspace.text(path)?, &bytes);
                Some(PrepareRenameResponse::RangeWithPlaceholder { range, placeholder: node.name.clone() })
            }),
            DocumentSymbolRequest::METHOD => {
                let symbols = read_params::<lsp_types::DocumentSymbolParams>(params)
                    .and_then(|params| path_of(&params.text_document.uri))
                    .map(|path| DocumentSymbolResponse::Nested(workspace.symbols(&path)));
                Response::new_ok(id, symbols)
            }
            Rename::METHOD => renamed(id, params, workspace),
            _ => {
                let message = format!("{method} is not offered");
                Response::new_err(id, ErrorCode::MethodNotFound as i32, message)
            }
        };
        self.respond(response)
    }
}

fn read_params<P: DeserializeOwned>(params: Value) -> Option<P> {
    serde_json::from_value(params).ok()
}

/// The answer to a question about a place in a file.
fn at<R: Serialize>(
    id: RequestId,
    params: Value,
    workspace: &Workspace,
    answer: impl FnOnce(&std::path::Path, usize) -> Option<R>,
) -> Response {
    let Some(params) = read_params::<TextDocumentPositionParams>(params) else {
        return Response::new_err(id, ErrorCode::InvalidParams as i32, "a file and a position are expected".to_owned());
    };
    let found = path_of(&params.text_document.uri).and_then(|path| {
        let text = workspace.text(&path)?;
        answer(&path, text::offset(&text, params.position))
    });
    Response::new_ok(id, found)
}

fn renamed(id: RequestId, params: Value, workspace: &Workspace) -> Response {
    let Some(params) = read_params::<lsp_types::RenameParams>(params) else {
        return Response::new_err(id, ErrorCode::InvalidParams as i32, "a new name is expected".to_owned());
    };
    let place = params.text_document_position;
    let edit = path_of(&place.text_document.uri)
        .and_then(|path| {
            let text = workspace.text(&path)?;
            workspace.renamed_at(&path, text::offset(&text, place.position))
        })
        .ok_or_else(|| "no model of the project is named here".to_owned())
        .and_then(|(node, _)| workspace.rename(node, &params.new_name));
    match edit {
        Ok(edit) => Response::new_ok(id, edit),
        Err(message) => Response::new_err(id, ErrorCode::RequestFailed as i32, message),
    }
}

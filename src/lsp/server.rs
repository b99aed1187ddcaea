//! The loop of the server: messages in, answers out, and the project read again after changes.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::thread;

use crossbeam_channel::{Receiver, Sender, select, unbounded};
use lsp_server::{Connection, ErrorCode, Message, Notification, Request, RequestId, Response};
use lsp_types::notification::{
    Cancel, DidChangeTextDocument, DidChangeWatchedFiles, DidCloseTextDocument, DidOpenTextDocument,
    DidSaveTextDocument, Exit, Notification as _, PublishDiagnostics, ShowMessage,
};
use lsp_types::request::{
    CodeActionRequest, Completion, DocumentSymbolRequest, Formatting, GotoDefinition, HoverRequest,
    PrepareRenameRequest, Rename, Request as _, Shutdown,
};
use lsp_types::{
    CancelParams, CodeActionKind, CodeActionOptions, CodeActionParams, CodeActionProviderCapability, CompletionOptions,
    CompletionResponse, Diagnostic, DidChangeTextDocumentParams, DidCloseTextDocumentParams, DidOpenTextDocumentParams,
    DocumentFormattingParams, DocumentSymbolResponse, GotoDefinitionResponse, HoverProviderCapability, MessageType,
    NumberOrString, OneOf, PrepareRenameResponse, PublishDiagnosticsParams, RenameOptions, ServerCapabilities,
    ShowMessageParams, TextDocumentPositionParams, TextDocumentSyncCapability, TextDocumentSyncKind, Uri,
    WorkDoneProgressOptions,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::publish::diagnostics;
use super::text;
use super::workspace::{Loaded, Mending, Unreadable, Workspace, path_of, uri_of};

/// Reads the project, with these texts in place of the files of these paths.
pub type Loader = Arc<dyn Fn(HashMap<PathBuf, Arc<str>>) -> Result<Loaded, Unreadable> + Send + Sync>;

/// A project that was read, or a sentence why it cannot be, and what is to be shown in its files.
type Reading = (Result<Loaded, String>, BTreeMap<PathBuf, Vec<Diagnostic>>);

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
        code_action_provider: Some(CodeActionProviderCapability::Options(CodeActionOptions {
            code_action_kinds: Some(vec![CodeActionKind::QUICKFIX, CodeActionKind::SOURCE_FIX_ALL]),
            ..CodeActionOptions::default()
        })),
        document_formatting_provider: Some(OneOf::Left(true)),
        rename_provider: Some(OneOf::Right(RenameOptions {
            prepare_provider: Some(true),
            work_done_progress_options: WorkDoneProgressOptions::default(),
        })),
        ..ServerCapabilities::default()
    }
}

/// Speaks with an editor on a connection until it ends; whether it said good-bye before. `loader` is asked once, with the folders that the
/// editor has open. An error is a sentence about the connection.
pub fn serve(connection: &Connection, loader: impl FnOnce(&[PathBuf]) -> Loader) -> Result<bool, String> {
    let (id, params) = connection.initialize_start().map_err(|error| error.to_string())?;
    let answer = serde_json::json!({
        "capabilities": capabilities(),
        "serverInfo": {"name": "hetl", "version": env!("CARGO_PKG_VERSION")},
    });
    connection.initialize_finish(id, answer).map_err(|error| error.to_string())?;
    let load = loader(&folders(&params));
    let (asked, to_read) = unbounded::<HashMap<PathBuf, Arc<str>>>();
    let (given, read) = unbounded();
    let reader = thread::spawn(move || read_again(&to_read, &given, &load));
    let mut server = Server {
        connection,
        workspace: Workspace::default(),
        asked,
        shown: BTreeSet::new(),
        waiting: Some(Vec::new()),
        told: String::new(),
    };
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
        let read = match load(open) {
            Ok(loaded) => {
                let shown = diagnostics(&loaded.root, &loaded.sources, &loaded.problems);
                (Ok(loaded), shown)
            }
            Err(wrong) => (Err(wrong.message), diagnostics(&wrong.root, &wrong.sources, &wrong.problems)),
        };
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
    /// Requests that came before the project was read for the first time; none after that.
    waiting: Option<Vec<Request>>,
    /// Why the project could not be read the last time; empty if it could.
    told: String,
}

impl Server<'_> {
    fn run(&mut self, read: &Receiver<Reading>) -> Result<bool, String> {
        let mut is_ending = false;
        loop {
            select! {
                recv(self.connection.receiver) -> message => match message {
                    Ok(Message::Request(request)) => {
                        if is_ending {
                            let message = "nothing is answered after `shutdown`".to_owned();
                            self.respond(Response::new_err(request.id, ErrorCode::InvalidRequest as i32, message))?;
                            continue;
                        }
                        if request.method == Shutdown::METHOD {
                            is_ending = true;
                            self.respond(Response::new_ok(request.id, ()))?;
                            continue;
                        }
                        match &mut self.waiting {
                            Some(waiting) => waiting.push(request),
                            None => self.answer(request)?,
                        }
                    }
                    Ok(Message::Notification(notification)) if notification.method == Exit::METHOD => return Ok(is_ending),
                    Ok(Message::Notification(notification)) if notification.method == Cancel::METHOD => {
                        self.cancel(notification)?;
                    }
                    Ok(Message::Notification(notification)) => self.hear(notification),
                    Ok(Message::Response(_)) => {}
                    Err(_) => return Ok(is_ending),
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

    fn renew(&mut self, (read, by_file): Reading) -> Result<(), String> {
        let gone: Vec<PathBuf> = self.shown.iter().filter(|path| !by_file.contains_key(*path)).cloned().collect();
        self.shown = by_file.keys().cloned().collect();
        for (path, diagnostics) in gone.into_iter().map(|path| (path, Vec::new())).chain(by_file) {
            if let Some(uri) = uri_of(&path) {
                let publication = PublishDiagnosticsParams { uri, diagnostics, version: None };
                self.notify(PublishDiagnostics::METHOD, publication)?;
            }
        }
        match read {
            Ok(loaded) => {
                self.workspace.loaded = Some(loaded);
                self.told.clear();
            }
            // What was read before answers questions until the project can be read again.
            Err(message) if message != self.told => {
                let params = ShowMessageParams { typ: MessageType::ERROR, message: message.clone() };
                self.notify(ShowMessage::METHOD, params)?;
                self.told = message;
            }
            Err(_) => {}
        }
        for request in self.waiting.take().into_iter().flatten() {
            self.answer(request)?;
        }
        Ok(())
    }

    /// Answers a request that nobody waits for any more, if it was not answered yet.
    fn cancel(&mut self, notification: Notification) -> Result<(), String> {
        let Some(params) = read_params::<CancelParams>(notification.params) else { return Ok(()) };
        let id: RequestId = match params.id {
            NumberOrString::Number(number) => number.into(),
            NumberOrString::String(text) => text.into(),
        };
        let Some(waiting) = &mut self.waiting else { return Ok(()) };
        let Some(at) = waiting.iter().position(|request| request.id == id) else { return Ok(()) };
        waiting.remove(at);
        self.respond(Response::new_err(id, ErrorCode::RequestCanceled as i32, "cancelled".to_owned()))
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
            CodeActionRequest::METHOD => code_actions(id, params, workspace),
            Formatting::METHOD => {
                let edits = read_params::<DocumentFormattingParams>(params).and_then(|params| {
                    let path = path_of(&params.text_document.uri)?;
                    Some(workspace.mended(&path, &workspace.text(&path)?, &Mending::Layout))
                });
                Response::new_ok(id, edits)
            }
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

fn code_actions(id: RequestId, params: Value, workspace: &Workspace) -> Response {
    let Some(params) = read_params::<CodeActionParams>(params) else {
        return Response::new_err(id, ErrorCode::InvalidParams as i32, "a file and a range are expected".to_owned());
    };
    // Who asks for a kind asks for those below it too.
    let wants = |kind: &CodeActionKind| {
        let is_below = |wanted: &CodeActionKind| {
            let rest = kind.as_str().strip_prefix(wanted.as_str());
            rest.is_some_and(|rest| rest.is_empty() || wanted.as_str().is_empty() || rest.starts_with('.'))
        };
        params.context.only.as_ref().is_none_or(|only| only.iter().any(is_below))
    };
    let actions = path_of(&params.text_document.uri)
        .map(|path| workspace.code_actions(&path, params.range, &params.context.diagnostics, wants));
    Response::new_ok(id, actions)
}

/// The folders that an editor says it has open.
fn folders(params: &Value) -> Vec<PathBuf> {
    let several = params["workspaceFolders"].as_array().into_iter().flatten().map(|folder| &folder["uri"]);
    let uris = several.chain([&params["rootUri"]]).filter_map(|uri| path_of(&Uri::from_str(uri.as_str()?).ok()?));
    let mut folders: Vec<PathBuf> = uris.chain(params["rootPath"].as_str().map(PathBuf::from)).collect();
    folders.dedup();
    folders
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

//! The language server: what editors ask about a project while it is written.
//!
//! [`serve()`] speaks the Language Server Protocol on a connection. A [`Workspace`] is the project as it was last read, with the texts
//! of open files: answers come from it at once, while a thread of its own reads the project again after changes. What reading means is
//! told by the caller ([`Loader`]); nothing here prints or renders.

mod alias;
mod code_action;
mod completion;
mod definition;
mod hover;
mod publish;
mod rename;
mod server;
mod symbols;
mod target;
mod text;
mod workspace;
mod yaml_place;

pub use server::{Loader, serve};
pub use workspace::{InferredColumns, Loaded, Mend, Mending, Problem, Unreadable, Workspace};

//! `search.json`: descriptions and columns of all resources, for the search and the glossary.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::columns::Column;
use super::markdown;
use super::resource::Resource;

/// The longest beginning of a description that is searched, in characters.
const DESCRIPTION: usize = 240;

/// Texts that stand once.
#[derive(Default)]
struct Texts {
    places: HashMap<String, usize>,
    list: Vec<String>,
}

impl Texts {
    fn place(&mut self, text: String) -> usize {
        if let Some(at) = self.places.get(&text) {
            return *at;
        }
        self.list.push(text.clone());
        self.places.insert(text, self.list.len() - 1);
        self.list.len() - 1
    }
}

/// The file. `columns` of a resource is flat: name, type, description of each, as places in the lists; -1 for none.
pub(super) fn search_file(resources: &[Resource<'_>], columns: &[Vec<Column<'_>>], build: &str) -> Value {
    let (mut names, mut types, mut descriptions) = (Texts::default(), Texts::default(), Texts::default());
    let place = |texts: &mut Texts, text: &str| if text.is_empty() { -1 } else { texts.place(text.to_owned()) as i64 };
    let mut lists = Vec::new();
    for columns in columns {
        let mut list = Vec::with_capacity(columns.len() * 3);
        for column in columns {
            list.push(names.place(column.name.to_owned()) as i64);
            list.push(place(&mut types, column.data_type.unwrap_or_default()));
            list.push(place(&mut descriptions, &markdown::plain(column.description(), DESCRIPTION)));
        }
        lists.push(list);
    }
    let texts: Vec<String> =
        resources.iter().map(|resource| markdown::plain(resource.description, DESCRIPTION)).collect();
    json!({
        "build": build,
        "texts": texts,
        "names": names.list,
        "types": types.list,
        "descriptions": descriptions.list,
        "columns": lists,
    })
}

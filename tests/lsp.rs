//! The language server, asked by a scripted client over standard input and output.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::commands::Project;

struct Client<'p> {
    project: &'p Project,
    server: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    /// Diagnostics of each publication so far: address, diagnostics.
    published: Vec<(String, Value)>,
    last: i64,
}

impl<'p> Client<'p> {
    fn new(project: &'p Project) -> Self {
        Self::begun(project, project.path(""), &json!({"processId": null, "rootUri": null, "capabilities": {}}))
    }

    /// Starts the server in a folder and says what the editor has open.
    fn begun(project: &'p Project, folder: PathBuf, hello: &Value) -> Self {
        let mut server = Command::new(env!("CARGO_BIN_EXE_hetl"))
            .arg("lsp")
            .current_dir(folder)
            .env_remove("DBT_PROFILES_DIR")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("hetl can be started");
        let to = server.stdin.take().expect("its input");
        let from = BufReader::new(server.stdout.take().expect("its output"));
        let mut client = Self { project, server, to, from, published: Vec::new(), last: 0 };
        let answer = client.ask("initialize", hello.clone());
        assert_eq!(answer["capabilities"]["hoverProvider"], json!(true));
        client.tell("initialized", json!({}));
        client
    }

    fn send(&mut self, message: &Value) {
        let text = message.to_string();
        write!(self.to, "Content-Length: {}\r\n\r\n{text}", text.len()).expect("it listens");
        self.to.flush().expect("it listens");
    }

    fn receive(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            self.from.read_line(&mut line).expect("it speaks");
            if let Some(digits) = line.trim().strip_prefix("Content-Length: ") {
                length = digits.parse().expect("a number");
            }
            if line.trim().is_empty() {
                break;
            }
        }
        let mut bytes = vec![0; length];
        self.from.read_exact(&mut bytes).expect("a whole message");
        let message: Value = serde_json::from_slice(&bytes).expect("JSON");
        if message["method"] == "textDocument/publishDiagnostics" {
            let uri = message["params"]["uri"].as_str().expect("an address").to_owned();
            self.published.push((uri, message["params"]["diagnostics"].clone()));
        }
        message
    }

    fn tell(&mut self, method: &str, params: Value) {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": params}));
    }

    fn ask_whole(&mut self, method: &str, params: Value) -> Value {
        self.last += 1;
        let id = self.last;
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        loop {
            let message = self.receive();
            if message["id"] == json!(id) && message["method"].is_null() {
                return message;
            }
        }
    }

    fn ask(&mut self, method: &str, params: Value) -> Value {
        let mut answer = self.ask_whole(method, params);
        assert!(answer["error"].is_null(), "{answer}");
        answer["result"].take()
    }

    fn uri(&self, path: &str) -> String {
        format!("file://{}", self.project.path(path).display())
    }

    fn open(&mut self, path: &str, text: &str) {
        let uri = self.uri(path);
        self.tell(
            "textDocument/didOpen",
            json!({"textDocument": {"uri": uri, "languageId": "sql", "version": 1, "text": text}}),
        );
    }

    /// Asks about the place of `|` in a text that is written to the file as the editor has it.
    fn at(&mut self, method: &str, path: &str, marked: &str) -> Value {
        let params = self.place(path, marked);
        self.ask(method, params)
    }

    fn place(&mut self, path: &str, marked: &str) -> Value {
        let at = marked.find('|').expect("a place");
        self.open(path, &marked.replacen('|', "", 1));
        let before = &marked[..at];
        let line = before.matches('\n').count();
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count();
        json!({"textDocument": {"uri": self.uri(path)}, "position": {"line": line, "character": column}})
    }

    /// Waits until the problems of a file are published so that they hold, and gives them.
    fn problems(&mut self, path: &str, hold: impl Fn(&Value) -> bool) -> Value {
        let uri = self.uri(path);
        loop {
            if let Some((_, found)) = self.published.iter().rev().find(|(known, _)| *known == uri)
                && hold(found)
            {
                return found.clone();
            }
            self.receive();
        }
    }

    /// The diagnostics that a code action would mend and its text, by title.
    fn actions(&mut self, path: &str, line: u64, problems: &Value) -> Vec<Value> {
        let range = json!({"start": {"line": line, "character": 0}, "end": {"line": line, "character": 1000}});
        let params =
            json!({"textDocument": {"uri": self.uri(path)}, "range": range, "context": {"diagnostics": problems}});
        let found = self.ask("textDocument/codeAction", params);
        found.as_array().expect("a list").clone()
    }

    fn end(mut self) {
        self.ask("shutdown", Value::Null);
        self.tell("exit", Value::Null);
        assert!(self.server.wait().expect("it ends").success());
    }
}

const ORDERS: &str = "select order_id, {{ cents('amount') }} as total\nfrom {{ source('raw', 'payments') }}\n";
const REPORT: &str = "with o as (select * from {{ ref('orders') }})\nselect o.total from o\n";

fn project() -> Project {
    Project::new(&[
        ("dbt_project.yml", "name: p\nprofile: p\nvars:\n  first_day: 2024-01-01\n"),
        ("macros/cents.sql", "{% macro cents(column, digits=2) %}{{ column }} / 100{% endmacro %}\n"),
        ("models/orders.sql", ORDERS),
        ("models/report.sql", REPORT),
        ("models/orders.md", "{% docs order %}\nOne row an order.\n{% enddocs %}\n"),
        (
            "models/models.yml",
            "models:\n  - name: orders\n    description: \"{{ doc('order') }}\"\n    columns:\n      - {name: order_id, description: Its number.}\n      \
             - name: total\n        data_type: decimal\n        description: What it costs.\nsources:\n  - name: raw\n    description: As loaded.\n    tables:\n      \
             - name: payments\n        description: As they come.\nexposures:\n  - name: board\n    type: dashboard\n    owner: {name: o}\n    \
             depends_on: [ref('orders')]\n",
        ),
    ])
}

#[test]
fn definitions_are_found_and_described() {
    let project = project();
    let mut client = Client::new(&project);
    let place = |found: &Value| {
        let uri = found["uri"].as_str().expect("an address");
        (uri.rsplit('/').next().expect("a name").to_owned(), found["range"]["start"]["line"].as_u64().expect("a line"))
    };
    let definition = "textDocument/definition";
    let report = |text: &str| REPORT.replace("select o.total from o", text);
    let sql = "models/report.sql";
    let found = client.at(definition, sql, &REPORT.replace("'orders'", "'ord|ers'"));
    assert_eq!(place(&found), ("orders.sql".to_owned(), 0));
    let found = client.at(definition, sql, &report("select o.to|tal from o"));
    assert_eq!(place(&found), ("models.yml".to_owned(), 5));
    let found = client.at(definition, sql, &report("select {{ ce|nts('x') }}"));
    assert_eq!(place(&found), ("cents.sql".to_owned(), 0));
    let found = client.at(definition, sql, &report("select {{ var('first|_day') }}"));
    assert_eq!(place(&found), ("dbt_project.yml".to_owned(), 3));
    let found = client.at(definition, "models/orders.sql", &ORDERS.replace("payments", "pay|ments"));
    assert_eq!(place(&found), ("models.yml".to_owned(), 12));

    let hover = |client: &mut Client<'_>, path: &str, text: &str| {
        client.at("textDocument/hover", path, text)["contents"]["value"].as_str().expect("words").to_owned()
    };
    let words = hover(&mut client, sql, &REPORT.replace("'orders'", "'ord|ers'"));
    assert!(words.contains("One row an order.") && words.contains("| `total` | decimal | What it costs. |"), "{words}");
    let words = hover(&mut client, sql, &report("select o.to|tal from o"));
    assert!(words.contains("**column `total`** `decimal` of `orders`"), "{words}");
    let words = hover(&mut client, sql, &report("select {{ ce|nts('x') }}"));
    assert!(words.contains("macro cents(column, digits=2)"), "{words}");
    client.end();
}

#[test]
fn names_are_completed() {
    let project = project();
    let mut client = Client::new(&project);
    let mut labels = |path: &str, text: &str| -> Vec<String> {
        let items = client.at("textDocument/completion", path, text);
        items
            .as_array()
            .expect("a list")
            .iter()
            .map(|item| item["label"].as_str().expect("a label").to_owned())
            .collect()
    };
    assert_eq!(labels("models/new.sql", "select 1 from {{ ref('|"), ["orders", "report"]);
    assert_eq!(labels("models/new.sql", "select 1 from {{ source('raw', '|') }}"), ["payments"]);
    assert_eq!(labels("models/report.sql", &REPORT.replace("o.total", "o.|")), ["order_id", "total"]);
    assert!(labels("models/new.sql", "select {{ c|").contains(&"cents".to_owned()));
    client.end();
}

#[test]
fn problems_of_unsaved_texts_are_shown_and_go_away() {
    let project = project();
    let mut client = Client::new(&project);
    client.open("models/report.sql", "select * from {{ ref('order') }}\n");
    let found = client.problems("models/report.sql", |found| found.to_string().contains("E0501"));
    let missing = found.as_array().and_then(|all| all.iter().find(|problem| problem["code"] == "E0501"));
    assert_eq!(missing.expect("it is told")["range"]["start"], json!({"line": 0, "character": 17}));
    let uri = client.uri("models/report.sql");
    let change =
        json!({"range": {"start": {"line": 0, "character": 27}, "end": {"line": 0, "character": 27}}, "text": "s"});
    client.tell(
        "textDocument/didChange",
        json!({"textDocument": {"uri": uri, "version": 2}, "contentChanges": [change]}),
    );
    client.problems("models/report.sql", |found| !found.to_string().contains("E0501"));
    client.open("models/report.sql", "select * from main.orders\n");
    let found = client.problems("models/report.sql", |found| found.to_string().contains("hard-coded-relation"));
    assert!(found.to_string().contains("{{ ref('orders') }}"), "{found}");
    client.end();
}

#[test]
fn a_model_is_renamed_with_what_refers_to_it() {
    let project = project();
    let mut client = Client::new(&project);
    let marked = REPORT.replace("'orders'", "'ord|ers'");
    let prepared = client.at("textDocument/prepareRename", "models/report.sql", &marked);
    assert_eq!(prepared["placeholder"], "orders");
    let mut params = client.place("models/report.sql", &marked);
    params["newName"] = json!("purchases");
    let edit = client.ask("textDocument/rename", params.clone());
    let changes = edit["documentChanges"].as_array().expect("a list");
    let edited: Vec<(String, usize)> = changes
        .iter()
        .filter(|change| change["kind"].is_null())
        .map(|change| {
            let uri = change["textDocument"]["uri"].as_str().expect("an address");
            (uri.rsplit('/').next().expect("a name").to_owned(), change["edits"].as_array().expect("edits").len())
        })
        .collect();
    assert_eq!(edited, [("models.yml".to_owned(), 2), ("report.sql".to_owned(), 1)]);
    let moved = changes.last().expect("one");
    assert!(
        moved["kind"] == "rename" && moved["newUri"].as_str().is_some_and(|uri| uri.ends_with("models/purchases.sql"))
    );
    params["newName"] = json!("report");
    let refused = client.ask_whole("textDocument/rename", params);
    assert_eq!(refused["error"]["message"], "`report` exists already");
    client.end();
}

#[test]
fn a_file_has_symbols() {
    let project = project();
    let mut client = Client::new(&project);
    let names = |client: &mut Client<'_>, path: &str| -> Vec<String> {
        let uri = client.uri(path);
        let found = client.ask("textDocument/documentSymbol", json!({"textDocument": {"uri": uri}}));
        found
            .as_array()
            .expect("a list")
            .iter()
            .map(|symbol| symbol["name"].as_str().expect("a name").to_owned())
            .collect()
    };
    assert_eq!(names(&mut client, "models/models.yml"), ["orders", "raw.payments", "board"]);
    assert_eq!(names(&mut client, "macros/cents.sql"), ["cents"]);
    assert_eq!(names(&mut client, "models/report.sql"), ["o"]);
    client.end();
}

#[test]
fn sql_of_open_files_is_linted_and_its_columns_are_known() {
    let project = project();
    let mut client = Client::new(&project);
    client.open("models/report.sql", "select order_id, amuont\nFROM {{ ref('orders') }}\n");
    let found = client.problems("models/report.sql", |found| found.to_string().contains("E0518"));
    let all = found.as_array().expect("a list");
    let missing = all.iter().find(|problem| problem["code"] == "E0518").expect("it is told");
    assert_eq!(missing["range"]["start"], json!({"line": 0, "character": 17}), "{found}");
    assert!(all.iter().any(|problem| problem["code"] == "CP01" && problem["range"]["start"]["line"] == 1), "{found}");
    client.open("models/orders.sql", "select 1 as order_id, 2 as total, 'x' as nobody_describes_this\n");
    client.problems("models/orders.sql", |found| !found.to_string().contains("E0501"));
    client.open("models/report.sql", "select order_id from {{ ref('orders') }}\n");
    client.problems("models/report.sql", |found| !found.to_string().contains("E0518"));
    let items = client.at("textDocument/completion", "models/report.sql", "select nob| from {{ ref('orders') }}\n");
    assert!(items.to_string().contains("nobody_describes_this"), "{items}");
    let words = client.at("textDocument/hover", "models/report.sql", "select order_id from {{ ref('ord|ers') }}\n");
    assert!(words.to_string().contains("nobody_describes_this"), "{words}");
    client.end();
}

/// A text after edits as the protocol has them; columns are those of ASCII.
fn edited(text: &str, edits: &Value) -> String {
    let offset = |at: &Value| {
        let (line, column) = (at["line"].as_u64().expect("a line"), at["character"].as_u64().expect("a column"));
        let start: usize = text.split_inclusive('\n').take(line as usize).map(str::len).sum();
        start + column as usize
    };
    let mut edits: Vec<&Value> = edits.as_array().expect("edits").iter().collect();
    edits.sort_by_key(|edit| std::cmp::Reverse(offset(&edit["range"]["start"])));
    edits.into_iter().fold(text.to_owned(), |mut text, edit| {
        let range = offset(&edit["range"]["start"])..offset(&edit["range"]["end"]);
        text.replace_range(range, edit["newText"].as_str().expect("a text"));
        text
    })
}

#[test]
fn problems_are_mended_by_code_actions_and_files_are_formatted() {
    let project = project();
    let mut client = Client::new(&project);
    let (path, text) = ("models/report.sql", "SELECT total,1 as one\nfrom main.orders\n");
    client.open(path, text);
    let problems = client
        .problems(path, |found| ["LT01", "hard-coded-relation"].iter().all(|code| found.to_string().contains(code)));
    let actions = client.actions(path, 1, &json!([]));
    let titles: Vec<&str> = actions.iter().map(|action| action["title"].as_str().expect("a title")).collect();
    assert_eq!(titles, ["Write {{ ref('orders') }}", "Mend all that can be mended in this file"]);
    let edits = |action: &Value| {
        let changes = action["edit"]["changes"].as_object().expect("changes").clone();
        changes.into_iter().next().expect("of one file").1
    };
    assert_eq!(edited(text, &edits(&actions[0])), text.replace("main.orders", "{{ ref('orders') }}"));
    let spacing: Vec<&Value> =
        problems.as_array().expect("a list").iter().filter(|problem| problem["code"] == "LT01").collect();
    let actions = client.actions(path, 0, &json!(spacing));
    let only = actions.iter().find(|action| action["title"] == "Mend LT01 in this file").expect("it is offered");
    assert_eq!(edited(text, &edits(only)), text.replace("total,1", "total, 1"));
    assert_eq!(only["diagnostics"], json!(spacing));
    let params = json!({"textDocument": {"uri": client.uri(path)}, "options": {"tabSize": 4, "insertSpaces": true}});
    let formatted = edited(text, &client.ask("textDocument/formatting", params));
    assert!(formatted.contains("total,\n") && formatted.to_lowercase().contains("from main.orders"), "{formatted}");
    client.end();
}

#[test]
fn the_project_is_found_below_the_folder_that_is_open() {
    let project = Project::new(&[
        ("docs/readme.md", "x"),
        ("warehouse/p/dbt_project.yml", "name: p\nprofile: p\n"),
        ("warehouse/p/models/a.sql", "select 1 as id\n"),
        ("warehouse/p/models/b.sql", "select * from {{ ref('a') }}\n"),
    ]);
    std::fs::remove_file(project.path("dbt_project.yml")).expect("it was there");
    let uri = format!("file://{}", project.path("").display());
    let hello = json!({"processId": null, "rootUri": uri, "capabilities": {}});
    let mut client = Client::begun(&project, std::env::temp_dir(), &hello);
    let found = client.at("textDocument/definition", "warehouse/p/models/b.sql", "select * from {{ ref('|a') }}\n");
    assert!(found["uri"].as_str().is_some_and(|uri| uri.ends_with("warehouse/p/models/a.sql")), "{found}");
    client.end();
}

#[test]
fn a_broken_project_is_told_and_then_read_again() {
    let project = project();
    let mut client = Client::new(&project);
    let uri = client.uri("models/report.sql");
    client.ask("textDocument/documentSymbol", json!({"textDocument": {"uri": uri}}));
    let broken = "name: p\nprofile: p\nmodel-paths: models\n";
    client.open("dbt_project.yml", broken);
    let found = client.problems("dbt_project.yml", |found| found.to_string().contains("E0202"));
    assert_eq!(found[0]["range"]["start"], json!({"line": 2, "character": 13}), "{found}");
    // What was read before answers still.
    let words = client.at("textDocument/hover", "models/report.sql", &REPORT.replace("'orders'", "'ord|ers'"));
    assert!(words.to_string().contains("One row an order."), "{words}");
    client.open("dbt_project.yml", "name: p\nprofile: p\n");
    client.problems("dbt_project.yml", |found| found == &json!([]));
    client.open("models/models.yml", "models:\n  - name: [orders\n");
    client.problems("models/models.yml", |found| found.to_string().contains("error") || found[0]["severity"] == 1);
    client.open("models/orders.sql", "select {{ ref( }} {% if %}\n");
    client.problems("models/orders.sql", |found| found[0]["severity"] == 1);
    client.end();
}

#[test]
fn who_does_not_say_good_bye_ends_it_with_an_error() {
    let project = project();
    let mut client = Client::new(&project);
    client.tell("exit", Value::Null);
    assert_eq!(client.server.wait().expect("it ends").code(), Some(1));
    let mut client = Client::new(&project);
    client.ask("shutdown", Value::Null);
    let refused = client.ask_whole("textDocument/hover", json!({}));
    assert_eq!(refused["error"]["code"], -32600, "{refused}");
    client.tell("exit", Value::Null);
    assert_eq!(client.server.wait().expect("it ends").code(), Some(0));
}

#[test]
fn places_count_units_of_utf16() {
    let project = project();
    let mut client = Client::new(&project);
    let path = "models/report.sql";
    client.open(path, "select '😀é' as face, * from {{ ref('order') }}\n");
    let found = client.problems(path, |found| found.to_string().contains("E0501"));
    let missing = found.as_array().and_then(|all| all.iter().find(|problem| problem["code"] == "E0501"));
    assert_eq!(missing.expect("it is told")["range"]["start"]["character"], 32, "{found}");
    // An edit after the face: two units for one character.
    let place = json!({"line": 0, "character": 42});
    let change = json!({"range": {"start": place, "end": place}, "text": "s"});
    let uri = client.uri(path);
    client.tell(
        "textDocument/didChange",
        json!({"textDocument": {"uri": uri, "version": 2}, "contentChanges": [change]}),
    );
    client.problems(path, |found| !found.to_string().contains("E0501"));
    let params = json!({"textDocument": {"uri": uri}, "position": {"line": 0, "character": 38}});
    let found = client.ask("textDocument/definition", params);
    assert!(found["uri"].as_str().is_some_and(|uri| uri.ends_with("models/orders.sql")), "{found}");
    client.end();
}

#[test]
fn a_column_is_that_of_the_relation_before_its_dot() {
    let project = Project::new(&[
        ("models/orders.sql", "select 1 as id, 2 as customer_id\n"),
        ("models/people.sql", "select 1 as id\n"),
        ("models/joined.sql", "select 1 from {{ ref('orders') }} as o join {{ ref('people') }} as p on true\n"),
        (
            "models/models.yml",
            "models:\n  - name: orders\n    columns:\n      - name: id\n        description: Of an order.\n      - name: customer_id\n  \
             - name: people\n    columns:\n      - name: id\n        description: Of a person.\n        data_tests:\n          - unique\n",
        ),
    ]);
    let mut client = Client::new(&project);
    let text = "with q as (select * from {{ ref('people') }})\nselect COLUMN from {{ ref('orders') }} as o join q as p on true\n";
    for (column, line) in [("p.i|d", 8), ("q.i|d", 8), ("o.i|d", 3), ("o.customer_|id", 5)] {
        let found = client.at("textDocument/definition", "models/joined.sql", &text.replace("COLUMN", column));
        assert_eq!(found["range"]["start"]["line"], line, "{column}: {found}");
    }
    let labels = |found: Value| -> Vec<String> {
        let items = found.as_array().expect("a list").iter();
        items.map(|item| item["label"].as_str().expect("a label").to_owned()).collect()
    };
    let found = client.at("textDocument/completion", "models/joined.sql", &text.replace("COLUMN", "p.|"));
    assert_eq!(labels(found), ["id"]);

    let yaml = "models/models.yml";
    let complete = |client: &mut Client<'_>, text: &str| labels(client.at("textDocument/completion", yaml, text));
    assert_eq!(complete(&mut client, "models:\n  - name: |\n"), ["joined", "orders", "people"]);
    let columns = complete(&mut client, "models:\n  - name: orders\n    columns:\n      - name: |\n");
    assert_eq!(columns, ["customer_id", "id"]);
    let tests = complete(&mut client, "models:\n  - name: orders\n    data_tests:\n      - |\n");
    assert_eq!(tests, ["accepted_values", "not_null", "relationships", "unique"]);
    let words = client.at(
        "textDocument/hover",
        yaml,
        "models:\n  - name: people\n    columns:\n      - name: i|d\n        description: Of a person.\n",
    );
    assert!(words.to_string().contains("Of a person."), "{words}");
    client.end();
}

use super::super::{Code, Diagnostic, Frame, SourceId, SourceMap, Span};
use super::*;

fn span(sources: &SourceMap, id: SourceId, part: &str) -> Span {
    let at = sources.get(id).text.find(part).expect("the part is in the text");
    Span::new(id, at, at + part.len())
}

fn missing_ref(sources: &SourceMap) -> Diagnostic {
    let model = sources.add("models/marts/orders.sql", "select *\nfrom {{ ref('stg_order') }}\n");
    Diagnostic::error(Code::REF_NOT_FOUND, "model `stg_order` is not found")
        .at(span(sources, model, "'stg_order'"), "referenced here")
        .suggest("stg_order", ["stg_orders", "payments"])
}

#[test]
fn one_label() {
    let sources = SourceMap::new();
    assert_eq!(
        text(&missing_ref(&sources), &sources),
        "\
error[E0501]: model `stg_order` is not found
  --> models/marts/orders.sql:2:13
   |
 2 | from {{ ref('stg_order') }}
   |             ^^^^^^^^^^^ referenced here
hint: a similar name exists: `stg_orders`
"
    );
}

#[test]
fn labels_in_several_files_frames_and_notes() {
    let sources = SourceMap::new();
    let yaml = sources.add("models/schema.yml", "models:\n  - name: a\n    tests: [x]\n\n\n  - name: a\n");
    let sql = sources.add("macros/m.sql", &*format!("{}{{{{ 1/0 }}}}\n", "\n".repeat(99)));
    let second = Span::new(yaml, 41, 48);
    let diagnostic = Diagnostic::warning(Code::DUPLICATE_RESOURCE, "two entries for `a`\nin one project")
        .at(second, "again here")
        .at(span(&sources, yaml, "name: a"), "first here")
        .at(span(&sources, sql, "1/0"), "")
        .note("entries are not merged\nwhatever they say")
        .hint("remove one");
    let diagnostic = Diagnostic {
        frames: vec![
            Frame { name: "macro `shop.outer`".into(), span: Some(span(&sources, sql, "{{")) },
            Frame { name: "model `a`".into(), span: None },
        ],
        ..diagnostic
    };
    assert_eq!(
        text(&diagnostic, &sources),
        "\
warning[E0504]: two entries for `a`
  in one project
    --> models/schema.yml:6:5
     |
   2 |   - name: a
     |     ------- first here
...
   6 |   - name: a
     |     ^^^^^^^ again here
    ::: macros/m.sql:100:4
     |
 100 | {{ 1/0 }}
     |    ---
     = in macro `shop.outer` at macros/m.sql:100:1
     = in model `a`
note: entries are not merged
      whatever they say
hint: remove one
"
    );
}

#[test]
fn a_label_over_many_lines_shows_its_first_line() {
    let sources = SourceMap::new();
    let body = "\n  line 1\n  line 2\n  line 3";
    let id = sources.add("a.sql", body);
    let diagnostic = Diagnostic::error(Code::CYCLE, "long").at(Span::new(id, 0, body.len()), "all of this");
    assert_eq!(
        text(&diagnostic, &sources),
        "\
error[E0503]: long
  --> a.sql:2:3
   |
 2 |   line 1
   |   ^^^^^^ all of this
"
    );
}

#[test]
fn two_labels_on_one_line_tabs_and_wide_characters() {
    let sources = SourceMap::new();
    let id = sources.add("a.sql", "\t'日本' x y");
    let diagnostic = Diagnostic::error(Code::DATABASE, "no")
        .at(span(&sources, id, "x"), "this")
        .at(span(&sources, id, "y"), "and that");
    assert_eq!(
        text(&diagnostic, &sources),
        "\
error[E0702]: no
  --> a.sql:1:7
   |
 1 |     '日本' x y
   |              - and that
   |            ^ this
"
    );
}

#[test]
fn long_lines_are_cut_around_the_label_and_ends_of_files_are_places() {
    let sources = SourceMap::new();
    let id = sources.add("a.sql", &*format!("{}HERE{}", "a".repeat(500), "b".repeat(500)));
    let cut = text(&Diagnostic::error(Code::DATABASE, "no").at(span(&sources, id, "HERE"), "x"), &sources);
    assert!(cut.contains(&format!(" 1 | …{}HERE{}…\n", "a".repeat(40), "b".repeat(116))), "{cut}");
    assert!(cut.contains(&format!("   | {}^^^^ x\n", " ".repeat(41))), "{cut}");

    let empty = sources.add("b.sql", "");
    let end = sources.add("c.sql", "select\n");
    let diagnostic =
        Diagnostic::error(Code::DATABASE, "no").at(Span::new(empty, 0, 0), "").at(Span::new(end, 7, 7), "ends here");
    assert_eq!(
        text(&diagnostic, &sources),
        "\
error[E0702]: no
  --> b.sql:1:1
  ::: c.sql:2:1
   |
 2 |
   | - ends here
"
    );
}

#[test]
fn no_label() {
    assert_eq!(
        text(&Diagnostic::error(Code::NO_PROJECT, "no project").hint("make one"), &SourceMap::new()),
        "error[E0401]: no project\nhint: make one\n"
    );
}

#[test]
fn colours_change_nothing_but_colours() {
    let sources = SourceMap::new();
    let diagnostic = missing_ref(&sources);
    let painted = coloured(&diagnostic, &sources);
    assert!(painted.contains("\u{1b}["));
    let stripped = anstream::adapter::strip_str(&painted).to_string();
    assert_eq!(stripped, text(&diagnostic, &sources));
}

#[test]
fn json_has_everything() {
    let sources = SourceMap::new();
    assert_eq!(
        json(&missing_ref(&sources), &sources),
        json!({
            "code": "E0501",
            "severity": "error",
            "message": "model `stg_order` is not found",
            "labels": [{
                "path": "models/marts/orders.sql",
                "line": 2, "column": 13, "end_line": 2, "end_column": 24,
                "text": "referenced here"
            }],
            "notes": [],
            "hint": "a similar name exists: `stg_orders`",
            "frames": []
        })
    );
}

#[test]
fn github_annotations_are_one_escaped_line() {
    let sources = SourceMap::new();
    assert_eq!(
        github(&missing_ref(&sources).note("100%"), &sources, "jobs/"),
        "::error file=jobs/models/marts/orders.sql,line=2,col=13,endColumn=24,title=E0501%3A referenced node not found::\
         model `stg_order` is not found%0Areferenced here%0Anote: 100%25%0Ahint: a similar name exists: `stg_orders`"
    );
}

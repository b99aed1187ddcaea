//! The page, its style and its script, embedded in the executable.
//!
//! The modules import each other, so that a browser or node can load them as they are; served is one script, put together in
//! the order of [`MODULES`].

use sha2::{Digest, Sha256};

use super::base64;

/// The style sheet.
pub(super) const STYLE: &str = include_str!("assets/app.css");
const PAGE: &str = include_str!("assets/page.html");

/// The modules, each after those that it imports.
const MODULES: &[(&str, &str)] = &[
    ("dom.js", include_str!("assets/dom.js")),
    ("store.js", include_str!("assets/store.js")),
    ("format.js", include_str!("assets/format.js")),
    ("highlight.js", include_str!("assets/highlight.js")),
    ("selector.js", include_str!("assets/selector.js")),
    ("layout.js", include_str!("assets/layout.js")),
    ("lineage.js", include_str!("assets/lineage.js")),
    ("search.js", include_str!("assets/search.js")),
    ("scene.js", include_str!("assets/scene.js")),
    ("canvas.js", include_str!("assets/canvas.js")),
    ("graph.js", include_str!("assets/graph.js")),
    ("columns.js", include_str!("assets/columns.js")),
    ("resource.js", include_str!("assets/resource.js")),
    ("pages.js", include_str!("assets/pages.js")),
    ("tree.js", include_str!("assets/tree.js")),
    ("main.js", include_str!("assets/main.js")),
];

/// All modules as one script.
pub(super) fn script() -> String {
    let mut script = String::from("'use strict';\n(() => {\n");
    for (_, module) in MODULES {
        for line in module.lines().filter(|line| !line.starts_with("import ")) {
            script.push_str(line.strip_prefix("export ").unwrap_or(line));
            script.push('\n');
        }
    }
    script.push_str("})();\n");
    script
}

/// The page that loads script and style from `site/`.
pub(super) fn page(title: &str) -> String {
    fill(
        title,
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data: blob:; \
         base-uri 'none'; form-action 'none'",
        "<link rel=\"stylesheet\" href=\"site/app.css\">",
        "<script src=\"site/app.js\" defer></script>",
    )
}

/// The page with everything in it. Only this very script may run: the policy has its hash.
pub(super) fn page_in_one_file(title: &str, files: &str) -> String {
    let script = script();
    let policy = format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; img-src 'self' data: blob:; base-uri 'none'; \
         form-action 'none'",
        hash(&script),
        hash(STYLE)
    );
    fill(title, &policy, &format!("<style>{STYLE}</style>"), &format!("{files}<script>{script}</script>"))
}

fn hash(text: &str) -> String {
    base64::encode(&Sha256::digest(text))
}

fn fill(title: &str, policy: &str, style: &str, script: &str) -> String {
    let title = title.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    // The script comes last: what was filled in is not looked at again.
    let [head, rest] = split(PAGE, "<!--policy-->");
    let [between, rest] = split(rest, "<!--title-->");
    let [middle, rest] = split(rest, "<!--style-->");
    let [body, end] = split(rest, "<!--script-->");
    [head, policy, between, &title, middle, style, body, script, end].concat()
}

fn split<'a>(text: &'a str, mark: &str) -> [&'a str; 2] {
    text.split_once(mark).map_or([text, ""], |(before, after)| [before, after])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{MODULES, PAGE, page, page_in_one_file, script};

    #[test]
    fn the_page_has_its_places() {
        for mark in ["<!--policy-->", "<!--title-->", "<!--style-->", "<!--script-->"] {
            assert_eq!(PAGE.matches(mark).count(), 1, "{mark}");
        }
        let page = page("a \"<b>\"");
        assert!(page.contains("a &quot;&lt;b>&quot;") && !page.contains("<!--"), "{page}");
    }

    #[test]
    fn modules_come_after_those_that_they_import_and_share_no_name() {
        let mut before = BTreeSet::new();
        let mut names = BTreeSet::new();
        for (file, text) in MODULES {
            for line in text.lines() {
                if let Some(import) = line.strip_prefix("import ") {
                    let from = import.split("'./").nth(1).and_then(|rest| rest.split('\'').next()).unwrap();
                    assert!(before.contains(from), "{file} imports {from}, which comes later");
                    assert!(line.ends_with("';"), "{file}: an import stands on one line: {line}");
                }
                let line = line.strip_prefix("export ").unwrap_or(line);
                let line = line.strip_prefix("async ").unwrap_or(line);
                let declared =
                    ["const ", "let ", "function ", "class "].iter().find_map(|word| line.strip_prefix(word));
                if let Some(declared) = declared {
                    let name: String =
                        declared.chars().take_while(|c| c.is_alphanumeric() || *c == '_' || *c == '$').collect();
                    if !name.is_empty() {
                        assert!(names.insert(name.clone()), "{file} declares `{name}` again");
                    }
                }
            }
            before.insert(*file);
        }
    }

    #[test]
    fn no_text_of_the_script_ends_it_and_nothing_is_evaluated() {
        let script = script();
        for word in ["</script", "<!--", "eval(", "new Function", "document.write", "import('"] {
            assert!(!script.contains(word), "{word}");
        }
        assert_eq!(script.matches("innerHTML").count(), 1, "only rendered Markdown becomes HTML");
        assert!(page_in_one_file("x", "").contains("sha256-"));
    }
}

//! Common table expressions put in front of a query that may have a `with` clause of its own.

/// Puts `ctes` (each `name as (…)`, in order of dependency) before those of `query`.
///
/// The query's own text is kept byte by byte; `with recursive` stays recursive. Blanks are where dbt has them, so that compiled SQL is the same.
pub fn add_ctes(query: &str, ctes: &[String]) -> String {
    if ctes.is_empty() {
        return query.to_owned();
    }
    let added = ctes.join(",  ");
    let start = skip_blanks(query, 0);
    match end_of_with(query, start) {
        Some(end) => {
            let next = query.len() - query[end..].trim_start().len();
            format!("{} {added}, {}", &query[..next], &query[next..])
        }
        None => {
            let first = query.len() - query.trim_start().len();
            format!("{}with {added} {}", &query[..first], &query[first..])
        }
    }
}

/// The byte after `with` or `with recursive`, if the query begins so at `start`.
fn end_of_with(query: &str, start: usize) -> Option<usize> {
    let end = end_of_word(query, start, "with")?;
    let next = skip_blanks(query, end);
    Some(end_of_word(query, next, "recursive").unwrap_or(end))
}

fn end_of_word(query: &str, start: usize, word: &str) -> Option<usize> {
    let end = start + word.len();
    let found = query.get(start..end)?.eq_ignore_ascii_case(word);
    let whole = query[end..].chars().next().is_none_or(|c| !(c.is_alphanumeric() || c == '_' || c == '.' || c == '('));
    (found && whole).then_some(end)
}

/// Skips white space and comments.
fn skip_blanks(query: &str, mut at: usize) -> usize {
    loop {
        let rest = &query[at..];
        let trimmed = rest.trim_start();
        at += rest.len() - trimmed.len();
        if trimmed.starts_with("--") {
            at += trimmed.find('\n').map_or(trimmed.len(), |end| end + 1);
        } else if trimmed.starts_with("/*") {
            at += end_of_comment(trimmed);
        } else {
            return at;
        }
    }
}

/// The length of a block comment; they nest, as in PostgreSQL and DuckDB.
fn end_of_comment(text: &str) -> usize {
    let bytes = text.as_bytes();
    let (mut depth, mut at) = (0, 0);
    while at < bytes.len() {
        match (bytes[at], bytes.get(at + 1)) {
            (b'/', Some(b'*')) => {
                depth += 1;
                at += 2;
            }
            (b'*', Some(b'/')) => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::add_ctes;

    fn one() -> Vec<String> {
        vec!["__dbt__cte__a as (\nselect 1\n)".to_owned()]
    }

    #[test]
    fn a_query_without_with_gets_one() {
        assert_eq!(add_ctes("select * from x", &one()), "with __dbt__cte__a as (\nselect 1\n) select * from x");
        assert_eq!(
            add_ctes("\n-- a comment\nselect 1", &one()),
            "\nwith __dbt__cte__a as (\nselect 1\n) -- a comment\nselect 1"
        );
    }

    #[test]
    fn a_query_with_with_keeps_its_own_after_them() {
        assert_eq!(
            add_ctes("/* note /* nested */ */ With x as (select 1) select * from x", &one()),
            "/* note /* nested */ */ With  __dbt__cte__a as (\nselect 1\n), x as (select 1) select * from x"
        );
        assert_eq!(
            add_ctes("with recursive x as (select 1) select 1", &one()),
            "with recursive  __dbt__cte__a as (\nselect 1\n), x as (select 1) select 1"
        );
    }

    #[test]
    fn blanks_are_those_of_dbt() {
        let two = [one(), vec!["__dbt__cte__b as (\nselect 2\n)".to_owned()]].concat();
        assert_eq!(
            add_ctes("with\n\n  x as (select 1) select 1", &two),
            "with\n\n   __dbt__cte__a as (\nselect 1\n),  __dbt__cte__b as (\nselect 2\n), x as (select 1) select 1"
        );
        assert_eq!(
            add_ctes("with -- c\n x as (select 1) select 1", &one()),
            "with  __dbt__cte__a as (\nselect 1\n), -- c\n x as (select 1) select 1"
        );
    }

    #[test]
    fn a_name_that_begins_with_with_is_not_the_keyword() {
        assert!(add_ctes("without_x", &one()).ends_with(") without_x"));
    }
}

//! Markdown of descriptions to HTML that is safe to show: no raw HTML, no script addresses, no image from elsewhere.
//!
//! [`render`] gives HTML, [`plain`] the bare words. Whatever a description holds, the result has only elements that
//! Markdown itself knows.

use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

fn parser(text: &str) -> Parser<'_> {
    Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS)
}

/// HTML of a description. Headings begin at the third level, below those of the page.
pub(super) fn render(text: &str) -> String {
    if text.trim().is_empty() {
        return String::new();
    }
    // For each open link or image: the end that was written for it, if one was begun.
    let mut open: Vec<Option<TagEnd>> = Vec::new();
    let events = parser(text).filter_map(|event| match event {
        Event::Html(raw) | Event::InlineHtml(raw) => Some(Event::Text(raw)),
        Event::Start(Tag::HtmlBlock) => Some(Event::Start(Tag::Paragraph)),
        Event::End(TagEnd::HtmlBlock) => Some(Event::End(TagEnd::Paragraph)),
        Event::Start(Tag::Heading { level, .. }) => {
            Some(Event::Start(Tag::Heading { level: lower(level), id: None, classes: Vec::new(), attrs: Vec::new() }))
        }
        Event::End(TagEnd::Heading(level)) => Some(Event::End(TagEnd::Heading(lower(level)))),
        Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
            let is_safe = is_safe_address(&dest_url);
            open.push(is_safe.then_some(TagEnd::Link));
            is_safe.then_some(Event::Start(Tag::Link { link_type, dest_url, title, id }))
        }
        Event::Start(Tag::Image { link_type, dest_url, title, id }) => {
            let (end, start) = if !is_safe_address(&dest_url) {
                (None, None)
            } else if scheme(&dest_url).is_none() && !dest_url.starts_with("//") {
                (Some(TagEnd::Image), Some(Tag::Image { link_type, dest_url, title, id }))
            } else {
                // The page asks nobody else for anything: a link, which the reader may follow.
                (Some(TagEnd::Link), Some(Tag::Link { link_type, dest_url, title, id }))
            };
            open.push(end);
            start.map(Event::Start)
        }
        Event::End(TagEnd::Link | TagEnd::Image) => open.pop().flatten().map(Event::End),
        other => Some(other),
    });
    let mut rendered = String::with_capacity(text.len() * 3 / 2);
    html::push_html(&mut rendered, events);
    rendered
}

/// The words of a description on one line, at most about `most` characters of them.
pub(super) fn plain(text: &str, most: usize) -> String {
    let mut words = String::new();
    for event in parser(text) {
        let more: CowStr<'_> = match event {
            Event::Text(text) | Event::Code(text) | Event::Html(text) | Event::InlineHtml(text) => text,
            Event::End(TagEnd::Strong | TagEnd::Emphasis | TagEnd::Link | TagEnd::Strikethrough) => continue,
            Event::SoftBreak | Event::HardBreak | Event::End(_) => " ".into(),
            _ => continue,
        };
        words.push_str(&more);
        if words.len() > most * 4 {
            break;
        }
    }
    let mut line = words.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((end, _)) = line.char_indices().nth(most) {
        line.truncate(end);
        line.push('…');
    }
    line
}

fn lower(level: HeadingLevel) -> HeadingLevel {
    match level {
        HeadingLevel::H1 => HeadingLevel::H3,
        HeadingLevel::H2 => HeadingLevel::H4,
        HeadingLevel::H3 => HeadingLevel::H5,
        _ => HeadingLevel::H6,
    }
}

/// Whether a link may lead there: to the web, to a mailbox, or within the site.
pub(super) fn is_safe_address(address: &str) -> bool {
    scheme(address).is_none_or(|scheme| matches!(scheme.as_str(), "http" | "https" | "mailto"))
}

/// What stands before the colon, as a browser reads it: blanks and control characters do not count.
fn scheme(address: &str) -> Option<String> {
    let kept: String = address.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect();
    let before = kept.split(['/', '?', '#']).next()?;
    before.split_once(':').map(|(scheme, _)| scheme.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::{is_safe_address, plain, render};

    #[test]
    fn markdown_becomes_html() {
        assert_eq!(
            render("# One\n\nA **bold** `word`."),
            "<h3>One</h3>\n<p>A <strong>bold</strong> <code>word</code>.</p>\n"
        );
        assert!(render("| a |\n|---|\n| 1 |").contains("<table>"));
        assert_eq!(render("  \n"), "");
    }

    #[test]
    fn raw_html_is_text() {
        for raw in
            ["<script>alert(1)</script>", "a <img src=x onerror=alert(1)> b", "<div onclick='x'>\n<b>hey</b>\n</div>"]
        {
            let html = render(raw);
            let tags: Vec<&str> = html.match_indices('<').map(|(at, _)| &html[at..]).collect();
            assert!(tags.iter().all(|tag| tag.starts_with("<p>") || tag.starts_with("</p>")), "{raw} → {html}");
        }
    }

    #[test]
    fn links_lead_to_pages_only() {
        assert_eq!(
            render("[a](https://example.org/?a=1&b=2)"),
            "<p><a href=\"https://example.org/?a=1&amp;b=2\">a</a></p>\n"
        );
        assert_eq!(render("[a](#!/model/model.shop.orders)"), "<p><a href=\"#!/model/model.shop.orders\">a</a></p>\n");
        for address in [
            "javascript:alert(1)",
            "JaVa\tScRiPt:alert(1)",
            "\u{1}javascript:alert(1)",
            "data:text/html,x",
            "vbscript:x",
        ] {
            assert!(!is_safe_address(address), "{address}");
        }
        assert_eq!(render("[a](javascript:alert(1))"), "<p>a</p>\n");
        assert_eq!(render("[a](javascript&#58;alert(1))"), "<p>a</p>\n");
        assert_eq!(render("<javascript:alert(1)>"), "<p>javascript:alert(1)</p>\n");
    }

    #[test]
    fn images_come_from_the_site_only() {
        assert_eq!(render("![a](assets/a.png)"), "<p><img src=\"assets/a.png\" alt=\"a\" /></p>\n");
        assert_eq!(render("![a](https://example.org/a.png)"), "<p><a href=\"https://example.org/a.png\">a</a></p>\n");
        assert_eq!(render("![a](//example.org/a.png)"), "<p><a href=\"//example.org/a.png\">a</a></p>\n");
    }

    #[test]
    fn quotes_in_titles_stay_inside() {
        assert!(!render("[a](x 'b\" onmouseover=\"alert(1)')").contains("\" onmouseover"));
    }

    #[test]
    fn plain_words_are_cut() {
        assert_eq!(plain("# One\n\nA **bold**\nword", 100), "One A bold word");
        assert_eq!(plain("abcdef", 3), "abc…");
    }
}

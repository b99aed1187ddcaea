//! [`rules`]: sqruff's rules, each watched: one that panics is noted and passed over, what RF06 would do in vain is not begun, and where
//! sqruff is not what sqlfluff is, it is given or gives what makes it so.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashSet};
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::{Mutex, Once, PoisonError};

use hashbrown::HashMap;
use sqruff_lib::core::config::Value;
use sqruff_lib::core::rules::context::RuleContext;
use sqruff_lib::core::rules::crawlers::Crawler;
use sqruff_lib::core::rules::{Erased, ErasedRule, LintPhase, LintResult, Rule, RuleGroups, RuleSet};
use sqruff_lib::rules::rules as all;
use sqruff_lib_core::config::ConfigOption;
use sqruff_lib_core::dialects::init::DialectKind;
use sqruff_lib_core::dialects::syntax::{SyntaxKind, SyntaxSet};
use sqruff_lib_core::parser::segments::ErasedSegment;

thread_local! {
    /// Whether this thread is inside [`watched`]: its panics are caught and told as values.
    static IS_WATCHED: Cell<bool> = const { Cell::new(false) };
    /// Rules that panicked on this thread since [`watched`] began.
    static FAILED: RefCell<BTreeSet<&'static str>> = const { RefCell::new(BTreeSet::new()) };
}

/// All rules of sqruff.
pub(super) fn rules() -> RuleSet {
    all().into_iter().map(|inner| Watched { inner, in_vain: Mutex::default() }.erased()).collect()
}

/// What the work gives, and the rules that failed in it; a panic of the work itself becomes an error. Nothing is printed.
pub(super) fn watched<T>(work: impl FnOnce() -> Result<T, String>) -> (Result<T, String>, BTreeSet<&'static str>) {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let printed = panic::take_hook();
        panic::set_hook(Box::new(move |about| {
            if !IS_WATCHED.get() {
                printed(about);
            }
        }));
    });
    FAILED.take();
    let before = IS_WATCHED.replace(true);
    let result = catch_unwind(AssertUnwindSafe(work));
    IS_WATCHED.set(before);
    let result = result.unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
        Err(format!("the SQL linter failed: {}", said.unwrap_or("it did not say why")))
    });
    (result, FAILED.take())
}

#[derive(Debug)]
struct Watched {
    inner: ErasedRule,
    /// Quoted names that RF06 has nothing to say of: to find out, it compiles an expression of all keywords each time.
    in_vain: Mutex<HashSet<String>>,
}

impl Watched {
    fn is_about_quotes(&self) -> bool {
        self.inner.code() == "RF06"
    }

    /// Whether nothing could come of an evaluation: a finding in what a template printed is thrown away afterwards.
    fn is_in_vain(&self, context: &RuleContext<'_>) -> bool {
        let ignores_printed = context.config.get("ignore_templated_areas", "core").as_bool().unwrap_or(true);
        let place = LintResult::new(Some(context.segment.clone()), Vec::new(), None, None);
        let is_printed =
            place.anchor_in_templated_section() && !place.anchor_in_semantically_literal_templated_section();
        ignores_printed && is_printed || self.in_vain().contains(context.segment.raw().as_str())
    }

    fn in_vain(&self) -> std::sync::MutexGuard<'_, HashSet<String>> {
        self.in_vain.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Rules about aliases. To sqlfluff a name is one if it stands directly in what gives it; to sqruff also anywhere below, so that all
/// names of a query with common table expressions are.
const POLICIES: &[&str] = &["RF04", "CP02"];

/// The same place with those of the segments around it that tell whether it is an alias, and of what: the one that it stands in, and the
/// nearest list or `from`.
fn with_near_parents<'a>(context: &RuleContext<'a>) -> RuleContext<'a> {
    const LISTS: SyntaxSet = SyntaxSet::new(&[SyntaxKind::SelectClause, SyntaxKind::FromClause]);
    let is_list = |segment: &&ErasedSegment| LISTS.contains(segment.get_type());
    let mut near = RuleContext::new(context.tables, context.dialect, context.config, context.segment.clone());
    near.templated_file.clone_from(&context.templated_file);
    near.path.clone_from(&context.path);
    near.memory = Rc::clone(&context.memory);
    near.segment_idx = context.segment_idx;
    near.parent_stack = context.parent_stack.split_last().map_or_else(Vec::new, |(parent, around)| {
        let list = around.iter().rev().find(is_list).filter(|_| !is_list(&parent));
        list.into_iter().chain([parent]).cloned().collect()
    });
    near
}

impl Rule for Watched {
    fn load_from_config(&self, config: &HashMap<String, Value>) -> Result<ErasedRule, String> {
        let inner = self.inner.load_from_config(config)?;
        Ok(Self { inner, in_vain: Mutex::default() }.erased())
    }

    fn eval(&self, context: &RuleContext<'_>) -> Vec<LintResult> {
        if self.is_about_quotes() && self.is_in_vain(context) {
            return Vec::new();
        }
        let near = POLICIES.contains(&self.inner.code()).then(|| with_near_parents(context));
        let context = near.as_ref().unwrap_or(context);
        let Ok(mut found) = catch_unwind(AssertUnwindSafe(|| self.inner.eval(context))) else {
            FAILED.with_borrow_mut(|failed| failed.insert(self.inner.code()));
            return Vec::new();
        };
        // White space at the end of a file is found without a place, and would not be told.
        for result in found.iter_mut().filter(|result| result.anchor.is_none()) {
            result.anchor = result.fixes.first().map(|fix| fix.anchor().clone());
        }
        if found.is_empty() && self.is_about_quotes() {
            self.in_vain().insert(context.segment.raw().to_string());
        }
        found
    }

    fn config_options(&self) -> Vec<ConfigOption> {
        self.inner.config_options()
    }

    fn lint_phase(&self) -> LintPhase {
        self.inner.lint_phase()
    }

    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn config_ref(&self) -> &'static str {
        self.inner.config_ref()
    }

    fn description(&self) -> &'static str {
        self.inner.description()
    }

    fn long_description(&self) -> &'static str {
        self.inner.long_description()
    }

    fn groups(&self) -> &'static [RuleGroups] {
        self.inner.groups()
    }

    fn force_enable(&self) -> bool {
        self.inner.force_enable()
    }

    fn dialect_skip(&self) -> &'static [DialectKind] {
        self.inner.dialect_skip()
    }

    fn code(&self) -> &'static str {
        self.inner.code()
    }

    fn is_fix_compatible(&self) -> bool {
        self.inner.is_fix_compatible()
    }

    fn targets_templated(&self) -> bool {
        self.inner.targets_templated()
    }

    fn crawl_behaviour(&self) -> Crawler {
        self.inner.crawl_behaviour()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqruff_lib::core::config::FluffConfig;
    use sqruff_lib::core::linter::core::Linter;
    use sqruff_lib::core::rules::crawlers::RootOnlyCrawler;
    use sqruff_lib::templaters::raw::RawTemplater;

    static RAW: RawTemplater = RawTemplater;

    #[derive(Debug)]
    struct Fails;

    impl Rule for Fails {
        fn load_from_config(&self, _config: &HashMap<String, Value>) -> Result<ErasedRule, String> {
            Ok(Fails.erased())
        }

        fn eval(&self, _context: &RuleContext<'_>) -> Vec<LintResult> {
            panic!("as rules do");
        }

        fn name(&self) -> &'static str {
            "layout.fails"
        }

        fn description(&self) -> &'static str {
            "It fails."
        }

        fn long_description(&self) -> &'static str {
            "It fails."
        }

        fn groups(&self) -> &'static [RuleGroups] {
            &[RuleGroups::All]
        }

        fn code(&self) -> &'static str {
            "XX01"
        }

        fn crawl_behaviour(&self) -> Crawler {
            RootOnlyCrawler.into()
        }
    }

    #[test]
    fn a_rule_that_panics_is_named_and_the_others_go_on() {
        let (violations, failed) = watched(|| {
            let config = FluffConfig::from_source("[sqruff]\nrules = all\n", None);
            let linter = Linter::new(config, None, Some(&RAW), true)?;
            let watch = |inner| Watched { inner, in_vain: Mutex::default() }.erased();
            let set = all().into_iter().chain([Fails.erased()]).map(watch).collect();
            linter.set_ruleset(&set).map_err(|error| error.value)?;
            let linted = linter.lint_string("SELECT 1 as a\n", None, false).map_err(|error| error.value)?;
            Ok(linted.violations().len())
        });
        assert!(violations.is_ok_and(|count| count > 0));
        assert_eq!(failed, BTreeSet::from(["XX01"]));
    }

    #[test]
    fn work_that_panics_is_an_error() {
        let (result, _) = watched(|| -> Result<(), String> { panic!("no {}", "grammar") });
        assert_eq!(result, Err("the SQL linter failed: no grammar".to_owned()));
        assert!(!IS_WATCHED.get());
    }
}

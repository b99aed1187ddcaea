//! [`SearchOrder`]: in which packages a name is looked for when the call names none.

/// dbt's order: the root project, the caller's own package, any other; with the flag
/// `require_ref_searches_node_package_before_root` the caller's own comes first.
#[derive(Debug, Clone)]
pub struct SearchOrder {
    root: String,
    own_first: bool,
}

impl SearchOrder {
    /// The order in a project whose root is called `root`.
    pub fn new(root: &str, own_first: bool) -> Self {
        Self { root: root.to_owned(), own_first }
    }

    /// Whether the caller's own package comes before the root project.
    pub fn is_own_first(&self) -> bool {
        self.own_first
    }

    /// Whether this is the root project.
    pub fn is_root(&self, package: &str) -> bool {
        self.root == package
    }

    /// The packages that are looked in by name, before any other.
    pub fn named<'a>(&'a self, caller: &'a str) -> [&'a str; 2] {
        if self.own_first { [caller, &self.root] } else { [&self.root, caller] }
    }

    /// The place of `package` in the order of a caller in the package `caller`, the lowest first.
    pub fn rank(&self, package: &str, caller: &str) -> u8 {
        match (package == caller, self.is_root(package)) {
            (true, _) if self.own_first => 0,
            (_, true) => 1,
            (true, _) => 2,
            (false, false) => 3,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_project_hides_the_callers_own_package_unless_the_flag_says_otherwise() {
        let order = |own_first: bool| {
            let order = SearchOrder::new("root", own_first);
            let mut packages = ["other", "own", "root"];
            packages.sort_by_key(|package| order.rank(package, "own"));
            packages
        };
        assert_eq!(order(false), ["root", "own", "other"]);
        assert_eq!(order(true), ["own", "root", "other"]);
    }
}

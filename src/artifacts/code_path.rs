//! [`CodePath`]: where below `target/compiled` and `target/run` the SQL of a node is written.

use std::path::{Path, PathBuf};

use crate::manifest::{Node, UnitTest};

/// A path below `target/compiled` or `target/run`, as dbt chooses it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodePath(PathBuf);

impl CodePath {
    /// A node of `package` that stands in `original_file_path` and is known as `path`. A file that is the node (a model)
    /// gives its own path; a file of several nodes (`schema.yml` with its tests) becomes a folder.
    pub fn new(package: &str, original_file_path: &str, path: &str) -> Self {
        let (original, path) = (Path::new(original_file_path), Path::new(path));
        let below = if original.file_name() == path.file_name() { original.to_owned() } else { original.join(path) };
        Self(Path::new(package).join(below))
    }

    /// The path of a node.
    pub fn of_node(node: &Node) -> Self {
        Self::new(&node.package_name, &node.original_file_path, &node.path)
    }

    /// The path of a unit test: beside its YAML file, by its name with the model's version, below a folder named as that file.
    pub fn of_unit_test(test: &UnitTest) -> Self {
        let folder = Path::new(&test.original_file_path).parent().unwrap_or(Path::new(""));
        let name = test.unique_id.rsplit('.').next().unwrap_or(&test.name);
        let path = folder.join(format!("{name}.sql"));
        Self::new(&test.package_name, &test.original_file_path, &path.to_string_lossy())
    }

    /// The path of one batch of a microbatch model: a folder named as the file, with a file for each batch.
    #[must_use]
    pub fn batch(&self, suffix: &str) -> Self {
        let stem = self.0.file_stem().unwrap_or_default().to_string_lossy();
        let extension = self.0.extension().map(|e| format!(".{}", e.to_string_lossy())).unwrap_or_default();
        Self(self.0.with_file_name(&*stem).join(format!("{stem}_{suffix}{extension}")))
    }

    /// The path itself.
    pub fn as_path(&self) -> &Path {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::CodePath;

    #[test]
    fn files_of_several_nodes_become_folders() {
        for (original, path, expected) in [
            ("models/a/b.sql", "a/b.sql", "shop/models/a/b.sql"),
            ("seeds/people.csv", "people.csv", "shop/seeds/people.csv"),
            ("models/schema.yml", "not_null_x.sql", "shop/models/schema.yml/not_null_x.sql"),
            ("models/schema.yml", "schema.yml/snap.sql", "shop/models/schema.yml/schema.yml/snap.sql"),
            (
                "./dbt_project.yml",
                "hooks/shop-on-run-start-0.sql",
                "shop/./dbt_project.yml/hooks/shop-on-run-start-0.sql",
            ),
        ] {
            assert_eq!(CodePath::new("shop", original, path).as_path().to_string_lossy(), expected);
        }
    }

    #[test]
    fn batches_have_a_folder_of_their_own() {
        let path = CodePath::new("shop", "models/m.sql", "m.sql").batch("2024-01-01");
        assert_eq!(path.as_path().to_string_lossy(), "shop/models/m/m_2024-01-01.sql");
    }
}

//! The checksum of a contract: what a model promises of its columns, so that a broken promise is noticed later.

use sha2::{Digest, Sha256};

use super::{Constraint, Node};

impl Node {
    /// A hash of columns, types and constraints if the model's contract is enforced. The order of columns does not count.
    /// It is compared with hashes of our own only, so dbt's exact digits are not needed.
    pub fn contract_checksum(&self) -> Option<String> {
        let enforced = self.config.get("contract")?.get("enforced")?.as_bool()?;
        if !enforced {
            return None;
        }
        let mut columns: Vec<_> = self.columns.values().collect();
        columns.sort_by(|a, b| a.name.cmp(&b.name));
        let mut hash = Sha256::new();
        for column in columns {
            hash.update(format!("|{}{}", column.name, column.data_type.as_deref().unwrap_or("None")));
            hash_constraints(&mut hash, &column.constraints);
        }
        if matches!(self.config.materialized(), "table" | "incremental") {
            hash.update(self.config.materialized());
            hash_constraints(&mut hash, &self.constraints);
        }
        Some(hex::encode(hash.finalize()))
    }
}

fn hash_constraints(hash: &mut Sha256, constraints: &[Constraint]) {
    for constraint in constraints {
        let mut values: Vec<_> = constraint.values.iter().collect();
        values.sort_by_key(|(key, _)| *key);
        for (key, value) in values {
            hash.update(format!("{key}={value};"));
        }
    }
}

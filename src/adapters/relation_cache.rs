//! What relations exist, shared by all workers of an invocation.
//!
//! [`RelationCache`] is filled by one metadata query a database and kept true by whoever creates, renames or drops. It holds no lock
//! while the warehouse is asked. It does not watch the warehouse: what others change meanwhile is not seen.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::dependents::{Dependents, RelationKey};
use super::{Connection, DatabaseError, RelationInfo, RelationType};

/// The relations of the schemas that were looked at. Names are found without regard to case unless the warehouse heeds it.
#[derive(Debug, Default)]
pub struct RelationCache {
    case_sensitive: bool,
    schemas: RwLock<BTreeMap<SchemaKey, Schema>>,
    dependents: Mutex<Dependents>,
}

/// Database and schema, folded.
type SchemaKey = (String, String);

/// A name in lower case, and folded.
type NameKey = (String, String);

#[derive(Debug, Default)]
struct Schema {
    /// The name as it was first given.
    name: String,
    /// Relations by their names in lower case and, where the warehouse heeds it, as they are.
    relations: BTreeMap<NameKey, RelationInfo>,
}

impl RelationCache {
    /// An empty cache, in which nothing is known yet.
    pub fn new(case_sensitive: bool) -> Self {
        Self { case_sensitive, schemas: RwLock::default(), dependents: Mutex::default() }
    }

    /// Asks for the relations of these schemas of one database by one query; they are known from then on, also if they are empty.
    pub fn fill(
        &self,
        connection: &mut dyn Connection,
        database: &str,
        schemas: &[String],
    ) -> Result<(), DatabaseError> {
        let found = connection.list_relations(database, schemas)?;
        for dependency in connection.list_dependencies(database, schemas)? {
            let [referenced, dependent] = [dependency.referenced, dependency.dependent]
                .map(|(schema, name)| self.relation_key(database, &schema, &name));
            self.links().add(referenced, dependent);
        }
        let mut known = self.write();
        for schema in schemas {
            known.insert(self.schema_key(database, schema), Schema { name: schema.clone(), ..Schema::default() });
        }
        for relation in found {
            let key = self.schema_key(&relation.database, &relation.schema);
            known.entry(key).or_default().relations.insert(self.name_key(&relation.identifier), relation);
        }
        Ok(())
    }

    /// The same for those of the schemas that are not known yet; asks nothing if all are.
    pub fn fill_missing(
        &self,
        connection: &mut dyn Connection,
        database: &str,
        schemas: &[String],
    ) -> Result<(), DatabaseError> {
        let missing: Vec<_> = schemas.iter().filter(|schema| !self.knows_schema(database, schema)).cloned().collect();
        if missing.is_empty() { Ok(()) } else { self.fill(connection, database, &missing) }
    }

    /// Whether the relations of a schema are known.
    pub fn knows_schema(&self, database: &str, schema: &str) -> bool {
        self.read().contains_key(&self.schema_key(database, schema))
    }

    /// The known schemas of a database, sorted.
    pub fn schemas(&self, database: &str) -> Vec<String> {
        let database = self.fold(database);
        self.read().iter().filter(|((own, _), _)| *own == database).map(|(_, schema)| schema.name.clone()).collect()
    }

    /// Makes an empty schema known, as after `create schema`; a known one keeps its relations.
    pub fn add_schema(&self, database: &str, schema: &str) {
        let key = self.schema_key(database, schema);
        self.write().entry(key).or_insert_with(|| Schema { name: schema.to_owned(), ..Schema::default() });
    }

    /// Forgets a schema and all in it; its relations are unknown afterwards.
    pub fn drop_schema(&self, database: &str, schema: &str) {
        self.write().remove(&self.schema_key(database, schema));
    }

    /// The relations of a schema sorted by name, or nothing if the schema is not known.
    pub fn list_relations(&self, database: &str, schema: &str) -> Option<Vec<RelationInfo>> {
        let known = self.read();
        known.get(&self.schema_key(database, schema)).map(|schema| schema.relations.values().cloned().collect())
    }

    /// One relation, if its schema is known and has it.
    pub fn get_relation(&self, database: &str, schema: &str, identifier: &str) -> Option<RelationInfo> {
        self.read().get(&self.schema_key(database, schema))?.relations.get(&self.name_key(identifier)).cloned()
    }

    /// The relations of a schema whose names differ from this one in case at most.
    pub fn named_like(&self, database: &str, schema: &str, identifier: &str) -> Vec<RelationInfo> {
        let known = self.read();
        let Some(schema) = known.get(&self.schema_key(database, schema)) else { return Vec::new() };
        let wanted = identifier.to_lowercase();
        let from = schema.relations.range((wanted.clone(), String::new())..);
        from.take_while(|((name, _), _)| *name == wanted).map(|(_, relation)| relation.clone()).collect()
    }

    /// A relation was created, or replaced by one of another type.
    pub fn add(&self, relation: RelationInfo) {
        let (schema, name) =
            (self.schema_key(&relation.database, &relation.schema), self.name_key(&relation.identifier));
        let mut known = self.write();
        let entry =
            known.entry(schema).or_insert_with(|| Schema { name: relation.schema.clone(), ..Schema::default() });
        entry.relations.insert(name, relation);
    }

    /// A relation was dropped, and with it what depends on it; nothing if it was not known.
    pub fn drop_relation(&self, database: &str, schema: &str, identifier: &str) {
        let relation = self.relation_key(database, schema, identifier);
        let along = self.links().take(&relation);
        let mut known = self.write();
        for (database, schema, name) in along.into_iter().chain([relation]) {
            if let Some(schema) = known.get_mut(&(database, schema)) {
                schema.relations.remove(&(name.to_lowercase(), name));
            }
        }
    }

    /// A relation was renamed within its schema. A relation that was not known becomes known as `relation_type`.
    pub fn rename(&self, database: &str, schema: &str, from: &str, to: &str, relation_type: RelationType) {
        let [old, new] = [from, to].map(|name| self.relation_key(database, schema, name));
        self.links().rename(&old, &new);
        let key = self.schema_key(database, schema);
        let mut known = self.write();
        let entry = known.entry(key).or_insert_with(|| Schema { name: schema.to_owned(), ..Schema::default() });
        let mut relation = entry.relations.remove(&self.name_key(from)).unwrap_or_else(|| RelationInfo {
            database: database.to_owned(),
            schema: schema.to_owned(),
            identifier: from.to_owned(),
            relation_type,
        });
        to.clone_into(&mut relation.identifier);
        entry.relations.insert(self.name_key(to), relation);
    }

    /// A view of one database, by schema and name, reads `to` in place of `from`.
    pub fn rebind(&self, database: &str, view: (&str, &str), from: (&str, &str), to: (&str, &str)) {
        let [view, from, to] = [view, from, to].map(|(schema, name)| self.relation_key(database, schema, name));
        self.links().rebind(&view, &from, &to);
    }

    /// Forgets everything.
    pub fn clear(&self) {
        self.write().clear();
    }

    fn fold(&self, name: &str) -> String {
        if self.case_sensitive { name.to_owned() } else { name.to_lowercase() }
    }

    fn name_key(&self, name: &str) -> NameKey {
        (name.to_lowercase(), self.fold(name))
    }

    fn schema_key(&self, database: &str, schema: &str) -> SchemaKey {
        (self.fold(database), self.fold(schema))
    }

    fn relation_key(&self, database: &str, schema: &str, name: &str) -> RelationKey {
        (self.fold(database), self.fold(schema), self.fold(name))
    }

    fn links(&self) -> MutexGuard<'_, Dependents> {
        self.dependents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self) -> RwLockReadGuard<'_, BTreeMap<SchemaKey, Schema>> {
        self.schemas.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, BTreeMap<SchemaKey, Schema>> {
        self.schemas.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(identifier: &str) -> RelationInfo {
        RelationInfo {
            database: "db".to_owned(),
            schema: "main".to_owned(),
            identifier: identifier.to_owned(),
            relation_type: RelationType::Table,
        }
    }

    #[test]
    fn names_are_found_in_any_case() {
        let cache = RelationCache::new(false);
        cache.add(table("Orders"));
        assert_eq!(cache.get_relation("DB", "MAIN", "orders"), Some(table("Orders")));
        assert_eq!(RelationCache::new(true).get_relation("db", "main", "orders"), None);
    }

    #[test]
    fn names_that_differ_in_case_are_like_each_other() {
        for (case_sensitive, count) in [(true, 2), (false, 1)] {
            let cache = RelationCache::new(case_sensitive);
            for name in ["Orders", "orders", "orders_2", "order"] {
                cache.add(table(name));
            }
            assert_eq!(cache.named_like("db", "main", "ORDERS").len(), count);
            assert_eq!(cache.get_relation("db", "main", "orders"), Some(table("orders")));
        }
    }

    #[test]
    fn renaming_replaces_what_had_the_name() {
        let cache = RelationCache::new(false);
        cache.add(table("a"));
        cache.add(RelationInfo { relation_type: RelationType::View, ..table("b") });
        cache.rename("db", "main", "a", "b", RelationType::Table);
        assert_eq!(cache.list_relations("db", "main"), Some(vec![table("b")]));
    }

    #[test]
    fn unknown_schemas_are_not_empty_ones() {
        let cache = RelationCache::new(false);
        assert_eq!(cache.list_relations("db", "main"), None);
        cache.add_schema("db", "Main");
        assert_eq!(cache.list_relations("db", "main"), Some(Vec::new()));
        assert_eq!(cache.schemas("db"), ["Main"]);
        cache.drop_schema("db", "MAIN");
        assert!(!cache.knows_schema("db", "main"));
    }
}

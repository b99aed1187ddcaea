//! `seed`.

use super::Project;

#[test]
fn a_full_refresh_whose_rows_cannot_be_loaded_leaves_the_old_table() {
    let project = Project::new(&[("seeds/s.csv", "id,name\n1,a\n2,b\n")]);
    project.run("seed").expect(0, &[]);
    project.write("seeds/s.csv", "id,name\n1,a\n2,b\n3,c\n");
    project.write("seeds/s.yml", "seeds:\n  - name: s\n    config: {column_types: {name: integer}}\n");
    project.run("seed --full-refresh").expect(1, &["seeds/s.csv:2"]);
    assert_eq!(project.query("select count(*) as n from s"), serde_json::json!([{"n": 2}]));
}

#[test]
fn rows_are_shown_where_asked_for() {
    let project = Project::new(&[("seeds/s.csv", "id,name\n1,alpha\n2,beta\n")]);
    project.run("seed").expect(0, &[]).without("alpha");
    project.run("seed --show").expect(0, &["Sample of table: main.s", "alpha", "beta"]);
}

//! Random projects: the same one for the same seed.

use super::replay::Scenario;

/// `HETL_FAULT_SEEDS=7..12`, else one.
pub(super) fn seeds() -> std::ops::Range<u64> {
    let Ok(text) = std::env::var("HETL_FAULT_SEEDS") else { return 1..2 };
    let (from, to) = text.split_once("..").expect("HETL_FAULT_SEEDS is a range such as 1..5");
    from.parse().expect("a number")..to.parse().expect("a number")
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound
    }
}

/// Models of all kinds over one another, with tests of one or two of them, of which some fail in the second build.
pub(super) fn scenario(seed: u64) -> Scenario {
    let mut random = Random(seed);
    let mut files = Vec::new();
    let mut properties = "models:\n".to_owned();
    let count = 4 + random.below(5);
    for number in 0..count {
        let config = match random.below(4) {
            0 => "materialized='view'",
            1 => "materialized='incremental', unique_key='id'",
            _ => "materialized='table'",
        };
        let plus = random.below(5);
        let sql = if number == 0 {
            "select 1 as id, {{ var('v', 1) }} as v union all select 2, {{ var('v', 1) }}".to_owned()
        } else {
            let parent = random.below(number);
            format!("select id, v + {plus} as v from {{{{ ref('m{parent}') }}}}")
        };
        files.push((format!("models/m{number}.sql"), format!("{{{{ config({config}) }}}}\n{sql}")));
        if number == 0 || random.below(2) == 0 {
            properties.push_str(&format!(
                "  - {{name: m{number}, columns: [{{name: id, data_tests: [unique, not_null]}}]}}\n"
            ));
        }
        if number > 0 && random.below(3) == 0 {
            let (other, limit) = (random.below(number), 8 + random.below(12));
            let sql = format!(
                "select a.id from {{{{ ref('m{number}') }}}} a join {{{{ ref('m{other}') }}}} b on a.id = b.id where a.v > {limit}"
            );
            files.push((format!("tests/t{number}.sql"), sql));
        }
    }
    files.push(("models/models.yml".to_owned(), properties));
    Scenario::of_files(format!("random project {seed}"), "{v: 7}", files)
}

//! [`verify`]: whether the entries are those that were once written, in their order.

use super::Entry;

/// Where the chain is broken, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Break {
    /// Of the entry.
    pub position: i64,
    /// What is wrong there.
    pub problem: &'static str,
}

/// Looks at all entries in their order. That the last ones were taken out cannot be seen in what is left.
pub fn verify(entries: &[Entry]) -> Result<(), Break> {
    let mut expected = (1, "");
    for entry in entries {
        let broken = |problem| Err(Break { position: entry.position, problem });
        if entry.position != expected.0 {
            return broken("entries before it are missing, or stand there twice");
        }
        if entry.previous_hash != expected.1 {
            return broken("it does not follow the entry before it");
        }
        if entry.hash != entry.computed_hash() {
            return broken("it was changed");
        }
        expected = (entry.position + 1, &entry.hash);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::Fact;

    fn chain() -> Vec<Entry> {
        let fact = |number: i64| Fact { run_id: "r".into(), rows: Some(number), ..Fact::default() };
        let mut entries: Vec<Entry> = Vec::new();
        for number in 0..4 {
            let previous = entries.last().map(|entry| (entry.position, entry.hash.as_str()));
            let entry = Entry::after(previous, fact(number));
            entries.push(entry);
        }
        entries
    }

    #[test]
    fn what_was_written_is_whole() {
        assert_eq!(verify(&chain()), Ok(()));
        assert_eq!(verify(&[]), Ok(()));
        assert_eq!(chain()[0].hash.len(), 64);
    }

    #[test]
    fn a_changed_entry_is_found() {
        let mut entries = chain();
        entries[2].fact.rows = Some(100);
        assert_eq!(verify(&entries).map_err(|broken| broken.position), Err(3));
        // Whoever makes its hash anew breaks the next one.
        entries[2].hash = entries[2].computed_hash();
        assert_eq!(verify(&entries).map_err(|broken| broken.position), Err(4));
    }

    #[test]
    fn a_missing_entry_is_found() {
        for missing in 0..3 {
            let mut entries = chain();
            entries.remove(missing);
            let place = i64::try_from(missing).expect("a small number") + 2;
            assert_eq!(verify(&entries).map_err(|broken| broken.position), Err(place));
        }
    }
}

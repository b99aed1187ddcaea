//! Joins: their conditions, and the columns that `using` and `natural` merge.

use std::collections::BTreeSet;
use std::rc::Rc;

use sqlparser::ast::{Join, JoinConstraint, JoinOperator};

use super::analyzer::Analyzer;
use super::flow::{Flow, Reason};
use super::output::{EdgeKind, InfluenceKind};
use super::scope::{Column, Relation, Scope};

/// Which side a merged column takes its value from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Right,
    Both,
}

impl Analyzer<'_> {
    /// Joins one more relation to those of `scope` from number `first` on.
    pub(super) fn join(&mut self, join: &Join, first: usize, scope: &mut Scope) {
        use JoinOperator as Op;
        let is_hidden = matches!(join.join_operator, Op::Semi(_) | Op::LeftSemi(_) | Op::Anti(_) | Op::LeftAnti(_));
        let side = match &join.join_operator {
            Op::Right(_) | Op::RightOuter(_) => Side::Right,
            Op::FullOuter(_) => Side::Both,
            _ => Side::Left,
        };
        let constraint = match &join.join_operator {
            Op::Join(constraint)
            | Op::Inner(constraint)
            | Op::Left(constraint)
            | Op::LeftOuter(constraint)
            | Op::Right(constraint)
            | Op::RightOuter(constraint)
            | Op::FullOuter(constraint)
            | Op::CrossJoin(constraint)
            | Op::Semi(constraint)
            | Op::LeftSemi(constraint)
            | Op::Anti(constraint)
            | Op::LeftAnti(constraint)
            | Op::StraightJoin(constraint) => constraint,
            Op::AsOf { match_condition, constraint } => {
                let relations = self.factor(&join.relation, scope);
                scope.relations.extend(relations);
                let flow = self.expression(match_condition, scope);
                self.effects.influence(&flow, InfluenceKind::Join);
                self.constrain(constraint, first, scope.relations.len() - 1, side, scope);
                return;
            }
            _ => {
                let relations = self.factor(&join.relation, scope);
                scope.relations.extend(relations);
                self.effects.unknown.insert("this kind of join is not followed".into());
                return;
            }
        };
        let second = scope.relations.len();
        let relations = self.factor(&join.relation, scope);
        scope.relations.extend(relations);
        scope.joins += 1;
        self.constrain(constraint, first, second, side, scope);
        if is_hidden {
            scope.relations.truncate(second);
        }
    }

    fn constrain(&mut self, constraint: &JoinConstraint, first: usize, second: usize, side: Side, scope: &mut Scope) {
        match constraint {
            JoinConstraint::On(condition) => {
                let flow = self.expression(condition, scope);
                self.effects.influence(&flow, InfluenceKind::Join);
            }
            JoinConstraint::Using(names) => {
                let keys: Vec<(String, String)> = names
                    .iter()
                    .filter_map(|name| name.0.last().and_then(|part| part.as_ident()))
                    .map(|ident| (self.dialect.ident_key(ident), self.dialect.name(ident)))
                    .collect();
                for (key, name) in keys {
                    self.merge(&key, &name, first, second, side, scope);
                }
            }
            JoinConstraint::Natural => self.natural(first, second, side, scope),
            JoinConstraint::None => {}
        }
    }

    fn natural(&mut self, first: usize, second: usize, side: Side, scope: &mut Scope) {
        let open = scope.relations[first..].iter().flat_map(|relation| &relation.open).next();
        if let Some(open) = open {
            let reason: Reason = format!("a natural join merges columns that are not known: {}", open.reason).into();
            self.effects.unknown.insert(reason);
        }
        let names = |relations: &[Relation]| -> Vec<(String, String)> {
            let columns = relations.iter().flat_map(|relation| relation.columns.iter());
            columns.map(|column| (column.key.to_string(), column.name.to_string())).collect()
        };
        let right: BTreeSet<String> = names(&scope.relations[second..]).into_iter().map(|(key, _)| key).collect();
        let mut shared: Vec<(String, String)> =
            names(&scope.relations[first..second]).into_iter().filter(|(key, _)| right.contains(key)).collect();
        shared.dedup();
        for (key, name) in shared {
            self.merge(&key, &name, first, second, side, scope);
        }
    }

    /// Makes one column of the two that have a name.
    fn merge(&mut self, key: &str, name: &str, first: usize, second: usize, side: Side, scope: &mut Scope) {
        let left = self.side_column(key, name, first..second, scope);
        let right = self.side_column(key, name, second..scope.relations.len(), scope);
        for flow in [&left, &right].into_iter().flatten() {
            self.effects.influence(flow, InfluenceKind::Join);
        }
        let rank = scope.joins;
        if let Some(column) = plain_column_mut(&mut scope.relations[second..], key) {
            column.is_hidden = true;
        }
        let Some(column) = plain_column_mut(&mut scope.relations[first..second], key) else {
            let reason = format!("`{name}` of `using` is not known on the left");
            self.effects.unknown.insert(reason.into());
            return;
        };
        column.using_rank = rank;
        let (Some(left), Some(right)) = (left, right) else { return };
        column.merged = match side {
            Side::Left => column.merged.take(),
            Side::Right => Some(right),
            Side::Both => {
                let data_type = if left.data_type == right.data_type { left.data_type.clone() } else { None };
                let mut both = Flow::default().typed(data_type);
                both.absorb(&left, EdgeKind::Derived);
                both.absorb(&right, EdgeKind::Derived);
                Some(Rc::new(both))
            }
        };
    }

    /// What a name of `using` means on one side. A relation whose columns are not known must have it: it becomes known.
    fn side_column(
        &mut self,
        key: &str,
        name: &str,
        side: std::ops::Range<usize>,
        scope: &mut Scope,
    ) -> Option<Rc<Flow>> {
        let known = scope.relations[side.clone()].iter().find_map(|relation| relation.plain_column(key));
        if let Some(column) = known {
            return Some(Rc::clone(column.plain_flow()));
        }
        let mut open = side.filter(|&at| scope.relations[at].open_for(key).next().is_some());
        let (at, None) = (open.next()?, open.next()) else { return None };
        let only = scope.relations[at].open_for(key).next().cloned()?;
        let flow = self.through(&only, name);
        scope.relations[at].columns.push(Column::new(key, name, flow));
        scope.relations[at].plain_column(key).map(|column| Rc::clone(&column.flow))
    }
}

fn plain_column_mut<'c>(relations: &'c mut [Relation], key: &str) -> Option<&'c mut Column> {
    let columns = relations.iter_mut().flat_map(|relation| &mut relation.columns);
    columns.into_iter().find(|column| &*column.key == key && !column.is_hidden)
}

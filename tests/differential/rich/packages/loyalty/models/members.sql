select 1 as visit_id, 10 as patient_id, 5 as fee, date '2024-01-01' as visited_at
-- {{ var("tiers", ["none"])[0] }}

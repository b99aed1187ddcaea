select
  order_id,
  case when status = 'OPEN' then 'o' when status is null then NULL else case when amount > 0 then 'p' else 'n' end end as letter,
  case when amount is null then 0 else amount end as filled,
  case when is_gift then true else false end as gift,
  CASE status WHEN 'open' THEN 1 ELSE NULL END AS flag
from {{ ref('raw_orders') }}

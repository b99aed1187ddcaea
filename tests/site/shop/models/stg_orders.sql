-- <script>window.attacked = 1</script> </script><img src=x onerror="window.attacked = 1">
select id as order_id, customer_id, amount, '<svg onload="window.attacked = 1">' as "<b onclick=x>"
from {{ ref('raw_orders') }}

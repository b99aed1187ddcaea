select order_id, {% raw %}'{{ not_jinja }}'{% endraw %} as text, '{% raw %}{%{% endraw %}' as tag
from {{ ref('raw_orders') }}

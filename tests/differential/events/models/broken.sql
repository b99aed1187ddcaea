select id{% if var('breaks') %}, missing_column{% endif %} from {{ ref('events') }}

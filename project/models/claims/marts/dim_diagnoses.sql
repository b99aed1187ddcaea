select
    diagnosis_code,
    diagnosis_name,
    chapter,
    is_chronic
from {{ ref('diagnosis_codes') }}

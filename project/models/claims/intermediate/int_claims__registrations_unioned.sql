{{ union_clients('registrations', [
    'member_number', 'first_name', 'last_name', 'birth_date_text', 'birth_date', 'gender',
    'state_text', 'zip_text', 'eligible_from', 'eligible_to', 'received_on'
]) }}

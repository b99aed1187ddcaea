{{ union_clients('claims', [
    'claim_number', 'member_number', 'service_date_text', 'service_date', 'received_on',
    'diagnosis_code', 'amount', 'provider_state_text', 'provider_zip_text'
]) }}

{{ raw_documents(source('tracker', 'overview')) }}

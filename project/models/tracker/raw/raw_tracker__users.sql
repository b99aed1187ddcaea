{{ raw_documents(source('tracker', 'user')) }}

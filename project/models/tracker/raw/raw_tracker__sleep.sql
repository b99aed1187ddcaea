{{ raw_documents(source('tracker', 'sleep')) }}

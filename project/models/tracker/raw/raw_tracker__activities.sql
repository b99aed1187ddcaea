{{ raw_documents(source('tracker', 'activities')) }}

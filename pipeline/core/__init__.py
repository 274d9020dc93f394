"""What several stages share: files, errors, parameter types, token ids, vocabularies, embeddings, model names."""

"""Shared by the stages: files, errors, parameter types, token ids, vocabularies, embeddings, model names."""

"""Asks a language model on a server that speaks as OpenAI's does (X17)."""

"""The words that people read: what a person's state is called, and numbers with their nouns."""

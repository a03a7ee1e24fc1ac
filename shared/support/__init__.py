"""The support page: what became of everybody, and the release of what is held."""

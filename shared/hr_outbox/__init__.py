"""What HR gets in the outbox about a file: the summary and the history of the source."""

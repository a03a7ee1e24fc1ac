"""Commands that order something; each says who ordered it, and why."""

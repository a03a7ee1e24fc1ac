"""Is everything set up? Each part looks at one thing and says what it found; nothing is changed by looking."""

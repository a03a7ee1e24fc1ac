"""The steps of `python -m cli setup`, one module each, and what they share with `grant`."""

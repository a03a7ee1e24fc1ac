"""The calls that the simulator answers: from a request to an answer."""

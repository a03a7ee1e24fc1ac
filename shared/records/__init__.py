"""Tables, containers and the queue: what support reads, and what the next run compares with."""

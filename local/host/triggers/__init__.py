"""What listens for timers, messages, blobs and requests, and how often."""

"""Replay a folder of dated files and events under simulated time, and compare with what it says must come of it."""

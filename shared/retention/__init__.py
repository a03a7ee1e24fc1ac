"""What is kept, and for how long; what is forgotten about one person."""

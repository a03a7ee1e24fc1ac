"""What the benchmarks share: generators of people and files, stand-ins, figures and tables."""

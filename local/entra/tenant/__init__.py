"""What is in the simulated tenant, and what its parts do; no HTTP."""

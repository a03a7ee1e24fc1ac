"""Commands of whoever deploys Rollcall and keeps it set up."""

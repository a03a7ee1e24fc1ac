"""What Rollcall does, in plain Python that knows nothing of triggers.

Data flows one way: `extracts` (bytes to records), `mapping` (record to worker), `changes` (workers to a plan of pages),
`delivery` (page to SCIM bulk requests), `entra` (the Graph client), `records` (tables, containers and queue).
"""

"""What Rollcall does, in plain Python that knows nothing of triggers.

Data flows one way: `readers` (bytes to rows), `mapping` (a row to a worker), `extract` (one file read to its end),
`changes` and `planning` (workers to a plan of pages), `intake` (the plan is carried out), `delivery` (a page to SCIM
bulk requests), `outcomes` (Entra's log to verdicts), `support` and `hr_outbox` (what people read). Below them are
`entra` (the Graph client), `records` (what is remembered) and `storage` (how). docs/development.md lists them all.
"""

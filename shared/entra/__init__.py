"""The Graph client: tokens, bulk uploads, provisioning logs, and their errors."""

"""The machinery of the support page: a visit, forms, sheets, templates. What the pages say is beside it."""

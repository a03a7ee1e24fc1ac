"""Proposes mapping files: from an extract, or from what another tool was told."""

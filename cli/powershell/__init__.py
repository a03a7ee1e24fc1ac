"""Reads PowerShell data files and the script blocks in them, without ever running anything."""

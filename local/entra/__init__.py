"""A stand-in for Microsoft Entra API-driven inbound provisioning on one machine: see README.md beside this file."""

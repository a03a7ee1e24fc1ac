"""What somebody is told: immediate notes and the daily digest."""
